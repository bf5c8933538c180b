from __future__ import annotations

import numpy as np

from core.catalog.datasets.examples import examples


def test_every_class_is_shown_before_one_is_shown_twice() -> None:
    targets = np.array([0, 0, 0, 2, 2, 1, 1, 0])
    shown = examples(targets, np.arange(8), 5)
    assert targets[shown].tolist() == [0, 1, 2, 0, 1]
    assert len(set(shown.tolist())) == 5


def test_only_the_rows_asked_about_are_shown_even_when_they_are_few() -> None:
    targets = np.array([0, 1, 2, 0, 1, 2])
    assert examples(targets, np.array([5, 3]), 10).tolist() == [3, 5]


def test_of_values_the_first_rows_are_shown() -> None:
    assert examples(np.zeros((6, 1), np.float32), np.array([4, 2, 1]), 2).tolist() == [4, 2]
