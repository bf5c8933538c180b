"""K-fold as a comparison: one experiment, run with every fold; means over folds, and the words for them."""

from __future__ import annotations

import math
from typing import Any

import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.errors import BadInput
from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.error_words import PRECISELY
from core.studies.kfold import NONE_IS_KEPT, FoldMeans, FoldRun, fold_means, folded, folds_verdict, once_on_all
from core.training.splits import split_sizes
from tests.experiments import POINTS


def points(**changes: Any) -> Experiment:
    return Experiment.from_json({**POINTS, **changes})


def fold_run(fold: int, train: float, validation: float) -> FoldRun:
    return FoldRun(fold, f"run{fold}", "finished", train, validation, 48, 16)


def means(validation: float, std: float = 0.02) -> FoldMeans:
    return FoldMeans(4, 0.01, validation, 0.0, std)


def test_every_fold_is_run_once_with_the_same_seed():
    comparison = folded(points(seed=7, name="two moons"), 4)
    lanes = comparison.experiments()
    assert [(lane.experiment.num_folds, lane.experiment.fold, lane.seed) for lane in lanes] == [
        (4, 1, 7), (4, 2, 7), (4, 3, 7), (4, 4, 7),
    ]  # fmt: skip
    assert [comparison.lane_name(lane) for lane in lanes] == [f"two moons {fold}/4" for fold in range(1, 5)]


def test_what_was_a_fold_of_others_is_divided_anew():
    assert folded(points(num_folds=3, fold=2), 4).fingerprint() == folded(points(), 4).fingerprint()


@pytest.mark.parametrize(("num_folds", "said"), [(1, "num_folds"), (40, "Use 2 to 32 folds, or 64"), (500, "32 folds")])
def test_folds_that_cannot_be_had_are_refused_before_anything_is_stored(num_folds: int, said: str):
    with pytest.raises(BadInput) as caught:
        folded(points(), num_folds)
    assert said in str(caught.value) or said in str(caught.value.text)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": 2}, "cannot be had at once"),
        ({"folds": 1}, "folds is 1"),
        ({"folds": 101}, "folds is 101"),
        ({"variants": [{"changes": {"fold": 2}}, {"changes": {}}]}, "cannot change its folds"),
        ({"variants": [{"changes": {"seed": seed}} for seed in range(30)]}, "30 variants with 4 folds are 120 runs"),
        ({"folds": None}, "One variant alone is no comparison"),
    ],
)
def test_a_comparison_over_folds_that_cannot_be_is_refused(changes: dict[str, Any], said: str):
    document = {"base": points(), "variants": [{"changes": {}}], "folds": 4}
    with pytest.raises(BadInput, match=said):
        Comparison.from_json({**document, **changes})


def test_variants_are_run_fold_by_fold_beside_each_other():
    comparison = Comparison.of(points(), ["optimizer.lr=0.01,0.1"])
    comparison = Comparison.from_json({**comparison.to_json(), "folds": 3})
    assert [(lane.variant, lane.experiment.fold) for lane in comparison.experiments()] == [
        (0, 1), (1, 1), (0, 2), (1, 2), (0, 3), (1, 3),
    ]  # fmt: skip


def test_means_and_spreads_are_those_of_the_folds():
    found = [fold_run(fold, 0.0, error) for fold, error in enumerate((0.1, 0.2, 0.3, 0.2), start=1)]
    told = fold_means(folded(points(), 4), found)
    assert told.mean_validation_error == pytest.approx(0.2)
    assert told.std_validation_error == pytest.approx(math.sqrt(0.02 / 3))
    assert told.standard_error == pytest.approx(math.sqrt(0.02 / 3) / 2)
    assert told.mean_train_error == told.std_train_error == 0


def test_a_fold_that_is_missing_or_has_no_error_leaves_no_mean():
    comparison = folded(points(), 4)
    three = [fold_run(fold, 0.0, 0.1) for fold in range(1, 4)]
    for found in (three, [*three, fold_run(4, math.nan, math.nan)]):
        assert math.isnan(fold_means(comparison, found).mean_validation_error)


def test_the_verdict_tells_the_mean_and_that_no_network_is_kept():
    found = folds_verdict(folded(points(), 4), [means(0.1525)], PRECISELY)
    assert found.sentences[1] == NONE_IS_KEPT
    assert "Mean over 4 folds: validation error 15.3 % with a standard deviation of 2.0 %" in str(found.end)
    lost = folds_verdict(folded(points(), 4), [means(math.nan)], PRECISELY)
    assert "no mean" in str(lost.end)


def test_of_several_variants_the_lowest_is_named_and_how_many_are_as_good():
    document = Comparison.of(points(), ["optimizer.lr=0.01,0.1,1"]).to_json()
    found = folds_verdict(
        Comparison.from_json({**document, "folds": 4}), [means(0.1), means(0.105), means(0.2)], PRECISELY
    )
    assert found.best == "learning rate 0.01"
    assert str(found.end).endswith("Within one standard error of it: 1 more.")


def test_once_on_all_leaves_as_few_samples_aside_as_can_be():
    digits = Experiment(num_folds=5, fold=3)
    once = once_on_all(digits)
    sizes = split_sizes(once)
    assert (sizes.num_train, sizes.num_validation, once.num_folds) == (1427, 10, None)
    assert once_on_all(points(num_folds=4)) == points(), "its own validation samples are no training samples"
