"""The figures about what stored runs have learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.figures.generalization import Followed, Reliability, memory_figure, reliability_figure
from core.figures.theme import colour
from core.text import Text


def test_answers_of_training_are_told_from_those_of_validation_and_an_empty_bin_has_no_bar():
    nums = np.array([0, 3, 5])
    confidences, rights = np.array([np.nan, 0.5, 0.9]), np.array([np.nan, 0.4, 1.0])
    of_training, of_validation = (Reliability(Text(name), nums, confidences, rights) for name in ("a", "b"))
    figure: Any = reliability_figure(of_training, of_validation, 0)
    training, validation = [bar for bar in figure.data if bar.type == "bar"]
    assert validation.marker.color == colour(0, dark=False)
    assert training.marker.color != validation.marker.color
    assert training.marker.line.color == validation.marker.line.color == validation.marker.color
    assert [np.isnan(value) for value in training.y] == [True, False, False]
    assert np.nansum(training.y) == 100


def test_what_is_learned_when_stands_on_an_axis_with_a_name_and_a_unit():
    zeros = np.zeros(2)
    followed = Followed(zeros, zeros, np.array([False, True]), ["a", "b"], np.arange(2), zeros, zeros, zeros)
    for coloured in (False, True):
        assert (
            memory_figure(followed, coloured=coloured).to_plotly_json()["layout"]["yaxis"]["title"]["text"]
            == "error, %"
        )
