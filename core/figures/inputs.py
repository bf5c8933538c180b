"""Figures of feature selection: errors by the number of inputs, and which inputs every fold keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.folds import TRAINS, VALIDATES
from core.figures.generalization import GREY, HEIGHT, LEGEND, MARGIN
from core.figures.theme import colour
from core.text import Text, Translate, untranslated

MOST_SHOWN = 20


@dataclass(frozen=True)
class ErrorsByNumber:
    """Errors by the number of inputs: mean training error, mean validation error and its standard error (0 to 1).

    `guessing` is the error of whoever always names the commonest class; `looked_at` is the number shown closely.
    """

    inside: Mapping[int, tuple[float, float, float]]
    outside: Mapping[int, tuple[float, float, float]]
    guessing: float
    looked_at: int


def errors_by_number_figure(
    errors: ErrorsByNumber, translate: Translate = untranslated, *, dark: bool = False
) -> go.Figure:
    """Training error (dotted) and validation error (solid), chosen inside the folds and outside of them."""
    figure = go.Figure()
    lines = (
        (Text("inside the folds"), errors.inside, 0),
        (Text("outside of them: a mistake"), errors.outside, 1),
    )
    for name, found, slot in lines:
        for split, place, dash in ((Text("training"), 0, "dot"), (Text("validation"), 1, "solid")):
            words = Text("{name}, {split}", name=name, split=split)
            spread = {"array": [100 * each[2] for each in found.values()], "thickness": 1, "width": 3}
            figure.add_scatter(
                x=list(found),
                y=[100 * each[place] for each in found.values()],
                error_y=spread if place else None,
                mode="lines+markers",
                name=words.render(translate),
                line={"color": colour(slot, dark=dark), "dash": dash, "width": 2.5 if place else 1.5},
                marker={"size": 8, "symbol": "circle" if place else "circle-open"},
            )
    figure.add_hline(errors.guessing * 100, line={"color": GREY, "dash": "dash", "width": 1})
    figure.add_annotation(
        text=Text("guessing").render(translate),
        x=0,
        xref="paper",
        y=100 * errors.guessing,
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
    )
    figure.add_vline(errors.looked_at, line={"color": GREY, "width": 6}, opacity=0.25)
    numbers = sorted({*errors.inside, *errors.outside})
    figure.update_xaxes(
        title=Text("inputs kept").render(translate), type="log", tickvals=numbers, ticktext=list(map(str, numbers))
    )
    figure.update_yaxes(title=Text("error, %").render(translate), rangemode="tozero", automargin=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, legend=LEGEND)


@dataclass(frozen=True, eq=False)
class KeptByFold:
    """Inputs by name: their scores (F,), the mean over the folds; and which are kept, by fold and then outside: bool.

    inside: (folds, F); outside: (F,).
    """

    names: Sequence[str]
    scores: np.ndarray
    inside: np.ndarray
    outside: np.ndarray

    @property
    def first(self) -> np.ndarray:
        """The inputs that are shown, those kept most often and of these the best in front."""
        return np.lexsort((-self.scores, -self.inside.sum(axis=0) - self.outside))[:MOST_SHOWN]


def kept_figure(kept: KeptByFold, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """A row an input: its score as a bar, and beside it the folds that keep it."""
    shown = kept.first
    names = [kept.names[place] for place in shown]
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, column_widths=[0.55, 0.45], horizontal_spacing=0.03)
    figure.add_bar(
        x=kept.scores[shown],
        y=names,
        orientation="h",
        marker={"color": colour(0, dark=dark)},
        hovertemplate="%{y}: %{x:.3g}<extra></extra>",
        row=1,
        col=1,
    )
    columns = [*(str(fold + 1) for fold in range(len(kept.inside))), Text("all samples").render(translate)]
    figure.add_heatmap(
        z=np.vstack([kept.inside, kept.outside])[:, shown].T.astype(np.int8),
        x=columns,
        y=names,
        colorscale=[[0, TRAINS], [1, VALIDATES]],
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=3,
        ygap=2,
        hoverinfo="skip",
        row=1,
        col=2,
    )
    figure.update_yaxes(autorange="reversed", type="category", automargin=True, showgrid=False, dtick=1)
    figure.update_xaxes(title=Text("score, mean over the folds").render(translate), row=1, col=1)
    figure.update_xaxes(title=Text("kept by fold").render(translate), type="category", showgrid=False, row=1, col=2)
    return figure.update_layout(height=90 + 19 * len(shown), margin=MARGIN, showlegend=False)
