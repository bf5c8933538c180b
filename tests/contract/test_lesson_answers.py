"""What a lesson calls right follows from what its presets, comparisons and stories claim.

Captions of presets and comparisons are ranges that tests/presets measures on three seeds; those of stories are
the numbers of paths. Hardly anything is trained here: an answer has to follow from these.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import core.catalog  # noqa: F401 - registers the entries
from core.catalog.presets import presets
from core.errors import Refused
from core.experiment import Experiment
from core.landscape.path import Path as Trail
from core.landscape.paths import paths_of
from core.landscape.stories import stories
from core.lessons.lesson import Lesson, Step, lessons
from core.lessons.linked import View
from core.lessons.question import Choice, Curve, Number
from core.pieces import worked_off
from core.store.looks import judge
from core.store.records import Look
from core.studies.comparison import Comparison
from core.studies.comparison_presets import comparison_presets
from core.studies.fits_asked import NUM_SETS, Polynomials, polynomials
from core.studies.kfold import folded, once_on_all
from core.studies.optimism import lowest_error
from core.training.pictures import gradient_sizes
from core.training.polynomial_fits import Fits
from core.training.run import Run
from core.training.splits import split_sizes
from tests.experiments import points, trained
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

STEPS = [(f"{key}.{place}", step) for key, lesson in lessons().items() for place, step in enumerate(lesson.steps, 1)]
each_step = pytest.mark.parametrize(("name", "step"), STEPS, ids=[name for name, _ in STEPS])
GUESSING = 87.0
"""From here on nine of ten digits are wrong."""


class Range:
    """Where a measure lies on every seed, in percent for errors of classes."""

    def __init__(self, low: float | None, high: float | None) -> None:
        self.low = -math.inf if low is None else low
        self.high = math.inf if high is None else high


def of(preset: str, measure: str = "validation_error") -> Range:
    """What a preset's caption claims of a measure."""
    [claim] = [claim for claim in presets()[preset].claims if claim.measure == measure]
    return Range(claim.low, claim.high)


def between(comparison: str, variant: str, than: str = "", measure: str = "validation_error") -> Range:
    """What a comparison's caption claims of a variant, alone or beside another."""
    [claim] = [
        claim
        for claim in comparison_presets()[comparison].claims
        if variant in claim.variants and claim.than == than and claim.measure == measure
    ]
    return Range(claim.low, claim.high)


STRIDES = ("stride 1", "stride 2", "stride 4")
NORMALIZED = ("with batch norm", "without batch norm")


def multiplications(comparison: str, variant: str) -> float:
    """What one update costs forward, in millions."""
    return between(comparison, variant, measure="multiplications").low


def small_weights(variant: str) -> Range:
    """How many weights a penalty leaves near 0."""
    return between("l1_l2", variant, measure="small_weights")


@cache
def paths(story: str) -> dict[str, list[Trail]]:
    """The paths of a story by the keys of their optimizers."""
    practice = next(one for one in stories() if one.key == story).practice
    found: dict[str, list[Trail]] = {}
    for optimizer, path in zip(practice.optimizers, paths_of(practice), strict=True):
        found.setdefault(optimizer.key, []).append(path)
    return found


def last_loss(story: str, optimizer: str, place: int = 0) -> float:
    """Where a path of a story ends; `place` among those of one optimizer."""
    return paths(story)[optimizer][place].losses[-1]


def leaves(optimizer: str, tmp_path: Path) -> bool:
    """Whether an optimizer moves a hidden weight away from exactly 0."""
    run, _ = trained(points(initializer="zeros", optimizer=optimizer), tmp_path)
    return bool(run.parts.loop.parameters[0].detach().abs().max() > 0)


def gradients_apart(preset: str, folder: Path) -> list[float]:
    """The powers of ten between the largest and the smallest gradient of a layer, on three seeds."""
    sizes = [
        gradient_sizes(Run(Experiment.from_json({"preset": preset, "seed": seed}), folder)).values()
        for seed in range(3)
    ]
    return [max(found) - min(found) for found in map(list, sizes)]


def sooner(first: str, second: str) -> bool:
    """Whether the first has left the saddle's ridge before the second."""
    distance = [abs(paths("saddle")[key][0].positions[:, 1]) > 0.5 for key in (first, second)]
    return bool(distance[0].argmax() < distance[1].argmax())


def step_of(lesson: str, place: int) -> View:
    """The page that a step of a lesson opens."""
    view = lessons()[lesson].steps[place - 1].linked
    assert isinstance(view, View)
    return view


@cache
def fits(place: int) -> Fits:
    """The polynomials of a step on bias and variance."""
    asked = Polynomials.from_url("fit", step_of("bias", place).query)
    return worked_off(polynomials(asked.model_copy(update={"sets": NUM_SETS})))


def largest_part(place: int) -> tuple[bool, ...]:
    """Whether bias², variance and noise are the largest part of the error at the degree of a step."""
    degree = int(step_of("bias", place).query["fit.degree"])
    parts = (fits(place).bias2[degree], fits(place).variance[degree], fits(place).noise)
    return tuple(bool(part == max(parts)) for part in parts)


def variance(place: int) -> float:
    """The variance at degree 9 in a step."""
    return float(fits(place).variance[9])


def folds_of(place: int) -> Comparison:
    """The folds of a step on K-fold."""
    view = step_of("kfold", place)
    assert view.experiment is not None
    return folded(view.experiment, int(view.query["folds"]))


def num_train(experiment: Experiment) -> int:
    """On how many samples an experiment, or each fold of it, trains."""
    return split_sizes(experiment).num_train


def num_validation(experiment: Experiment) -> int:
    """On how many samples it, or each fold of it, validates."""
    return split_sizes(experiment).num_validation


def is_refused_another_look() -> bool:
    """Whether who has looked at a test set needs to insist on another look with other weights."""
    earlier = [Look("ann", "ab", "cd", 1, 0.1, {}, False, None, datetime.now(UTC))]
    try:
        judge(earlier, "ef", insist=False)
    except Refused:
        return judge(earlier, "ef", insist=True) is None
    return False


HOLDS: dict[str, Callable[[Path], tuple[bool, ...]]] = {
    "augmentation.2": lambda _: (
        between("augmentation_500", "turned, scaled, shifted", "no augmentation").high <= 0,
        False,
        between("augmentation_500", "turned, scaled, shifted", "no augmentation").low >= 0,
    ),
    "augmentation.3": lambda _: (
        between("augmentation_500", "mirrored", "no augmentation").high <= 0,
        False,
        between("augmentation_500", "mirrored", "no augmentation").low >= 0,
    ),
    "generalization.2": lambda _: (
        of("overfits_moons").low <= of("overfits_moons", "lowest_error").high,
        of("overfits_moons", "lowest_epoch").high <= 0.2 * STEP["generalization.2"].experiment.epochs,  # type: ignore[union-attr]
        of("overfits_moons").high - of("overfits_moons", "lowest_error").low < 1,
    ),
    "fitting.1": lambda _: (
        of("lambda_too_large", "train_error").high < 5,
        min(of("lambda_too_large", "train_error").low, of("lambda_too_large").low) > 15,
        max(of("lambda_too_large", "train_error").high, of("lambda_too_large").high) < 15,
    ),
    "fitting.2": lambda _: (
        of("lambda_too_small").high < 10,
        of("lambda_too_small", "train_error").high < 5
        and 15 < of("lambda_too_small").low < 20 < of("lambda_too_small").high,
        of("lambda_too_small", "train_error").low > 15,
    ),
    **{f"bias.{place}": lambda _, place=place: largest_part(place) for place in (1, 2)},
    "bias.3": lambda _: (variance(3) < variance(2), False, variance(3) > variance(2)),
    "bias.4": lambda _: (
        fits(4).bias2[1] < 0.98 * fits(1).bias2[1],
        abs(fits(4).bias2[1] / fits(1).bias2[1] - 1) < 0.02,
    ),
    "kfold.1": lambda _: (FEW_FOLDS_APART.high < 8, FEW_FOLDS_APART.low >= 8),
    "kfold.2": lambda _: (MORE_FOLDS_APART.high < 8, MORE_FOLDS_APART.low >= 8),
    "kfold.3": lambda _: (False, False, num_train(once_on_all(folds_of(3).base)) > num_train(folds_of(3).base)),
    "kfold.4": lambda _: (num_validation(folds_of(4).base) == 1, num_validation(folds_of(4).base) > 1),
    "strength.1": lambda _: (WEAK_TRAIN.low > 15, False, min(STRONG_TRAIN.low, STRONG_VALIDATION.low) > 15),
    "strength.2": lambda _: (WEAK_GAP.low > 0, False, WEAK_GAP.high < 0),
    "strength.3": lambda _: (TRAIN_ONCE.high < 1, TRAIN_ONCE.low > 1),
    "seal.2": lambda _: (lowest_error(20, 0.05, 287) < 0.04, False, lowest_error(20, 0.05, 287) > 0.05),
    "seal.3": lambda _: (
        TEST_FROM_VALIDATION.low < 0 < TEST_FROM_VALIDATION.high,
        TEST_FROM_VALIDATION.high < 0,
        TEST_FROM_VALIDATION.low > 0,
    ),
    "seal.4": lambda _: (not is_refused_another_look(), is_refused_another_look()),
    "penalties.1": lambda _: (
        small_weights("L1 0.003").low > small_weights("L2 0.003").high,
        small_weights("L2 0.003").low > small_weights("L1 0.003").high,
        False,
    ),
    "penalties.2": lambda _: (
        between("l2_decay_sgd", "weight decay 0.005", "L2 0.005", "weights").low < 0.01,
        between("l2_decay_sgd", "weight decay 0.01", "L2 0.005", "weights").high <= -12,
        between("l2_decay_sgd", "weight decay 0.01", "L2 0.005", "weights").high > -6,
    ),
    "dropout.1": lambda _: (
        of("moons_dropout").low > of("overfits_moons").high,
        of("moons_dropout").high < of("overfits_moons").low,
        False,
    ),
    "dropout.2": lambda _: (
        between("dropout_digits", "dropout 0.25", "dropout 0", "updates_to_10").high < 1,
        False,
        between("dropout_digits", "dropout 0.5", "dropout 0", "updates_to_10").low > 1,
    ),
    "depth.1": lambda _: (False, of("sigmoid_20").high < 20, of("sigmoid_20").low >= GUESSING),
    "depth.3": lambda _: (of("relu_20_framework").high < 50, of("relu_20_framework").low >= GUESSING),
    "depth.6": lambda _: (False, False, of("exploding", "updates_until_diverged").high <= 5),
    "cures.2": lambda _: (
        of("sigmoid_60").low <= of("relu_20").high,
        of("sigmoid_60").high < 50,
        of("sigmoid_60").low >= GUESSING,
    ),
    "cures.6": lambda _: (
        of("rows_lstm").high < of("rows_rnn").low,
        max(of("rows_lstm").low, of("rows_rnn").low) < min(of("rows_lstm").high, of("rows_rnn").high),
        of("rows_lstm").low > of("rows_rnn").high,
    ),
    "descent.2": lambda _: (
        last_loss("too_large", "sgd", 1) < last_loss("too_large", "sgd"),
        False,
        last_loss("too_large", "sgd", 1) > paths("too_large")["sgd"][1].losses[0],
    ),
    "adaptive.1": lambda _: (
        last_loss("forgetting", "adagrad") > 0.01 > last_loss("forgetting", "rmsprop"),
        last_loss("forgetting", "rmsprop") > 0.01,
        last_loss("forgetting", "adagrad") < 0.01,
    ),
    "adaptive.4": lambda _: (
        False,
        False,
        between("six_optimizers", "Adam").high >= between("six_optimizers", "SGD").low,
    ),
    "saddles.1": lambda _: tuple(
        all(sooner(first, other) for other in ("sgd", "rmsprop", "momentum") if other != first)
        for first in ("sgd", "rmsprop", "momentum")
    ),
    "saddles.3": lambda _: (
        of("tiny_first_weights_sgd").high < 20,
        of("tiny_first_weights_sgd").high < 70,
        of("tiny_first_weights_sgd").low >= GUESSING,
    ),
    "saddles.5": lambda folder: (
        leaves("adam", folder),
        leaves("momentum", folder),
        not (leaves("adam", folder) or leaves("momentum", folder) or leaves("sgd", folder)),
    ),
    "convolution.2": lambda _: tuple(
        abs(multiplications("kernels", "kernel 7") / multiplications("kernels", "kernel 3") - times) < 0.5
        for times in (2, 4, 10)
    ),
    "convolution.3": lambda _: tuple(
        all(between("strides", one).low > between("strides", other).high for other in STRIDES if other != one)
        for one in STRIDES
    ),
    "convolution.4": lambda _: (
        multiplications("poolings", "pooling max") < multiplications("poolings", "pooling none") / 2,
        between("poolings", "pooling max").high < between("poolings", "pooling none").low / 2,
    ),
    "convolution.7": lambda _: (
        max(between("with_batch_norm", variant).high for variant in NORMALIZED) < 50,
        between("with_batch_norm", NORMALIZED[0]).high < 50 < between("with_batch_norm", NORMALIZED[1]).low,
        min(between("with_batch_norm", variant).low for variant in NORMALIZED) > 50,
    ),
    "adding.1": lambda _: (
        between("what_adds_to_what", "MLP + both", "MLP + augmentation").high < 0,
        between("what_adds_to_what", "CNN + augmentation", "CNN").high <= 0
        and between("what_adds_to_what", "CNN + augmentation", "MLP + augmentation").high <= 0,
        False,
    ),
    "faults.1": lambda folder: (
        max(gradients_apart("learns", folder)) < 1,
        min(gradients_apart("learns", folder)) > 5,
    ),
}
"""For each question with several answers what holds of each of them; False for what the claims say nothing for."""

STEP: dict[str, Step] = dict(STEPS)


def test_every_answer_of_the_course_is_looked_at():
    assert {name for name, step in STEPS if isinstance(step.question, Choice)} == set(HOLDS)


@pytest.mark.parametrize("name", HOLDS)
def test_the_right_answer_is_the_one_that_holds(name: str, tmp_path: Path):
    question = STEP[name].question
    assert isinstance(question, Choice)
    holds = HOLDS[name](tmp_path)
    assert len(holds) == len(question.choices)
    assert [place for place, held in enumerate(holds) if held] == [question.answer]


@each_step
def test_a_step_runs_what_is_tried_on_three_seeds(name: str, step: Step):
    is_tried = name.split(".")[0] in ("bias", "kfold", "strength", "seal")  # by tests/presets/test_lesson_claims.py
    is_fault = step.experiment is not None and bool(step.experiment.sealed)  # by tests/presets/test_faults.py
    assert not step.link or is_tried or is_fault


@each_step
def test_what_a_step_expects_is_what_its_preset_claims(name: str, step: Step):
    claims: list[Any] = (
        [claim for claim in presets()[step.preset].claims if claim.measure == "validation_error"] if step.preset else []
    )
    expected = None if step.expect is None else (step.expect.low, step.expect.high)
    assert expected == (pytest.approx((claims[0].low / 100, claims[0].high / 100)) if claims else None)


@each_step
def test_what_comes_out_can_be_answered(name: str, step: Step):
    if isinstance(step.question, Number | Curve):
        assert step.expect is not None
        low = step.question.low if isinstance(step.question, Number) else 0.0
        assert low <= step.expect.low < step.expect.high <= step.question.high


def test_a_curve_is_drawn_in_at_least_two_lessons():
    def draws(lesson: Lesson) -> bool:
        return any(isinstance(step.question, Curve) for step in lesson.steps)

    assert sum(map(draws, lessons().values())) >= 2
