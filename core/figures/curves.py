"""Figures that stand still: an activation with its derivative, a learning rate schedule before training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from core.text import Text, Translate, untranslated

VALUE_COLOUR = "#0072b2"
SLOPE_COLOUR = "#d55e00"


@dataclass(frozen=True)
class ActivationCurve:
    """Value and derivative of an activation at the points x, three float64 vectors of one length."""

    x: np.ndarray
    value: np.ndarray
    slope: np.ndarray


@dataclass(frozen=True)
class ScheduleCurve:
    """Learning rate at each update: `updates` int64, `lr` float64, of one length; an epoch has `updates_per_epoch`.

    Where the run decides when the rate drops, `lr` is the rate without any drop and `earliest` that with all drops as
    early as they can come.
    """

    updates: np.ndarray
    lr: np.ndarray
    updates_per_epoch: int
    earliest: np.ndarray | None = None


def activation_figure(curve: ActivationCurve, translate: Translate = untranslated) -> go.Figure:
    """The activation (solid) and its derivative (dashed) over x."""
    figure = go.Figure()
    if not len(curve.x):
        return _missing(figure, Text("There is no curve to draw."), translate)
    names = (Text("value f(x)"), Text("slope f′(x)"))
    for name, y, colour, dash in zip(
        names, (curve.value, curve.slope), (VALUE_COLOUR, SLOPE_COLOUR), ("solid", "dash"), strict=True
    ):
        figure.add_scatter(
            x=curve.x, y=y, mode="lines", name=name.render(translate), line={"color": colour, "dash": dash, "width": 2}
        )
    return _framed(figure, Text("x (input of the unit)"), Text("value and slope"), translate)


def schedule_figure(curve: ScheduleCurve, translate: Translate = untranslated) -> go.Figure:
    """The learning rate over the epochs of the planned run."""
    figure = go.Figure()
    if not len(curve.updates):
        return _missing(figure, Text("The run has no updates, so there is no schedule to draw."), translate)
    epochs = curve.updates / curve.updates_per_epoch
    figure.add_scatter(
        x=epochs,
        y=curve.lr,
        mode="lines",
        name=(Text("learning rate") if curve.earliest is None else Text("while errors fall")).render(translate),
        line={"color": VALUE_COLOUR, "width": 2},
    )
    if curve.earliest is not None:
        figure.add_scatter(
            x=epochs,
            y=curve.earliest,
            mode="lines",
            name=Text("if they never fall").render(translate),
            line={"color": VALUE_COLOUR, "dash": "dash", "width": 2, "shape": "hv"},
        )
    figure = _framed(figure, Text("epoch"), Text("learning rate"), translate)
    return figure.update_layout(showlegend=curve.earliest is not None).update_yaxes(rangemode="tozero")


def _framed(figure: go.Figure, x_title: Text, y_title: Text, translate: Translate) -> go.Figure:
    return figure.update_layout(
        height=240,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0},
        xaxis={"title": x_title.render(translate)},
        yaxis={"title": y_title.render(translate), "automargin": True},
        hovermode="x unified",
    )


def _missing(figure: go.Figure, reason: Text, translate: Translate) -> go.Figure:
    return figure.update_layout(
        height=240,
        xaxis={"visible": False},
        yaxis={"visible": False},
        annotations=[
            {"text": reason.render(translate), "showarrow": False, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
        ],
    )
