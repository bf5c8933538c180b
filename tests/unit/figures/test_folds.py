"""Figures of folds: every sample is coloured in one row, and the numbers are those of the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.figures.folds import FoldsShown, fold_counts_figure, folds_figure

SHOWN = FoldsShown(2, np.array([1, 2, 1, 2, 1]), np.array([1, 0, 0, 1, 1]), ("cat", "dog"))
HALVES = FoldsShown(60, np.arange(1, 61), np.zeros(60, np.int64), ("all",))


def test_every_sample_validates_in_the_row_of_its_fold_and_stands_with_its_class():
    figure: Any = folds_figure(SHOWN, lambda text: {"cat": "猫"}.get(text, text))
    picture = figure.data[0]
    assert np.asarray(picture.z).tolist() == [[1, 0, 1, 1, 0], [0, 1, 0, 0, 1]]
    assert np.asarray(picture.z).sum(axis=0).tolist() == [1] * 5
    assert figure.layout.xaxis.ticktext[0] == "猫"
    assert list(figure.layout.xaxis.tickvals) == [0.5, 3.0], "in the middle of its samples"
    assert [line.x0 for line in figure.layout.shapes] == [1.5], "a line between two classes"


def test_numbers_are_those_of_each_class_in_each_fold():
    figure: Any = fold_counts_figure(SHOWN)
    picture = figure.data[0]
    assert np.asarray(picture.z).tolist() == [[1, 2], [1, 1]]
    assert list(picture.x) == ["cat", "dog"]


@pytest.mark.parametrize(("shown", "every"), [(SHOWN, 1), (HALVES, 10)])
def test_of_many_folds_some_are_named(shown: FoldsShown, every: int):
    figures: list[Any] = [folds_figure(shown), fold_counts_figure(shown)]
    for figure in figures:
        assert figure.layout.yaxis.dtick == every
        assert figure.layout.yaxis.title.text == "fold"
