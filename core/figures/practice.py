"""Figures beside a practice race: leaving a saddle by rate, weights of past gradients, how rare minima are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import colour, symbol
from core.text import Text, Translate, untranslated

HEIGHT = 300


@dataclass(frozen=True)
class Leaver:
    """One optimizer: its name and colour slot, and its updates to leave at each rate; None where it never did."""

    name: str
    slot: int
    updates: Sequence[int | None]


def leaving_figure(
    rates: Sequence[float], leavers: Sequence[Leaver], *, dark: bool, translate: Translate = untranslated
) -> go.Figure:
    """Updates until the saddle is left against the learning rate, both on log axes, a line for each optimizer."""
    figure = go.Figure()
    for leaver in leavers:
        figure.add_scatter(
            x=list(rates),
            y=list(leaver.updates),
            name=leaver.name,
            mode="lines+markers",
            line={"color": colour(leaver.slot, dark=dark)},
            marker={"symbol": symbol(leaver.slot), "size": 8},
        )
    return _framed(figure, Text("learning rate"), Text("updates until the saddle is left"), translate, log=True)


def past_figure(
    ages: int,
    weights: np.ndarray,
    corrected: np.ndarray,
    memory: float,
    *,
    dark: bool,
    translate: Translate = untranslated,
) -> go.Figure:
    """Bars of the weights of the last gradients before and after the correction; a line at 1/(1 − γ)."""
    figure = go.Figure()
    for name, values, slot in ((Text("as it is"), weights, 0), (Text("corrected"), corrected, 4)):
        total = Text("{name}: sum {total:.2f}", name=name, total=float(values.sum()))
        figure.add_bar(
            x=np.arange(ages), y=values, name=total.render(translate), marker={"color": colour(slot, dark=dark)}
        )
    if memory <= ages:
        note = Text("1/(1 − γ) = {memory:g}", memory=round(memory, 1)).render(translate)
        figure.add_vline(x=memory - 0.5, line={"dash": "dash"}, annotation_text=note)
    return _framed(figure, Text("updates ago"), Text("weight in the average"), translate)


def rarity_figure(shares: np.ndarray, *, dark: bool, translate: Translate = untranslated) -> go.Figure:
    """Share of random matrices with positive eigenvalues only against their size d, and 2⁻ᵈ beside it."""
    sizes = np.arange(1, len(shares) + 1)
    figure = go.Figure()
    measured = np.where(shares > 0, shares, np.nan)
    figure.add_scatter(
        x=sizes,
        y=0.5**sizes,
        name="2⁻ᵈ",
        mode="lines",
        line={"dash": "dash", "color": colour(4, dark=dark)},
    )
    figure.add_scatter(
        x=sizes,
        y=measured,
        name=Text("counted").render(translate),
        mode="lines+markers",
        line={"color": colour(0, dark=dark)},
        marker={"size": 9},
    )
    figure = _framed(figure, Text("directions d"), Text("share with all of them upward"), translate)
    return figure.update_yaxes(type="log", exponentformat="power").update_xaxes(dtick=1)


def _framed(figure: go.Figure, x: Text, y: Text, translate: Translate, *, log: bool = False) -> go.Figure:
    axis = {"type": "log", "exponentformat": "power"} if log else {}
    return figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        xaxis={"title": x.render(translate), **axis},
        yaxis={"title": y.render(translate), "automargin": True, **axis},
        bargap=0.1,
    )
