"""Several runs on shared axes, standing still: what the live chart of a comparison shows, for reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from core.figures.theme import RAMP, colour, is_dashed, symbol
from core.text import Text, Translate, untranslated

MOST_MARKS = 9
"""So many points of a line carry its symbol."""


@dataclass(frozen=True)
class RaceLine:
    """One line: name, colour slot, and over `x` the median, lowest and highest of the seeds, float vectors (n,).

    With one seed the three are the same. `thin` is drawn thin and dashed, as training is; `ring` is the value of `x`
    around which a ring is drawn. `share`: of more lines than there are colours, where this one lies between the first,
    0, and the last, 1; it is its colour then.
    """

    name: str
    slot: int
    x: np.ndarray
    mid: np.ndarray
    low: np.ndarray
    high: np.ndarray
    thin: bool = False
    ring: float | None = None
    share: float | None = None


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
    floor = _floor(drawn) if log else -np.inf
    thick = {line.name for line in drawn if not line.thin}
    for line in drawn:
        _add(figure, line, floor, is_named=not line.thin or line.name not in thick)
    return (
        figure.update_layout(
            height=460,
            margin={"l": 64, "r": 16, "t": 16, "b": 48},
            xaxis={
                "title": x_title.render(translate),
                "rangemode": "normal" if log_x else "tozero",
                **(_decades([line.x for line in drawn]) if log_x else {}),
            },
            yaxis={
                "title": y_title.render(translate),
                **(
                    _decades([np.maximum(part, floor) for line in drawn for part in (line.low, line.high)])
                    if log
                    else {}
                ),
            },
            legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
            hovermode="x unified",
            plot_bgcolor="#ffffff",
            paper_bgcolor="#ffffff",
        )
        .update_xaxes(gridcolor="#e3e6e8", ticks="outside", showline=True, linecolor="#9aa1a6")
        .update_yaxes(gridcolor="#e3e6e8", ticks="outside", showline=True, linecolor="#9aa1a6")
    )


def _floor(lines: Sequence[RaceLine]) -> float:
    """Where a logarithmic axis shows a value of 0: below the smallest of the others."""
    positive = [low for line in lines for low in line.low if 0 < low < np.inf]
    return 0.7 * min(positive, default=1.0)


def _decades(values: Sequence[np.ndarray]) -> dict[str, Any]:
    """A logarithmic axis over these values with ticks that can be read: 1, 2 and 5 of each power, or powers alone."""
    known = np.concatenate(values)
    known = known[np.isfinite(known) & (known > 0)]
    if not len(known):
        return {"type": "log"}
    low, high = np.log10(known.min()), np.log10(known.max())
    powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
    ticks = [digit * 10.0**power for power in powers for digit in ((1, 2, 5) if high - low < 3 else (1,))]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}


def _add(figure: go.Figure, line: RaceLine, floor: float, *, is_named: bool) -> None:
    shade = colour(line.slot, dark=False) if line.share is None else _between(line.share)
    low, mid, high = (np.maximum(values, floor) for values in (line.low, line.mid, line.high))
    if line.share is None and not line.thin and not np.array_equal(low, high, equal_nan=True):
        edge = {"x": line.x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
        figure.add_scatter(y=low, legendgroup=line.name, **edge)
        figure.add_scatter(y=high, legendgroup=line.name, fill="tonexty", fillcolor=_pale(shade), **edge)
    dash = "dash" if line.thin else "dashdot" if line.share is None and is_dashed(line.slot) else "solid"
    figure.add_scatter(
        x=line.x,
        y=mid,
        mode="lines" if line.thin or line.share is not None else "lines+markers",
        name=line.name,
        legendgroup=line.name,
        showlegend=is_named and line.share in (None, 0.0, 1.0),
        line={"color": shade, "width": 1.3 if line.thin else 2.4, "dash": dash},
        marker={"symbol": symbol(line.slot), "size": 8, "maxdisplayed": MOST_MARKS, "color": shade},
        hovertemplate="%{y:.3~g}",
    )
    if line.ring is not None:
        at = line.x == line.ring
        figure.add_scatter(
            x=line.x[at],
            y=mid[at],
            mode="markers",
            legendgroup=line.name,
            showlegend=False,
            hoverinfo="skip",
            marker={"symbol": "circle-open", "size": 17, "line": {"width": 2.5}, "color": shade},
        )


def _between(share: float) -> str:
    return str(sample_colorscale(list(RAMP["light"]), share)[0])


def _pale(shade: str) -> str:
    red, green, blue = (int(shade[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.15)"
