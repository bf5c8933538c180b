"""Figures about what stored runs have learned: confidence, an earlier end, the best of many, single samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.theme import colour
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

    Training is dotted and hollow, validation solid, in the colour of the run's slot; on the diagonal a network is as
    often right as it is sure.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.04)
    shade = colour(slot, dark=dark)
    as_sure = Text("as often right as sure").render(translate)
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name=as_sure, line={"color": GREY, "width": 1}, hoverinfo="skip"
    )
    for split, dash, fill in ((training, "dot", "rgba(0, 0, 0, 0)"), (validation, "solid", shade)):
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
            y=np.where(filled, 100 * split.nums / split.nums.sum(), np.nan),  # An empty bin has no outline.
            name=name,
            marker={"color": fill, "line": {"color": shade, "width": 1.5}},
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


@dataclass(frozen=True, eq=False, kw_only=True)
class Errors:
    """A run's errors over its epochs (0 to 1, or relative ones)."""

    epochs: Sequence[float]
    training: Sequence[float]
    validation: Sequence[float]
    in_percent: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Ended(Errors):
    """The same, and where the run would have ended (None: at its end) with which weights."""

    best: int
    stopped: float | None


def ended_figure(run: Ended, slot: int, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """Training (dotted) and validation error (solid); what would not have been trained is shaded."""
    figure = _error_figure(run, slot, translate, dark=dark)
    shade, unit = colour(slot, dark=dark), 100 if run.in_percent else 1
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
    return figure


@dataclass(frozen=True)
class Told:
    """What was said of a run from an epoch on, and until which."""

    name: Text
    epoch: float
    until: float


def told_figure(
    run: Errors, sayings: Sequence[Told], slot: int, translate: Translate = untranslated, *, dark: bool = False
) -> go.Figure:
    """Training (dotted) and validation error (solid) above a bar for each thing said, from when to when it was."""
    figure = _error_figure(run, slot, translate, dark=dark)
    if not sayings:
        return figure
    names = list(dict.fromkeys(saying.name.render(translate) for saying in sayings))
    figure.add_bar(
        x=[saying.until - saying.epoch for saying in sayings],
        base=[saying.epoch for saying in sayings],
        y=[saying.name.render(translate) for saying in sayings],
        orientation="h",
        width=0.6,
        marker={"color": GREY},
        showlegend=False,
        hovertemplate="%{base:.4g} – %{x:.4g}<extra></extra>",
        yaxis="y2",
    )
    share = 0.07 * len(names)
    figure.update_layout(
        yaxis={"domain": [share + 0.05, 1.0]},
        xaxis={"anchor": "y2"},
        yaxis2={"domain": [0.0, share], "anchor": "x", "automargin": True, "categoryarray": names[::-1]},
    )
    return figure


def _error_figure(run: Errors, slot: int, translate: Translate, *, dark: bool) -> go.Figure:
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
    figure.update_xaxes(title=Text("epoch").render(translate), rangemode="tozero", automargin=True)
    title = Text("error, %") if run.in_percent else Text("relative error")
    figure.update_yaxes(title=title.render(translate), rangemode="tozero", automargin=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND, hovermode="x unified")


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


@dataclass(frozen=True, eq=False)
class Followed:
    """Samples by their `variability` and `mean` confidence (N,) in 0 … 1, and which have a wrong label (N,).

    `epochs` (M,) with the share of samples whose given label is named, of right and of wrong labels (M,), NaN where
    there are none; `validation` (M,) is the validation error, NaN where it was not measured.
    """

    variability: np.ndarray
    mean: np.ndarray
    is_wrong: np.ndarray
    names: Sequence[str]
    epochs: np.ndarray
    of_right: np.ndarray
    of_wrong: np.ndarray
    validation: np.ndarray


def samples_figure(
    followed: Followed, translate: Translate = untranslated, *, coloured: bool, dark: bool = False
) -> go.Figure:
    """Each sample a point: how sure the network was of its label on average, and how much that changed."""
    figure = go.Figure()
    kinds: list[tuple[Text, np.ndarray, int, str]] = [
        (Text("right labels"), ~followed.is_wrong, 0, "circle"),
        (Text("wrong labels"), followed.is_wrong, 3, "x"),
    ]
    if not coloured:
        kinds = [(Text("training samples"), np.ones(len(followed.mean), bool), 0, "circle")]
    for name, chosen, slot, mark in kinds:
        figure.add_scatter(
            x=100 * followed.variability[chosen],
            y=100 * followed.mean[chosen],
            mode="markers",
            name=name.render(translate),
            text=[name for name, is_in in zip(followed.names, chosen, strict=True) if is_in],
            hovertemplate="%{text}: %{y:.0f} % ± %{x:.0f}<extra></extra>",
            marker={"color": colour(slot, dark=dark), "symbol": mark, "size": 6, "opacity": 0.65},
        )
    for text, x, y in (
        (Text("easy"), 2, 104),
        (Text("changing"), 42, 54),
        (Text("hard, or labelled wrong"), 2, -4),
    ):
        figure.add_annotation(text=text.render(translate), x=x, y=y, xanchor="left", showarrow=False)
    variability = Text("its standard deviation, points").render(translate)
    figure.update_xaxes(title=variability, range=[-1, 52], automargin=True)
    confidence = Text("mean confidence in the given label, %").render(translate)
    figure.update_yaxes(title=confidence, range=[-9, 109], automargin=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND)


def memory_figure(
    followed: Followed, translate: Translate = untranslated, *, coloured: bool, dark: bool = False
) -> go.Figure:
    """The share of training samples that are not answered as their label says, and the validation error, by epoch."""
    figure = go.Figure()
    num_wrong = int(followed.is_wrong.sum())
    together = followed.of_right
    if num_wrong:
        share = num_wrong / len(followed.is_wrong)
        together = (1 - share) * followed.of_right + share * followed.of_wrong
    lines: list[tuple[Text, np.ndarray, int, str]] = [(Text("training error"), 1 - together, 0, "dot")]
    if coloured and num_wrong:
        lines = [
            (Text("right labels not learned"), 1 - followed.of_right, 0, "dot"),
            (Text("wrong labels not learned"), 1 - followed.of_wrong, 3, "dot"),
        ]
    measured = ~np.isnan(followed.validation)
    for name, values, slot, dash in lines:
        figure.add_scatter(
            x=followed.epochs,
            y=100 * values,
            mode="lines",
            name=name.render(translate),
            line={"color": colour(slot, dark=dark), "dash": dash, "width": 2.5},
        )
    figure.add_scatter(
        x=followed.epochs[measured],
        y=100 * followed.validation[measured],
        mode="lines",
        name=Text("validation error").render(translate),
        line={"color": colour(0, dark=dark), "width": 2.5},
    )
    figure.update_xaxes(title=Text("epoch").render(translate), rangemode="tozero", automargin=True)
    figure.update_yaxes(title=Text("error, %").render(translate), range=[0, 103], automargin=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND, hovermode="x unified")
