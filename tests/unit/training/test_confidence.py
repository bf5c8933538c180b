"""Confidence equals scikit-learn's calibration curve, and its counts those of the evaluation."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from core.errors import BadInput
from core.experiment import Experiment
from core.training.confidence import NUM_BINS, Confidence, calibration, check_classes, confidence_of
from core.training.run import Run
from tests.experiments import points


def asked(run: Run) -> Confidence:
    pieces = confidence_of(run)
    try:
        while True:
            assert 0 < next(pieces) <= 1
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize("seed", range(3))
def test_the_curve_is_that_of_scikit_learn(seed: int):
    rng = np.random.default_rng(seed)
    # Also on the edges between bins.
    confidences = np.concatenate([rng.uniform(0.05, 1, 500), np.linspace(0, 1, 11)])
    is_right = rng.uniform(size=len(confidences)) < confidences
    found = calibration(confidences, is_right)
    rights, means = calibration_curve(is_right, confidences, n_bins=NUM_BINS)
    filled = found.nums > 0
    assert np.allclose(found.rights[filled], rights)
    assert np.allclose(found.confidences[filled], means)
    assert found.nums.sum() == found.num == len(confidences)
    # By its definition, answer for answer.
    edges = np.searchsorted(np.linspace(0, 1, NUM_BINS + 1)[1:-1], confidences)
    expected = sum(abs((confidences - is_right)[edges == place].sum()) for place in range(NUM_BINS)) / len(confidences)
    assert found.error == pytest.approx(expected)
    assert found.of_right == pytest.approx(confidences[is_right].mean())
    assert found.of_wrong == pytest.approx(confidences[~is_right].mean())


def test_where_all_is_right_there_is_no_confidence_of_wrong_answers():
    found = calibration(np.array([0.9, 1.0]), np.array([True, True]))
    assert math.isnan(found.of_wrong)
    assert found.num_wrong == 0
    assert found.error == pytest.approx(0.05)


def test_a_network_is_asked_in_evaluation_mode_and_left_as_it_was(tmp_path: Path):
    run = Run(points(), tmp_path)
    run.train()
    before = run.state()[0]
    found = asked(run)
    latest = run.measuring.latest
    assert latest is not None
    assert (found.training.num, found.training.num_wrong) == (latest.train.num, latest.train.wrong)
    assert (found.validation.num, found.validation.num_wrong) == (latest.validation.num, latest.validation.wrong)
    after = run.state()[0]
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_numbers_have_no_confidence():
    with pytest.raises(BadInput, match="no confidence"):
        check_classes(Experiment.from_json({"dataset": "polynomial"}))
