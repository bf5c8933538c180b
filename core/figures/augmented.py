"""Samples that are no pictures before and after augmentation: points in their plane, a signal or a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import colour
from core.text import Text, Translate, untranslated

HEIGHT = 200
"""Pixels, whatever is drawn: the page keeps the room free."""
MOST_DOTS = 60
"""A line of at most so many values shows each of them as a dot."""
COLOURS = tuple(colour(slot, dark=False) for slot in (3, 5, 6))
"""Of the original and of each version; on a dark page, too, they stand out (3 : 1). Colour is never the only sign."""
MARKS = (
    {"symbol": "circle-open", "size": 8, "line": {"width": 1.5}},
    {"symbol": "circle", "size": 4},
    {"symbol": "x-thin", "size": 5, "line": {"width": 1.5, "color": COLOURS[2]}},
)
LINES = ({"width": 2.5, "dash": "solid"}, {"width": 1.2, "dash": "solid"}, {"width": 1.2, "dash": "dot"})


@dataclass(frozen=True)
class AugmentedPoints:
    """Points (n, 2) and k versions of them (k, n, 2), float32; names of the versions; titles of the x and y axis."""

    originals: np.ndarray
    versions: np.ndarray
    names: Sequence[Text]
    axes: tuple[Text, Text]


@dataclass(frozen=True)
class AugmentedSignal:
    """A signal (L,) and k versions of it (k, L), float32; names of the versions; titles of the x and y axis."""

    original: np.ndarray
    versions: np.ndarray
    names: Sequence[Text]
    axes: tuple[Text, Text]


def points_figure(record: AugmentedPoints, translate: Translate = untranslated) -> go.Figure:
    """Each sample as a circle, its versions as smaller marks."""
    figure = go.Figure()
    if not len(record.originals):
        return _missing(figure, translate)
    parts = [(Text("original"), record.originals), *zip(record.names, record.versions, strict=True)]
    for place, (name, points) in enumerate(parts):
        figure.add_scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="markers",
            name=name.render(translate),
            marker={"color": COLOURS[place % len(COLOURS)], **MARKS[place % len(MARKS)]},
        )
    return _framed(figure, record.axes, translate)


def signal_figure(record: AugmentedSignal, translate: Translate = untranslated) -> go.Figure:
    """The signal as a thick line, its versions as thin ones."""
    figure = go.Figure()
    length = len(record.original)
    if not length:
        return _missing(figure, translate)
    parts = [(Text("original"), record.original), *zip(record.names, record.versions, strict=True)]
    for place, (name, signal) in enumerate(parts):
        figure.add_scatter(
            x=np.arange(1, length + 1),
            y=signal,
            mode="lines+markers" if length <= MOST_DOTS else "lines",
            name=name.render(translate),
            line={"color": COLOURS[place % len(COLOURS)], **LINES[place % len(LINES)]},
            marker={"size": 4 if place else 6},
        )
    return _framed(figure, record.axes, translate)


def _framed(figure: go.Figure, axes: tuple[Text, Text], translate: Translate) -> go.Figure:
    x_title, y_title = (axis.render(translate) for axis in axes)
    return figure.update_layout(
        height=HEIGHT,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "font": {"size": 11}},
        xaxis={"title": x_title, "automargin": True},
        yaxis={"title": y_title, "automargin": True, "nticks": 5},
    )


def _missing(figure: go.Figure, translate: Translate) -> go.Figure:
    said = Text("There are no samples to draw.").render(translate)
    return figure.update_layout(
        height=HEIGHT,
        xaxis={"visible": False},
        yaxis={"visible": False},
        annotations=[{"text": said, "showarrow": False, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}],
    )
