"""Several runs on shared axes, standing still: what the live chart of a comparison shows, for reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import colour, is_dashed
from core.text import Text, Translate, untranslated


@dataclass(frozen=True)
class RaceLine:
    """One line: name, colour slot, and over `x` the median, lowest and highest of the seeds, float vectors (n,).

    With one seed the three are the same. `thin` is drawn thin and dashed, as training is.
    """

    name: str
    slot: int
    x: np.ndarray
    mid: np.ndarray
    low: np.ndarray
    high: np.ndarray
    thin: bool = False


def race_figure(
    lines: Sequence[RaceLine],
    x_title: Text,
    y_title: Text,
    translate: Translate = untranslated,
    *,
    log: bool = False,
    log_x: bool = False,
) -> go.Figure:
    """All lines, the range of the seeds as a band; `log`, `log_x`: the vertical, the horizontal axis is logarithmic."""
    figure = go.Figure()
    drawn = [line for line in lines if len(line.x)]
    if not drawn:
        reason = Text("No run has been measured yet.").render(translate)
        return figure.update_layout(
            height=240,
            xaxis={"visible": False},
            yaxis={"visible": False},
            annotations=[{"text": reason, "showarrow": False, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}],
        )
    for line in drawn:
        _add(figure, line)
    return (
        figure.update_layout(
            height=460,
            margin={"l": 64, "r": 16, "t": 16, "b": 48},
            xaxis={
                "title": x_title.render(translate),
                "type": "log" if log_x else "linear",
                "rangemode": "normal" if log_x else "tozero",
            },
            yaxis={"title": y_title.render(translate), "type": "log" if log else "linear"},
            legend={"x": 1.01, "y": 1},
            hovermode="x unified",
            plot_bgcolor="#ffffff",
            paper_bgcolor="#ffffff",
        )
        .update_xaxes(gridcolor="#e3e6e8", ticks="outside")
        .update_yaxes(gridcolor="#e3e6e8", ticks="outside")
    )


def _add(figure: go.Figure, line: RaceLine) -> None:
    shade = colour(line.slot, dark=False)
    if not np.array_equal(line.low, line.high, equal_nan=True):
        edge = {"x": line.x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        figure.add_scatter(y=line.low, legendgroup=line.name, **edge)
        figure.add_scatter(y=line.high, legendgroup=line.name, fill="tonexty", fillcolor=_pale(shade), **edge)
    dash = "dash" if line.thin else "dashdot" if is_dashed(line.slot) else "solid"
    figure.add_scatter(
        x=line.x,
        y=line.mid,
        mode="lines",
        name=line.name,
        legendgroup=line.name,
        showlegend=not line.thin,
        line={"color": shade, "width": 1.3 if line.thin else 2.4, "dash": dash},
    )


def _pale(shade: str) -> str:
    red, green, blue = (int(shade[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"
