"""Errors against one number: how many samples are learned from, or how strong a penalty is; and weights by size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.figures.generalization import GREY, HEIGHT, LEGEND, MARGIN
from core.figures.theme import colour
from core.text import Text, Translate, untranslated


@dataclass(frozen=True, eq=False)
class Band:
    """A line over the values of a curve and the band around it (V,), as fractions or relative errors."""

    middle: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class Errors:
    """Errors against `values` (V,) on a logarithmic axis unless one is 0. `marks`: upright lines with their words.

    With `weights`, of the network, numbers of samples have below them how many that are for each weight.
    """

    axis: Text
    values: Sequence[float]
    train: Band
    validation: Band
    marks: Sequence[tuple[float, Text]]
    in_percent: bool
    logarithmic: bool = True
    weights: int | None = None


def errors_figure(errors: Errors, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """Training error (dotted) and validation error (solid) with their bands."""
    figure = go.Figure()
    shade, unit = colour(0, dark=dark), 100 if errors.in_percent else 1
    values = list(errors.values)
    red, green, blue = (int(shade[place : place + 2], 16) for place in (1, 3, 5))
    for name, band, dash in (
        (Text("training error"), errors.train, "dot"),
        (Text("validation error"), errors.validation, "solid"),
    ):
        figure.add_scatter(
            x=[*values, *reversed(values)],
            y=unit * np.concatenate([band.high, band.low[::-1]]),
            mode="lines",
            fill="toself",
            fillcolor=f"rgba({red},{green},{blue},0.14)",
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=values,
            y=unit * band.middle,
            mode="lines+markers",
            name=name.render(translate),
            line={"color": shade, "dash": dash, "width": 2.5},
            marker={"size": 8, "symbol": "circle" if dash == "solid" else "circle-open"},
        )
    for place, (value, words) in enumerate(errors.marks):
        figure.add_vline(value, line={"color": GREY, "dash": "dash", "width": 1.5})
        figure.add_annotation(
            text=words.render(translate),
            x=np.log10(value) if errors.logarithmic else value,
            y=1 - 0.07 * place,
            yref="paper",
            xanchor="right" if value > values[len(values) // 2] else "left",  # else its words widen the axis
            showarrow=False,
        )
    figure.update_xaxes(
        title=errors.axis.render(translate),
        type="log" if errors.logarithmic else "linear",
        exponentformat="power",
        automargin=True,
    )
    if min(values) >= 1:
        ticks = [f"{value:,.0f}".replace(",", "\u202f") for value in values]
        if errors.weights:
            ticks = [f"{tick}<br>{value / errors.weights:.2g}" for tick, value in zip(ticks, values, strict=True)]
        figure.update_xaxes(tickvals=values, ticktext=ticks)
    title = Text("error, %") if errors.in_percent else Text("relative error")
    figure.update_yaxes(title=title.render(translate), rangemode="tozero", automargin=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND)


@dataclass(frozen=True, eq=False)
class Weights:
    """Shares (V, bins) of the weights by log₁₀ of their size between `edges`, for the values of a curve, as written."""

    axis: Text
    values: Sequence[str]
    edges: np.ndarray
    shares: np.ndarray


def weights_figure(weights: Weights, translate: Translate = untranslated) -> go.Figure:
    """A column for each value: how many of the weights have which size."""
    figure = go.Figure()
    powers = (weights.edges[:-1] + weights.edges[1:]) / 2
    figure.add_heatmap(
        x=list(weights.values),
        y=powers,
        z=100 * weights.shares.T,
        colorscale="Viridis",
        colorbar={"title": "%"},
        hovertemplate="%{x}: |w| ≈ 10^%{y:.1f}, %{z:.1f} %<extra></extra>",
    )
    figure.update_xaxes(title=weights.axis.render(translate), type="category", automargin=True)
    title = Text("size of the weights, power of ten").render(translate)
    return figure.update_yaxes(title=title, automargin=True).update_layout(height=300, margin=MARGIN)
