"""The guessing line: the error of an answer that looks at no input."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from core.experiment import Experiment
from core.training.guessing import guessing
from core.training.resident import resident


def guess(dataset: str, folder: Path):
    return guessing(resident(Experiment.from_json({"dataset": dataset}), folder, "cpu"))


def test_ten_equally_frequent_digits_are_guessed_wrong_nine_times_of_ten(data_folder: Path):
    error, loss, text = guess("digits", data_folder)
    assert error == pytest.approx(0.9)
    assert loss == pytest.approx(math.log(10))
    assert str(text) == "guessing: 9 of 10 wrong"


def test_where_one_class_is_more_frequent_guessing_names_it(data_folder: Path):
    error, loss, text = guess("breast_cancer", data_folder)
    assert error == pytest.approx(212 / 569, abs=0.005)
    assert loss == pytest.approx(-(error * math.log(error) + (1 - error) * math.log(1 - error)))
    assert str(text) == "guessing “benign”: 37 % wrong"


def test_guessing_the_mean_has_relative_error_one(data_folder: Path):
    data = resident(Experiment.from_json({"dataset": "polynomial"}), data_folder, "cpu")
    error, loss, _ = guessing(data)
    targets = data.targets[data.splits.train].double()
    assert error == 1.0
    assert loss == pytest.approx(float((targets - targets.mean()).square().mean()), rel=1e-6)
