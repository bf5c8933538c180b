"""Samples that are no pictures before and after augmentation: points in their plane, signals and tables as lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.theme import colour
from core.text import Text, Translate, untranslated

HEIGHT = 220
"""Pixels, whatever is drawn: the page keeps the room free."""
MOST_DOTS = 40
"""Lines of at most so many values show each of them as a dot."""

_COLOURS = (colour(0, dark=False), colour(1, dark=False), colour(2, dark=False))


@dataclass(frozen=True)
class AugmentedPoints:
    """Points (n, 2) and k versions of them (k, n, 2), float32; `names` of the k versions; the axes' titles."""

    originals: np.ndarray
    versions: np.ndarray
    names: Sequence[Text]
    axes: tuple[Text, Text]


@dataclass(frozen=True)
class AugmentedSignals:
    """Signals (n, L) and k versions of them (k, n, L), float32; `names` of the versions, `titles` of the signals."""

    originals: np.ndarray
    versions: np.ndarray
    names: Sequence[Text]
    titles: Sequence[Text]
    axis: Text


def points_figure(record: AugmentedPoints, translate: Translate = untranslated) -> go.Figure:
    """Each sample as a circle, its versions as dots."""
    figure = go.Figure()
    looks = [{"symbol": "circle-open", "size": 8, "line": {"width": 1.5}}, *[{"size": 4}] * len(record.versions)]
    parts = [(Text("original"), record.originals), *zip(record.names, record.versions, strict=True)]
    for (name, points), look, shade in zip(parts, looks, _COLOURS, strict=False):
        figure.add_scatter(
            x=points[:, 0],
            y=points[:, 1],
            mode="markers",
            name=name.render(translate),
            marker={"color": shade, **look},
        )
    figure.update_xaxes(title=record.axes[0].render(translate)).update_yaxes(title=record.axes[1].render(translate))
    return _framed(figure)


def signals_figure(record: AugmentedSignals, translate: Translate = untranslated) -> go.Figure:
    """Below each other the samples, each as a line with its versions."""
    num, length = record.originals.shape
    figure = make_subplots(rows=max(1, num), shared_xaxes=True, vertical_spacing=0.06)
    parts = [(Text("original"), record.originals), *zip(record.names, record.versions, strict=True)]
    for place, (name, signals) in enumerate(parts):
        for row, signal in enumerate(signals):
            figure.add_scatter(
                x=np.arange(1, length + 1),
                y=signal,
                mode="lines+markers" if length <= MOST_DOTS else "lines",
                name=name.render(translate),
                legendgroup=str(place),
                showlegend=row == 0,
                line={"color": _COLOURS[place % len(_COLOURS)], "width": 1 if place else 2},
                marker={"size": 3 if place else 5},
                row=row + 1,
                col=1,
            )
    for row, title in enumerate(record.titles[:num]):
        figure.update_yaxes(title=title.render(translate), row=row + 1, col=1)
    figure.update_xaxes(title=record.axis.render(translate), row=max(1, num), col=1)
    return _framed(figure)


def _framed(figure: go.Figure) -> go.Figure:
    return figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    ).update_yaxes(automargin=True, nticks=4)
