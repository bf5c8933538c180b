"""Figures about a data set: how many samples each class has, how widely each input spreads, how many differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import colour
from core.text import Text, Translate, untranslated

HEIGHT = 260
"""Pixels of each figure: two of them and a sentence fit on a screen."""
MOST_BARS = 30
"""Of more inputs than these, those that spread most and least are drawn."""
AVAILABLE, USED, VALIDATION = (colour(slot, dark=False) for slot in (4, 5, 3))
GREY = "#8a9399"


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Samples of each class (or of each part of the range of numbers): int64 vectors of one length.

    `available` could train, `used` do, `validation` measure.
    """

    names: Sequence[str]
    available: np.ndarray
    used: np.ndarray
    validation: np.ndarray


@dataclass(frozen=True, eq=False)
class InputSpreads:
    """Standard deviation of each input on the training split, as stored and as the network gets it (float64)."""

    names: Sequence[str | Text]
    raw: np.ndarray
    scaled: np.ndarray


def count_figure(counts: ClassCounts, translate: Translate = untranslated) -> go.Figure:
    """Samples of each class: those there are for training behind those that are used, and those that validate."""
    return _bars(
        counts.names,
        (
            (Text("there for training"), counts.available, GREY),
            (Text("used for training"), counts.used, USED),
            (Text("validation"), counts.validation, AVAILABLE),
        ),
        Text("samples"),
        translate,
    )


def share_figure(counts: ClassCounts, translate: Translate = untranslated) -> go.Figure:
    """The share of each class in percent, before and after the training samples were taken, and in validation."""
    return _bars(
        counts.names,
        (
            (Text("there for training"), _percent(counts.available), GREY),
            (Text("used for training"), _percent(counts.used), USED),
            (Text("validation"), _percent(counts.validation), AVAILABLE),
        ),
        Text("share of the set, %"),
        translate,
    )


def _percent(counts: np.ndarray) -> np.ndarray:
    return 100 * counts / max(1, counts.sum())


def _bars(
    names: Sequence[str],
    parts: Sequence[tuple[Text, np.ndarray, str]],
    axis: Text,
    translate: Translate,
) -> go.Figure:
    figure = go.Figure()
    if not len(names):
        return _missing(figure, translate)
    for name, values, shade in parts:
        figure.add_bar(
            x=[translate(label) for label in names], y=values, name=name.render(translate), marker_color=shade
        )
    figure.update_xaxes(type="category")
    figure.update_yaxes(title=axis.render(translate), automargin=True, nticks=5)
    return _framed(figure.update_layout(barmode="group", bargap=0.25))


def spread_figure(spreads: InputSpreads, translate: Translate = untranslated) -> go.Figure:
    """How widely each input spreads, on a logarithmic axis: as it is stored, and as the network gets it."""
    figure = go.Figure()
    varies = np.flatnonzero(spreads.raw > 0)
    if not len(varies):
        return _missing(figure, translate)
    shown = varies[np.argsort(-spreads.raw[varies], kind="stable")]
    if len(shown) > MOST_BARS:
        shown = np.concatenate([shown[: MOST_BARS // 2], shown[-MOST_BARS // 2 :]])
    named = [spreads.names[place] for place in shown]
    names = [name.render(translate) if isinstance(name, Text) else name for name in named]
    # The rings are larger, so that they are seen around the dots of inputs that stay as they are.
    for name, values, shade, symbol, size in (
        (Text("as stored"), spreads.raw, GREY, "circle-open", 14),
        (Text("as the network gets it"), spreads.scaled, USED, "circle", 9),
    ):
        figure.add_scatter(
            x=values[shown],
            y=names,
            mode="markers",
            name=name.render(translate),
            marker={"color": shade, "symbol": symbol, "size": size, "line": {"width": 2}},
        )
    both = np.concatenate([spreads.raw[shown], spreads.scaled[shown]])
    ticks = _round_numbers(both[both > 0])
    figure.update_xaxes(
        type="log",
        title=Text("spread (standard deviation)").render(translate),
        automargin=True,
        tickvals=ticks,
        ticktext=[f"{tick:g}" for tick in ticks],
    )
    figure.update_yaxes(autorange="reversed", automargin=True, type="category")
    return _framed(figure).update_layout(height=max(HEIGHT, 90 + 20 * len(names)))


def _round_numbers(values: np.ndarray) -> list[float]:
    """Round numbers around these: powers of ten, and 2 and 5 times these where that is less than two decades."""
    factors = (1, 2, 5) if values.max() < 100 * values.min() else (1,)
    decades = range(int(np.floor(np.log10(values.min()))), int(np.ceil(np.log10(values.max()))) + 1)
    return [float(f"{factor}e{decade}") for decade in decades for factor in factors]


def different_figure(
    epochs: Sequence[int], without: Sequence[float], with_: Sequence[float], translate: Translate = untranslated
) -> go.Figure:
    """Different samples that training has seen after so many epochs, without and with augmentation."""
    figure = go.Figure()
    for name, values, shade, dash in (
        (Text("without augmentation"), without, GREY, "dash"),
        (Text("with augmentation"), with_, USED, "solid"),
    ):
        figure.add_scatter(
            x=list(epochs),
            y=list(values),
            mode="lines",
            name=name.render(translate),
            line={"color": shade, "width": 2.5, "dash": dash},
        )
    figure.update_xaxes(title=Text("epochs").render(translate), automargin=True)
    figure.update_yaxes(
        title=Text("different samples seen").render(translate), automargin=True, nticks=5, rangemode="tozero"
    )
    return _framed(figure)


def _framed(figure: go.Figure) -> go.Figure:
    return figure.update_layout(
        height=HEIGHT,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
    )


def _missing(figure: go.Figure, translate: Translate) -> go.Figure:
    said = Text("There are no samples to draw.").render(translate)
    return figure.update_layout(
        height=HEIGHT,
        xaxis={"visible": False},
        yaxis={"visible": False},
        annotations=[{"text": said, "showarrow": False, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}],
    )
