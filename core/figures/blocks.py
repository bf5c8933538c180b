"""Figures of the page Building blocks: tiles of maps and kernels, an activation, normalization, dropout."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import DIVERGING, SEQUENTIAL, colour
from core.text import Text, Translate, untranslated

HEIGHT, WIDE = 320, 760
LOWEST, HIGHEST = 70, 620
"""Heights that tiles stay between, in pixels."""
BAR = 150
"""Height of the scale of colours: on a phone tiles are less high than their figure."""
MOST_NUMBERED = 64
GREY = "#8a9399"
DROPPED = "rgba(138,147,153,0.45)"
ON_TOP = {"yanchor": "top", "font": {"size": 12, "color": "#ffffff"}, "bgcolor": "rgba(20, 24, 27, 0.65)"}
"""What is written over a picture can be read on any colour."""
MOST_TIMES = 3
"""A bar more than so many times as high as the next one is cut off, with its number: the others keep a height."""


@dataclass(frozen=True, eq=False)
class Tiles:
    """Arrays (n, H, W) side by side, numbered from 1.

    `is_signed`: 0 is the middle of the colours. `ends`: the values from which to which the colours go, None for the
    least and the largest. `height`: of the figure in pixels, None for what about WIDE pixels of width make it.
    `names`: what stands above each in place of its number; then there are `most_columns` places in a row.
    """

    arrays: np.ndarray
    is_signed: bool
    most_columns: int = 16
    ends: tuple[float, float] | None = None
    height: int | None = None
    names: Sequence[Text] = ()


@dataclass(frozen=True, eq=False)
class ActivationCurve:
    """Value and slope along places, and how often a batch's pre-activations lie where: counts between edges."""

    places: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    edges: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True, eq=False)
class Spread:
    """How often values lie where, one of several on the same axis."""

    name: Text
    edges: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True, eq=False)
class DroppedUnits:
    """Units of a layer: what they give in evaluation, under one mask, and on average over `num_masks` masks."""

    evaluated: np.ndarray
    masked: np.ndarray
    kept: np.ndarray
    mean: np.ndarray
    num_masks: int


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors in percent by name, each with the range it comes from (low, high)."""

    names: Sequence[Text]
    values: Sequence[float]
    ranges: Sequence[tuple[float, float]]


def tiled(arrays: np.ndarray, columns: int) -> np.ndarray:
    """Arrays (n, H, W) as one (rows · (H + 1) − 1, columns · (W + 1) − 1) with NaN between and behind them."""
    num, high, wide = arrays.shape
    rows = math.ceil(num / columns)
    whole = np.full((rows * (high + 1) - 1, columns * (wide + 1) - 1), np.nan, np.float32)
    for place, array in enumerate(arrays):
        top, left = (place // columns) * (high + 1), (place % columns) * (wide + 1)
        whole[top : top + high, left : left + wide] = array
    return whole


def edges(num: int, side: int, gap: float) -> np.ndarray:
    """Where the cells of tiles in a row begin and end, gaps between tiles included: (num · (side + 1),)."""
    return (np.arange(num)[:, None] * (side + gap) + np.arange(side + 1)).ravel()


def tiles_figure(record: Tiles, translate: Translate = untranslated) -> go.Figure:
    """All arrays with one scale of colours beside them."""
    figure = go.Figure()
    num, tall, wide = record.arrays.shape
    if not num:
        return _said(figure, Text("There is nothing to draw."), translate)
    most_columns = min(record.most_columns, math.ceil(math.sqrt(2 * num * tall / wide)), num)
    columns = record.most_columns if record.names else math.ceil(num / math.ceil(num / most_columns))
    whole = tiled(record.arrays, columns)
    # A whole cell between two tiles is much where a tile has only two or three.
    gap = max(tall, wide) / 5 if record.names else min(1.0, max(tall, wide) / 8)
    x, y = edges(columns, wide, gap), edges(math.ceil(num / columns), tall, gap)
    above = gap if record.names else 0
    height = record.height or max(LOWEST, min(HIGHEST, round(WIDE * (y[-1] + above) / x[-1])))
    low, high = record.ends or (float(record.arrays.min()), float(record.arrays.max()))
    most = max(-low, high) or 1.0
    figure.add_heatmap(
        x=x,
        y=y,
        z=whole,
        colorscale=DIVERGING if record.is_signed else SEQUENTIAL,
        zmid=0 if record.is_signed else None,
        zmin=-most if record.is_signed else low,
        zmax=most if record.is_signed else high or 1.0,
        hovertemplate="%{z:.3g}<extra></extra>",
        hoverongaps=False,
        colorbar={"thickness": 12, "tickformat": ".2~g", "nticks": 5}
        | {"lenmode": "pixels", "len": min(BAR, height), "y": 1, "yanchor": "top", "ypad": 2},
    )
    words = [name.render(translate) for name in record.names]
    if not words and 1 < num <= MOST_NUMBERED:
        words = [str(place + 1) for place in range(num)]
    # A number lies on its tile, whatever the colour of that; a name stands above it.
    look = {"yanchor": "bottom", "font": {"size": 13}} if record.names else ON_TOP
    for place, word in enumerate(words):
        left, top = x[place % columns * (wide + 1)], y[place // columns * (tall + 1)]
        figure.add_annotation(x=left, y=top, text=word, xanchor="left", showarrow=False, borderpad=1, **look)
    figure.update_yaxes(visible=False, range=[y[-1], -above], scaleanchor="x", constrain="domain")
    # On a phone they are less high than the figure: what is left lies below them.
    figure.update_yaxes(constraintoward="top")
    figure.update_xaxes(visible=False, range=[0, x[-1]], constrain="domain")
    return figure.update_layout(
        height=height, margin={"l": 0, "r": 0, "t": 8 if record.names else 2, "b": 2}, showlegend=False
    )


def activation_figure(record: ActivationCurve, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """The curve, its slope, and behind them where the pre-activations lie."""
    figure = go.Figure()
    shares = 100 * record.counts / max(1, record.counts.sum())
    figure.add_bar(
        x=(record.edges[1:] + record.edges[:-1]) / 2,
        y=shares,
        width=np.diff(record.edges),
        name=Text("pre-activations of the batch").render(translate),
        marker={"color": GREY, "opacity": 0.5, "line": {"width": 0}},
        yaxis="y2",
    )
    for name, values, slot, dash in (
        (Text("value"), record.values, 0, "solid"),
        (Text("slope (derivative)"), record.slopes, 1, "dash"),
    ):
        figure.add_scatter(
            x=record.places,
            y=values,
            mode="lines",
            name=name.render(translate),
            line={"color": colour(slot, dark=dark), "width": 2.5, "dash": dash},
        )
    tallest, *rest = sorted(shares, reverse=True)
    is_cut = bool(rest) and tallest > MOST_TIMES * rest[0] > 0
    if is_cut:
        place = int(shares.argmax())
        figure.add_annotation(
            x=(record.edges[place] + record.edges[place + 1]) / 2,
            y=1,
            yref="paper",
            text=f"↑ {tallest:.0f} %",
            showarrow=False,
            borderpad=1,
            **ON_TOP,
        )
    figure.update_layout(
        yaxis={"title": Text("value, slope").render(translate), "automargin": True, "zeroline": True},
        yaxis2={
            "title": Text("% of pre-activations").render(translate),
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "range": [0, 1.5 * rest[0] if is_cut else 1.05 * tallest or 1],
            "tickmode": "auto",
            "nticks": 5,
            "automargin": True,
        },
    )
    figure.update_xaxes(title=Text("pre-activation z").render(translate), automargin=True)
    return _framed(figure)


def spreads_figure(
    record: Sequence[Spread], axis: Text, translate: Translate = untranslated, *, dark: bool = False
) -> go.Figure:
    """Histograms on one axis, each a line of its own shade; shares of their own number of values."""
    figure = go.Figure()
    if not record:
        return _said(figure, Text("There is nothing to draw."), translate)
    for spread, slot, dash in zip(record, (4, 0, 1), ("dot", "solid", "dash"), strict=False):
        widths = np.maximum(np.diff(spread.edges), 1e-12)
        figure.add_scatter(
            x=(spread.edges[1:] + spread.edges[:-1]) / 2,
            y=spread.counts / max(1, spread.counts.sum()) / widths,
            mode="lines",
            name=spread.name.render(translate),
            line={"color": colour(slot, dark=dark), "width": 2.5, "dash": dash, "shape": "hvh"},
        )
    figure.update_xaxes(title=axis.render(translate), automargin=True)
    figure.update_yaxes(title=Text("density").render(translate), rangemode="tozero", automargin=True)
    return _framed(figure)


def dropped_figure(record: DroppedUnits, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """Each unit: its evaluation output as a bar (grey where dropped), the masked value, and the mean over masks."""
    figure = go.Figure()
    units = np.arange(1, len(record.evaluated) + 1)
    for name, these, paint in (
        (Text("evaluation: kept units"), record.kept, colour(5, dark=dark)),
        (Text("evaluation: dropped units"), ~record.kept, DROPPED),
    ):
        bars = {"x": units[these], "y": record.evaluated[these]}
        figure.add_bar(**bars, name=name.render(translate), marker_color=paint, width=0.9)
    figure.add_scatter(
        x=units,
        y=record.masked,
        mode="markers",
        name=Text("with this mask").render(translate),
        marker={"symbol": "x", "size": 7, "color": colour(1, dark=dark)},
        cliponaxis=False,
    )
    figure.add_scatter(
        x=units,
        y=record.mean,
        mode="markers",
        name=Text("mean over {num:,} masks", num=record.num_masks).render(translate),
        marker={"symbol": "circle-open", "size": 9, "line": {"width": 2}, "color": colour(0, dark=dark)},
        cliponaxis=False,
    )
    figure.update_yaxes(title=Text("output").render(translate))
    return _along_units(figure, len(units), translate)


def weights_figure(weights: np.ndarray, kept: np.ndarray, translate: Translate = untranslated) -> go.Figure:
    """Weights (K, F) that read the units of a layer; those of dropped units are grey."""
    figure = go.Figure()
    most = float(np.abs(weights).max()) or 1.0
    shown = np.where(kept[None, :], weights, np.nan)
    units = np.arange(1, weights.shape[1] + 1)
    figure.add_heatmap(
        x=units, z=shown, colorscale=DIVERGING, zmin=-most, zmax=most, hoverongaps=False,
        hovertemplate="%{x}, %{y}: %{z:.3g}<extra></extra>",
        colorbar={"thickness": 12, "tickformat": ".2~g", "nticks": 5},
    )  # fmt: skip
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title=Text("weight to output").render(translate), dtick=1, showgrid=False, zeroline=False)
    return _along_units(figure, len(units), translate).update_layout(height=220, plot_bgcolor=DROPPED, showlegend=False)


def errors_figure(record: Errors, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """A bar for each error, with the range it comes from."""
    figure = go.Figure()
    values = np.array(record.values)
    ranges = np.array(record.ranges).reshape(-1, 2)
    figure.add_bar(
        x=[name.render(translate) for name in record.names],
        y=values,
        marker_color=[colour(slot, dark=dark) for slot in (1, 0, 5)][: len(values)],
        error_y={"array": ranges[:, 1] - values, "arrayminus": values - ranges[:, 0], "symmetric": False},
        text=[f"{value:.1f} %" for value in values],
        textposition="inside",
        insidetextanchor="start",
    )
    figure.update_yaxes(title=Text("validation error, %").render(translate), rangemode="tozero", automargin=True)
    return _framed(figure).update_layout(height=260, showlegend=False)


def _along_units(figure: go.Figure, num: int, translate: Translate) -> go.Figure:
    """Framed with the units 1 to `num` at the same places in every figure, which stand below each other."""
    figure.update_xaxes(title=Text("unit of the layer").render(translate), automargin=True, range=[0.5, num + 0.5])
    return _framed(figure).update_layout(margin={"l": 56, "r": 64})


def _framed(figure: go.Figure) -> go.Figure:
    return figure.update_layout(
        height=HEIGHT,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        bargap=0.1,
    )


def _said(figure: go.Figure, text: Text, translate: Translate) -> go.Figure:
    figure.add_annotation(text=text.render(translate), showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
    return figure.update_layout(height=120)
