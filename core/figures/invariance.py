"""The invariance curve: error of trained networks against how much every sample was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import colour, is_dashed, symbol
from core.text import Text, Translate, untranslated

HEIGHT = 380
NAME_WIDTH = 40
"""Letters of a network's name in a line: a phone's picture is as wide."""


@dataclass(frozen=True, eq=False)
class CurveShown:
    """One network's errors (0 to 1, or relative ones) at the amounts; `slot` is the colour slot of its run."""

    name: str
    slot: int
    errors: np.ndarray


@dataclass(frozen=True, eq=False)
class Invariance:
    """Curves over the same amounts, one of which, `none`, changes nothing."""

    axis: Text
    amounts: Sequence[float]
    none: float
    curves: Sequence[CurveShown]
    in_percent: bool


def invariance_figure(record: Invariance, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """A line for each network, and an upright one where nothing is changed; `dark`: for a dark page."""
    figure = go.Figure()
    unit = 100 if record.in_percent else 1
    for curve in record.curves:
        shade = colour(curve.slot, dark=dark)
        figure.add_scatter(
            x=list(record.amounts),
            y=unit * curve.errors,
            mode="lines+markers",
            name="<br>".join(wrap(curve.name, NAME_WIDTH, break_on_hyphens=False)),
            line={"color": shade, "width": 2.5, "dash": "dash" if is_dashed(curve.slot) else "solid"},
            marker={"symbol": symbol(curve.slot), "size": 8},
        )
    if not record.curves:
        said = Text("Choose a run: its curve is measured then.").render(translate)
        figure.add_annotation(text=said, showarrow=False, x=0.5, y=0.5, xref="paper", yref="paper")
        return figure.update_layout(height=HEIGHT, xaxis={"visible": False}, yaxis={"visible": False})
    figure.add_vline(x=record.none, line={"width": 1, "dash": "dot", "color": "#8a9399"})
    title = Text("validation error, %") if record.in_percent else Text("relative validation error")
    figure.update_xaxes(title=record.axis.render(translate), automargin=True)
    figure.update_yaxes(title=title.render(translate), rangemode="tozero", automargin=True)
    return figure.update_layout(
        height=HEIGHT,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        showlegend=True,
    )
