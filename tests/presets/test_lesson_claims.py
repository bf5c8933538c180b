"""What the lessons on generalization say of the pages that they open holds on three seeds."""

from __future__ import annotations

import math
from functools import cache
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from core.experiment import Experiment
from core.lessons.lesson import Shown, lessons
from core.lessons.linked import View
from core.pieces import worked_off
from core.studies.comparison import Comparison
from core.studies.engine import engine_of
from core.studies.error_curve import sizes
from core.studies.fits_asked import NUM_SETS, Polynomials, polynomials
from core.studies.kfold import folded
from core.studies.optimism import lowest_error
from core.training.evaluation import Score, score
from core.training.polynomial_fits import Fits
from core.training.resident import sealed_test_split
from core.training.run import Run
from core.training.trend import uncertainty_of
from tests.presets.comparison_measures import together
from tests.presets.lesson_ranges import (
    FEW_FOLDS_APART,
    MORE_FOLDS_APART,
    STRONG_TRAIN,
    STRONG_VALIDATION,
    TEST_FROM_VALIDATION,
    TRAIN_ONCE,
    WEAK_GAP,
    WEAK_TRAIN,
)
from tests.presets.measures import NEVER

SEEDS = pytest.mark.parametrize("seed", [0, 1, 2])
STRENGTHS = "regularizers.0.strength=0.00001,0.01,0.1"
"""Of the strengths that the page tries, the two ends and one between."""


def view_of(shown: Shown) -> View:
    """The page that a step or a claim opens."""
    assert isinstance(shown.linked, View)
    return shown.linked


def seeded(experiment: Experiment | None, seed: int) -> Experiment:
    """The experiment with other points, first weights and order; it is measured at its end only."""
    assert experiment is not None
    return experiment.replace(seed=seed, split_seed=seed, evaluate_every=NEVER)


def errors_of(comparison: Comparison, folder: Path) -> np.ndarray:
    """Training and validation error in percent, by variant and fold (V, K, 2)."""
    lanes = comparison.experiments({})
    experiments = [lane.experiment.replace(evaluate_every=NEVER) for lane in lanes]
    engine = engine_of(experiments)
    found = np.zeros((len(comparison.variants), comparison.folds or 1, 2))
    folds = [count() for _ in comparison.variants]
    for group in engine.groups:
        runs = together([experiments[place] for place in group], engine.name, folder, set())
        for place, (run, _) in zip(group, runs, strict=True):
            assert run.final is not None
            variant = lanes[place].variant
            found[variant, next(folds[variant])] = 100 * run.final.train.error, 100 * run.final.validation.error
    return found


# -- the amount of data ----------------------------------------------------------------------------------------------


@SEEDS
def test_as_many_samples_as_weights_can_be_worse_than_fewer(seed: int, data: Path):
    base = seeded(view_of(lessons()["generalization"].claims[2]).experiment, seed)
    path, spec = sizes(base)
    curve = Comparison.of(base.to_json(), [f"{path}={spec}"], rates="hand", seeds=1, name="")
    points = {lane.experiment.dataset.n: lane.experiment for lane in curve.experiments({})}  # type: ignore[attr-defined]
    errors = {}
    for num in (96, 205, 437):
        final = Run(points[num], data).train().final
        assert final is not None
        errors[num] = final.validation.error
    assert errors[205] > 1.4 * errors[96]
    assert errors[437] < 0.7 * errors[96]


# -- K-fold ----------------------------------------------------------------------------------------------------------


def fold_errors(place: int, seed: int, folder: Path) -> np.ndarray:
    """The errors of the folds (K, 2) of a step of the lesson."""
    view = view_of(lessons()["kfold"].steps[place])
    return errors_of(folded(seeded(view.experiment, seed), int(view.query["folds"])), folder)[0]


@SEEDS
def test_few_points_make_folds_that_differ_and_a_mean_near_fresh_ones(seed: int, data: Path):
    validation = fold_errors(0, seed, data)[:, 1]
    assert np.ptp(validation) in FEW_FOLDS_APART
    once = Run(seeded(view_of(lessons()["kfold"].steps[0]).experiment, seed), data).train().final
    assert once is not None
    assert once.validation.num == 1000
    assert abs(validation.mean() - 100 * once.validation.error) <= 10


@SEEDS
def test_more_samples_make_folds_that_agree(seed: int, data: Path):
    validation = fold_errors(1, seed, data)[:, 1]
    assert np.ptp(validation) in MORE_FOLDS_APART


@SEEDS
def test_a_fold_of_one_sample_is_right_or_wrong(seed: int, data: Path):
    validation = fold_errors(3, seed, data)[:, 1]
    assert len(validation) == 20
    assert set(validation) <= {0.0, 100.0}


# -- λ ---------------------------------------------------------------------------------------------------------------


@SEEDS
def test_too_weak_a_penalty_overfits_and_too_strong_a_one_underfits(seed: int, data: Path):
    base = seeded(view_of(lessons()["strength"].steps[0]).experiment, seed)
    document = {**base.to_json(), "regularizers": ["l2"]}
    varied = Comparison.of(document, [STRENGTHS], rates="hand", seeds=1, name="")
    train, validation = errors_of(Comparison.from_json({**varied.to_json(), "folds": 5}), data).mean(1).T
    gap = validation - train
    assert train[0] in WEAK_TRAIN
    assert gap[0] in WEAK_GAP
    assert train[2] in STRONG_TRAIN
    assert validation[2] in STRONG_VALIDATION
    assert max(gap[1:]) < gap[0]


@SEEDS
def test_once_on_all_points_a_penalty_keeps_the_training_error_up(seed: int, data: Path):
    experiment = seeded(lessons()["strength"].steps[2].experiment, seed)
    final = Run(experiment, data).train().final
    assert final is not None
    assert 100 * final.train.error in TRAIN_ONCE


# -- bias and variance -----------------------------------------------------------------------------------------------


@cache
def fits_of(place: int, seed: int) -> tuple[Fits, int]:
    """The fits of a step of the lesson, and their degree."""
    query = view_of(lessons()["bias"].steps[place]).query
    asked = Polynomials.from_url("fit", query).model_copy(update={"sets": NUM_SETS, "seed": seed})
    return worked_off(polynomials(asked)), asked.degree


@SEEDS
def test_stiff_fits_are_biased_bendy_ones_vary_and_the_right_degree_is_the_best(seed: int):
    fits, degree = fits_of(0, seed)
    assert degree == 1
    assert fits.bias2[1] > 4 * max(fits.variance[1], fits.noise)
    assert fits.variance[fits_of(1, seed)[1]] > 5 * max(fits.bias2[9], fits.noise)
    assert (fits.bias2 + fits.variance).argmin() == fits_of(4, seed)[1] == 4


@SEEDS
def test_more_points_lower_the_variance_and_leave_the_bias(seed: int):
    (few, _), (many, degree) = fits_of(1, seed), fits_of(2, seed)
    assert fits_of(3, seed)[1] == 1
    assert degree == 9
    assert all(many.variance[degree] < few.variance[degree] for degree in (1, 4, 9))
    assert 0.48 < few.bias2[1] < 0.5
    assert 0.48 < many.bias2[1] < 0.5


# -- the sealed test set ---------------------------------------------------------------------------------------------


def scores_of(seed: int, folder: Path) -> tuple[Score, Score]:
    """The scores of the lesson's network on validation and test samples."""
    run = Run(seeded(lessons()["seal"].steps[0].experiment, seed), folder).train()
    parts = run.parts
    batches = parts.feed.pieces(sealed_test_split(parts.data), parts.piece_size)
    assert run.final is not None
    return run.final.validation, worked_off(score(parts.model, batches, parts.plain_loss, parts.target_spread))


@SEEDS
def test_the_test_error_lies_where_chance_allows_and_the_best_of_many_shows_less(seed: int, data: Path):
    validation, test = scores_of(seed, data)
    assert (validation.num, test.num) == (287, 360)
    spreads = [uncertainty_of(each.error, each.num, is_share=True) for each in (validation, test)]
    assert (test.error - validation.error) / math.hypot(*spreads) in TEST_FROM_VALIDATION
    assert 0.01 <= spreads[1] <= 0.016
    assert lowest_error(20, validation.error, validation.num) < 0.8 * validation.error
