"""Figures of folds: which samples validate with which fold, and how many of each class that are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.theme import colour
from core.text import Text, Translate, untranslated

HEIGHT = 190
MOST_NUMBERED = 12
"""Of more folds than these the numbers of samples do not fit on a screen."""
TRAINS, VALIDATES = "rgba(138, 147, 153, 0.28)", colour(4, dark=False)


@dataclass(frozen=True, eq=False)
class FoldsShown:
    """Samples by class, and of one class by fold: fold (N,) from 1, class (N,) as a place in `names`.

    Targets that are numbers stand in equal parts of their range in place of classes.
    """

    num_folds: int
    folds: np.ndarray
    classes: np.ndarray
    names: Sequence[str]

    @property
    def counts(self) -> np.ndarray:
        """Samples of each class in each fold: int64 (K, C)."""
        counts = np.zeros((self.num_folds, len(self.names)), np.int64)
        np.add.at(counts, (self.folds - 1, self.classes), 1)
        return counts


def folds_figure(shown: FoldsShown, translate: Translate = untranslated) -> go.Figure:
    """A row a fold and a column a sample, class by class: what validates is coloured, what trains is grey."""
    order = np.lexsort((shown.folds, shown.classes))
    validates = (shown.folds[order] == np.arange(1, shown.num_folds + 1)[:, None]).astype(np.int8)
    figure = go.Figure(
        go.Heatmap(
            z=validates,
            y=np.arange(1, shown.num_folds + 1),
            colorscale=[[0, TRAINS], [1, VALIDATES]],
            zmin=0,
            zmax=1,
            showscale=False,
            hoverinfo="skip",
            ygap=3 if shown.num_folds <= MOST_NUMBERED else 0,
        )
    )
    edges = np.flatnonzero(np.diff(shown.classes[order])) + 0.5
    for edge in edges:
        figure.add_vline(x=edge, line={"width": 1, "color": "#8a9399"})
    bounds = np.concatenate([[-0.5], edges, [len(order) - 0.5]])
    figure.update_xaxes(
        title=Text("samples, class by class").render(translate),
        tickvals=(bounds[:-1] + bounds[1:]) / 2,
        ticktext=[translate(shown.names[int(place)]) for place in np.unique(shown.classes)],
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(**_fold_axis(shown, translate), showgrid=False, zeroline=False)
    return _framed(figure)


def fold_counts_figure(shown: FoldsShown, translate: Translate = untranslated, *, dark: bool = False) -> go.Figure:
    """How many samples of each class every fold holds."""
    counts = shown.counts
    figure = go.Figure(
        go.Heatmap(
            z=counts,
            x=[translate(name) for name in shown.names],
            y=np.arange(1, shown.num_folds + 1),
            colorscale=[[0, TRAINS], [1, VALIDATES]],
            zmin=0,
            zmax=2 * max(1, int(counts.max())),  # from none at all: a few samples more or less are no other colour
            showscale=False,
            texttemplate="%{z}" if shown.num_folds <= MOST_NUMBERED else None,
            textfont={"color": "#ffffff" if dark else "#000000"},  # The colours are see-through: Plotly guesses wrong.
            hovertemplate="%{x}: %{z}<extra></extra>",
            xgap=2,
            ygap=2 if shown.num_folds <= MOST_NUMBERED else 0,
        )
    )
    figure.update_xaxes(type="category", title=Text("samples of each class").render(translate), showgrid=False)
    figure.update_yaxes(**_fold_axis(shown, translate), showgrid=False, zeroline=False)
    return _framed(figure)


def _fold_axis(shown: FoldsShown, translate: Translate) -> dict[str, Any]:
    """The folds from top to bottom; of many every tenth is named."""
    return {
        "title": Text("fold").render(translate),
        "autorange": "reversed",
        "dtick": 1 if shown.num_folds <= MOST_NUMBERED else 10,
    }


def _framed(figure: go.Figure) -> go.Figure:
    return figure.update_layout(height=HEIGHT, margin={"l": 50, "r": 10, "t": 4, "b": 40}, dragmode=False)
