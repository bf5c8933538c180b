"""Figures about polynomials through noisy points: the fits, error against capacity, bias and variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.figures.generalization import GREY, HEIGHT, LEGEND, MARGIN
from core.figures.theme import DARK_BACKGROUNDS, LIGHT_BACKGROUNDS, colour
from core.text import Text, Translate, untranslated


@dataclass(frozen=True, eq=False)
class FittedCurves:
    """Fits of one degree: points (N,), the curve behind them on a grid (G,), and T × R fits (T, R, G) after `updates`.

    Several sets of points: their fits are thin and their mean thick, and points of the first set are drawn.
    """

    x: np.ndarray
    y: np.ndarray
    grid: np.ndarray
    truth: np.ndarray
    updates: Sequence[int]
    curves: np.ndarray


def fitted_figure(fits: FittedCurves, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """The fits as they are trained: a slider and a button move through the updates; the last ones are shown first."""
    figure = go.Figure()
    shade, mean_shade = colour(0, dark=dark), colour(3, dark=dark)
    is_one = fits.curves.shape[1] == 1
    last = len(fits.updates) - 1
    figure.add_scatter(
        x=fits.grid,
        y=fits.truth,
        mode="lines",
        name=Text("behind the points").render(translate),
        line={"color": GREY, "dash": "dash", "width": 2},
    )
    thin = Text("fit") if is_one else Text("fits of {num} sets", num=fits.curves.shape[1])
    figure.add_scatter(
        mode="lines",
        name=thin.render(translate),
        line={"color": shade, "width": 3 if is_one else 1},
        opacity=1 if is_one else 0.55,
    )
    if not is_one:
        figure.add_scatter(
            mode="lines", name=Text("their mean").render(translate), line={"color": mean_shade, "width": 4}
        )
    moving = [1] if is_one else [1, 2]
    points = Text("training points") if is_one else Text("points of the first set")
    figure.add_scatter(
        x=fits.x,
        y=fits.y,
        mode="markers",
        name=points.render(translate),
        marker={"color": shade, "size": 8, "line": {"width": 1, "color": "white"}},
    )
    figure.frames = [
        go.Frame(data=_lines(fits, moment), traces=moving, name=str(update))
        for moment, update in enumerate(fits.updates)
    ]
    for trace, line in zip(moving, _lines(fits, last), strict=True):
        figure.data[trace].update(x=line.x, y=line.y)
    now = {"mode": "immediate", "transition": {"duration": 0}}
    play = {
        "label": "▶ " + Text("train").render(translate),
        "method": "animate",
        "args": [None, now | {"frame": {"duration": 350, "redraw": False}, "fromcurrent": False}],
    }
    steps = [
        {"label": str(update), "method": "animate", "args": [[str(update)], now | {"frame": {"redraw": False}}]}
        for update in fits.updates
    ]
    prefix = Text("after update ").render(translate)
    figure.update_xaxes(title="x", range=[-1.03, 1.03], automargin=True)
    figure.update_yaxes(title="y", range=[-2.1, 2.1], automargin=True)
    return figure.update_layout(
        height=HEIGHT,
        margin=MARGIN | {"b": 90},
        legend=LEGEND,
        updatemenus=[
            {
                "type": "buttons",
                "buttons": [play],
                "showactive": False,
                "x": 0,
                "y": -0.2,
                "xanchor": "left",
                "yanchor": "top",
                "bgcolor": DARK_BACKGROUNDS[1] if dark else LIGHT_BACKGROUNDS[1],
                "font": {"color": "#ffffff" if dark else "#000000"},
            }
        ],
        sliders=[
            {
                "active": last,
                "steps": steps,
                "x": 0.22,
                "len": 0.78,
                "y": -0.1,
                "currentvalue": {"prefix": prefix, "xanchor": "right"},
                "pad": {"t": 8},
            }
        ],
    )


def _lines(fits: FittedCurves, moment: int) -> list[go.Scatter]:
    """The fits of a moment as one trace with gaps, and their mean where there are several."""
    curves_RG = np.clip(fits.curves[moment], -50, 50)
    num, gap = len(curves_RG), [np.nan]
    x = np.concatenate([np.concatenate([fits.grid, gap])] * num)
    y = np.concatenate([np.concatenate([curve, gap]) for curve in curves_RG])
    lines = [go.Scatter(x=x, y=y)]
    if num > 1:
        lines.append(go.Scatter(x=fits.grid, y=np.clip(fits.curves[moment].mean(0), -50, 50)))
    return lines


@dataclass(frozen=True, eq=False)
class Capacity:
    """Mean squared errors (D,) of the degrees 0 … D − 1 on training and validation points.

    `lowest` is the degree whose validation error is lowest among those below `num_points`; `uncertain` (D,) is the ± of
    validation errors.
    """

    train: np.ndarray
    validation: np.ndarray
    uncertain: np.ndarray
    degree: int
    lowest: int
    num_points: int
    noise: float


def capacity_figure(capacity: Capacity, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """Training (dotted) and validation error (solid) against the degree, and the gap; both ends have their names.

    Where an error leaves the picture an arrow stands at its edge, and says how large it is when pointed at.
    """
    figure = go.Figure()
    shade, gap_shade = colour(0, dark=dark), colour(4, dark=dark)
    degrees = np.arange(len(capacity.train))
    is_beyond = len(degrees) > capacity.num_points
    top = np.log10(max(10 * capacity.validation[capacity.lowest], capacity.validation[0], 1) * 30)
    if is_beyond:
        top = np.log10(capacity.validation.max() * 3)
    # Beyond, the error ends little above the noise: the name of that stands below its line.
    bottom = max(np.log10(min(capacity.validation.min(), capacity.noise or 1)) - (2 if is_beyond else 1), -5)
    least = 1e-6
    gap = np.maximum(capacity.validation - capacity.train, least)
    for name, values, dash, width, tint in (
        (Text("training error"), capacity.train, "dot", 2.5, shade),
        (Text("validation error"), capacity.validation, "solid", 2.5, shade),
        (Text("gap"), gap, "dashdot", 1.5, gap_shade),
    ):
        figure.add_scatter(
            x=degrees,
            y=np.maximum(values, least),
            mode="lines",
            name=name.render(translate),
            line={"color": tint, "dash": dash, "width": width},
        )
    edges = 10 ** (bottom + 0.03 * (top - bottom)), 10 ** (top - 0.03 * (top - bottom))
    outside = [
        (degree, value, edge, symbol)
        for values, is_out, edge, symbol in (
            (capacity.validation, capacity.validation > 10**top, edges[1], "triangle-up"),
            (capacity.train, capacity.train < 10**bottom, edges[0], "triangle-down"),
        )
        for degree, value in zip(degrees[is_out], values[is_out], strict=True)
    ]
    if outside:
        places, hidden, heights, symbols = zip(*outside, strict=True)
        figure.add_scatter(
            x=places,
            y=heights,
            customdata=hidden,
            mode="markers",
            name=Text("outside of the picture").render(translate),
            marker={"color": shade, "size": 8, "symbol": symbols},
            hovertemplate="%{x}: %{customdata:.3~g}<extra></extra>",
        )
    drawn = capacity.validation[capacity.degree]
    figure.add_scatter(
        x=[capacity.degree],
        y=[np.clip(drawn, *edges)],
        customdata=[drawn],
        mode="markers",
        name=Text("the fit that is drawn").render(translate),
        marker={"color": shade, "size": 13, "symbol": "diamond"},
        hovertemplate="%{x}: %{customdata:.3~g}<extra></extra>",
    )
    figure.add_vline(capacity.lowest, line={"color": GREY, "dash": "dash", "width": 1.5})
    if capacity.noise > 0:
        figure.add_hline(capacity.noise, line={"color": GREY, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            text=Text("noise").render(translate),
            x=1,
            xref="paper",
            # An annotation on a logarithmic axis stands at a power of ten.
            y=np.log10(capacity.noise),
            xanchor="right",
            yanchor="top" if is_beyond else "bottom",
            showarrow=False,
        )
    names = [(Text("← underfits"), capacity.lowest, "right", 1.0), (Text("overfits →"), capacity.lowest, "left", 1.0)]
    if is_beyond:
        figure.add_vline(capacity.num_points - 1, line={"color": GREY, "width": 1.5})
        names.append((Text("interpolates →"), capacity.num_points - 1, "left", 0.92))
    for words, x, anchor, height in names:
        figure.add_annotation(
            text=words.render(translate),
            x=x,
            xshift=-4 if anchor == "right" else 4,
            y=height,
            yref="paper",
            xanchor=anchor,
            yanchor="top",
            showarrow=False,
        )
    figure.update_xaxes(title=Text("degree of the polynomial").render(translate), automargin=True)
    figure.update_yaxes(
        title=Text("mean squared error").render(translate),
        type="log",
        range=[bottom, top],
        exponentformat="power",
        automargin=True,
    )
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND)


@dataclass(frozen=True, eq=False)
class Parts:
    """Bias², variance (D,) and noise of the degrees 0 … D − 1, and the error measured on test points, ± `spread`."""

    bias2: np.ndarray
    variance: np.ndarray
    noise: float
    test: np.ndarray
    spread: np.ndarray
    degree: int


def parts_figure(parts: Parts, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """Stacked bars of noise, variance and bias² against the degree; a mark where the error was measured.

    A bar that leaves the picture says how high it is. It shows its variance, which is what makes one so high.
    """
    figure = go.Figure()
    degrees = np.arange(len(parts.bias2))
    for name, values, slot in (
        (Text("noise"), np.full(len(degrees), parts.noise), None),
        (Text("variance"), parts.variance, 5),
        (Text("bias²"), parts.bias2, 4),
    ):
        shade = GREY if slot is None else colour(slot, dark=dark)
        figure.add_bar(x=degrees, y=values, name=name.render(translate), marker={"color": shade})
    figure.add_scatter(
        x=degrees,
        y=parts.test,
        error_y={"array": parts.spread},
        mode="markers",
        name=Text("measured on test points").render(translate),
        marker={"symbol": "line-ew-open", "size": 16, "color": "#ffffff" if dark else "#000000", "line": {"width": 2}},
    )
    figure.add_vrect(parts.degree - 0.5, parts.degree + 0.5, fillcolor=GREY, opacity=0.2, line_width=0, layer="below")
    top = 1.25 * max(parts.test[0], parts.test.min())
    for degree, total in enumerate(parts.bias2 + parts.variance + parts.noise):
        if total > top:
            figure.add_annotation(
                x=degree,
                y=top,
                text=f"{total:,.{int(total < 10)}f} →".replace(",", "\u202f"),
                textangle=-90,
                yanchor="top",
                showarrow=False,
                font={"color": "#ffffff"},
                bgcolor="rgba(0,0,0,0.55)",
            )
    figure.update_xaxes(
        title=Text("degree of the polynomial").render(translate),
        dtick=1,
        range=[-0.6, len(degrees) - 0.4],
        automargin=True,
    )
    title = Text("mean squared error").render(translate)
    figure.update_yaxes(title=title, range=[0, top], automargin=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND, barmode="stack", bargap=0.2)
