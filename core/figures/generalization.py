"""Figures about generalization: confidence against right answers, and a run's errors with an earlier end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.theme import DARK_BACKGROUNDS, LIGHT_BACKGROUNDS, colour
from core.text import Text, Translate, untranslated

GREY = "#8a9399"
HEIGHT = 420
MARGIN = {"l": 4, "r": 4, "t": 4, "b": 4}
LEGEND = {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0}


@dataclass(frozen=True, eq=False)
class Reliability:
    """A split's answers in bins: how many, their mean confidence and share of right ones (0 to 1), NaN where empty."""

    name: Text
    nums: np.ndarray
    confidences: np.ndarray
    rights: np.ndarray


def reliability_figure(
    training: Reliability,
    validation: Reliability,
    slot: int,
    translate: Translate = untranslated,
    *,
    dark: bool = False,
) -> go.Figure:
    """Share of right answers against confidence, with ± one standard error, and below how many answers each bin has.

    Training is dotted and validation solid, in the colour of the run's slot; on the diagonal a network is as often
    right as it is sure.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.04)
    shade = colour(slot, dark=dark)
    as_sure = Text("as often right as sure").render(translate)
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name=as_sure, line={"color": GREY, "width": 1}, hoverinfo="skip"
    )
    for split, dash, fill in ((training, "dot", GREY), (validation, "solid", shade)):
        filled = split.nums > 0
        x, y, num = 100 * split.confidences[filled], 100 * split.rights[filled], split.nums[filled]
        name = split.name.render(translate)
        figure.add_scatter(
            x=x,
            y=y,
            error_y={"array": np.sqrt(y * (100 - y) / num), "thickness": 1, "width": 3},
            customdata=num,
            hovertemplate="%{x:.1f} % → %{y:.1f} % (%{customdata:,})",
            mode="lines+markers",
            name=name,
            line={"color": shade, "dash": dash, "width": 2.5},
            marker={"size": 8, "symbol": "circle" if dash == "solid" else "circle-open"},
        )
        edges = np.arange(len(split.nums)) * 100 / len(split.nums)
        figure.add_bar(
            x=edges + 50 / len(split.nums),
            y=100 * split.nums / split.nums.sum(),
            name=name,
            marker={"color": fill},
            showlegend=False,
            hovertemplate="%{y:.1f} %",
            row=2,
            col=1,
        )
    figure.update_xaxes(range=[0, 101], automargin=True)
    figure.update_xaxes(title=Text("confidence, %").render(translate), row=2)
    figure.update_yaxes(title=Text("right, %").render(translate), range=[0, 104], automargin=True, row=1, col=1)
    figure.update_yaxes(title=Text("answers, %").render(translate), rangemode="tozero", automargin=True, row=2, col=1)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND, barmode="group", bargap=0.15)


@dataclass(frozen=True, eq=False)
class Ended:
    """A run's errors over its epochs (0 to 1, or relative ones), and where it would have ended (None: at its end)."""

    epochs: Sequence[float]
    training: Sequence[float]
    validation: Sequence[float]
    best: int
    stopped: float | None
    in_percent: bool


def ended_figure(run: Ended, slot: int, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """Training (dotted) and validation error (solid); what would not have been trained is shaded."""
    figure = go.Figure()
    shade, unit = colour(slot, dark=dark), 100 if run.in_percent else 1
    for name, errors, dash in (
        (Text("training error"), run.training, "dot"),
        (Text("validation error"), run.validation, "solid"),
    ):
        figure.add_scatter(
            x=list(run.epochs),
            y=unit * np.asarray(errors),
            mode="lines",
            name=name.render(translate),
            line={"color": shade, "dash": dash, "width": 2.5},
        )
    figure.add_scatter(
        x=[run.epochs[run.best]],
        y=[unit * run.validation[run.best]],
        mode="markers",
        name=Text("weights that are kept").render(translate),
        marker={"color": shade, "size": 13, "symbol": "diamond"},
    )
    if run.stopped is not None:
        figure.add_vrect(run.stopped, run.epochs[-1], fillcolor=GREY, opacity=0.25, line_width=0)
        figure.add_vline(run.stopped, line={"color": GREY, "dash": "dash", "width": 2})
    figure.update_xaxes(title=Text("epoch").render(translate), rangemode="tozero", automargin=True)
    title = Text("error, %") if run.in_percent else Text("relative error")
    figure.update_yaxes(title=title.render(translate), rangemode="tozero", automargin=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND, hovermode="x unified")


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
                "currentvalue": {"prefix": prefix},
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
    """Training (dotted) and validation error (solid) against the degree, and the gap; both ends have their names."""
    figure = go.Figure()
    shade, gap_shade = colour(0, dark=dark), colour(4, dark=dark)
    degrees = np.arange(len(capacity.train))
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
    figure.add_scatter(
        x=[capacity.degree],
        y=[max(capacity.validation[capacity.degree], least)],
        mode="markers",
        name=Text("the fit that is drawn").render(translate),
        marker={"color": shade, "size": 13, "symbol": "diamond"},
    )
    figure.add_vline(capacity.lowest, line={"color": GREY, "dash": "dash", "width": 1.5})
    if capacity.noise > 0:
        figure.add_hline(
            capacity.noise,
            line={"color": GREY, "dash": "dot", "width": 1.5},
            annotation={"text": Text("noise").render(translate), "font": {"size": 12}},
        )
    if len(degrees) > capacity.num_points:
        figure.add_vline(capacity.num_points - 1, line={"color": GREY, "width": 1.5})
    for words, x, anchor in (
        (Text("← underfits"), capacity.lowest, "right"),
        (Text("overfits →"), capacity.lowest, "left"),
    ):
        figure.add_annotation(
            text=words.render(translate), x=x, y=1, yref="paper", xanchor=anchor, yanchor="top", showarrow=False
        )
    top = np.log10(max(10 * capacity.validation[capacity.lowest], capacity.validation[0], 1) * 30)
    if len(degrees) > capacity.num_points:
        top = np.log10(capacity.validation.max() * 3)
    bottom = np.log10(min(capacity.validation.min(), capacity.noise or 1)) - 1
    figure.update_xaxes(title=Text("degree of the polynomial").render(translate), automargin=True)
    figure.update_yaxes(
        title=Text("mean squared error").render(translate),
        type="log",
        range=[max(bottom, -5), top],
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
    """Stacked bars of bias², variance and noise against the degree; a mark where the error was measured."""
    figure = go.Figure()
    degrees = np.arange(len(parts.bias2))
    for name, values, slot in (
        (Text("noise"), np.full(len(degrees), parts.noise), None),
        (Text("bias²"), parts.bias2, 4),
        (Text("variance"), parts.variance, 5),
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
    figure.update_xaxes(
        title=Text("degree of the polynomial").render(translate),
        dtick=1,
        range=[-0.6, len(degrees) - 0.4],
        automargin=True,
    )
    title = Text("mean squared error").render(translate)
    figure.update_yaxes(title=title, range=[0, top], automargin=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND, barmode="stack", bargap=0.2)


def optimism_figure(
    nums: Sequence[int],
    shown: Sequence[float],
    error: float,
    num: int,
    slot: int,
    translate: Translate = untranslated,
    *,
    dark: bool = False,
) -> go.Figure:
    """What the best of 1, 2, … equally good networks shows (0 to 1), below what all of them are; a mark at `num`."""
    figure = go.Figure()
    shade = colour(slot, dark=dark)
    figure.add_scatter(
        x=[nums[0], nums[-1]],
        y=[100 * error] * 2,
        mode="lines",
        name=Text("what each of them is").render(translate),
        line={"color": GREY, "dash": "dash", "width": 2},
    )
    figure.add_scatter(
        x=list(nums),
        y=[100 * value for value in shown],
        mode="lines",
        name=Text("what the best of them shows").render(translate),
        line={"color": shade, "width": 2.5},
    )
    figure.add_scatter(
        x=[num],
        y=[100 * shown[list(nums).index(num)]],
        mode="markers",
        showlegend=False,
        marker={"color": shade, "size": 13, "symbol": "diamond"},
    )
    figure.update_xaxes(title=Text("networks among which the best is chosen").render(translate), automargin=True)
    figure.update_yaxes(title=Text("validation error, %").render(translate), automargin=True)
    return figure.update_layout(height=300, margin=MARGIN, legend=LEGEND)
