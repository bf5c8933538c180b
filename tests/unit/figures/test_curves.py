"""The curves that stand still show their data, with units on their axes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from core.figures.curves import ActivationCurve, ScheduleCurve, activation_figure, schedule_figure

EMPTY = np.empty(0)


def test_an_activation_is_drawn_with_its_slope_as_a_second_line_kind():
    x = np.array([-1.0, 0.0, 2.0])
    figure = activation_figure(ActivationCurve(x, np.maximum(x, 0), (x > 0).astype(float)))
    value, slope = cast(Any, figure).data
    assert list(value.y) == [0, 0, 2]
    assert list(slope.y) == [0, 0, 1]
    assert value.line.dash != slope.line.dash, "colour is never the only sign"
    assert figure.layout.xaxis.title.text == "x (input of the unit)"


def test_a_schedule_is_drawn_over_epochs_from_zero():
    figure = schedule_figure(ScheduleCurve(np.array([0, 10, 20]), np.array([0.1, 0.05, 0.0]), 10))
    assert list(cast(Any, figure).data[0].x) == [0, 1, 2]
    assert figure.layout.xaxis.title.text == "epoch"
    assert figure.layout.yaxis.title.text == "learning rate"
    assert figure.layout.yaxis.rangemode == "tozero"


def test_titles_follow_the_language():
    figure = schedule_figure(ScheduleCurve(np.array([0]), np.array([0.1]), 1), lambda template: f"«{template}»")
    assert figure.layout.xaxis.title.text == "«epoch»"


def test_an_empty_record_says_what_is_missing():
    for figure in (
        activation_figure(ActivationCurve(EMPTY, EMPTY, EMPTY)),
        schedule_figure(ScheduleCurve(EMPTY, EMPTY, 1)),
    ):
        assert not figure.data
        assert figure.layout.annotations[0].text
