from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog.datasets.dataset import DataSet, Samples, Scale
from core.catalog.datasets.digits import Digits
from core.catalog.datasets.linear_200 import Linear200
from core.catalog.datasets.mnist_1d import MNIST1D
from core.catalog.datasets.moons import Moons
from core.catalog.datasets.polynomial import Polynomial
from core.catalog.datasets.tables import BreastCancer, Iris, Wine
from core.compatibility import check
from core.errors import BadInput
from core.experiment import Experiment
from core.training.splits import Splits, balanced_order, draw_splits, split_sizes, stratified_order

NOWHERE = Path("unused")
DATA_SETS = [Digits(), Iris(), Wine(), BreastCancer(), MNIST1D(), Moons(n=60), Polynomial(), Linear200()]


SAMPLES: dict[Any, Samples] = {}


def loaded(dataset: DataSet, split_seed: int = 0) -> Samples:
    """All samples, loaded once; nobody changes them."""
    if (dataset, split_seed) not in SAMPLES:
        SAMPLES[dataset, split_seed] = dataset.load(NOWHERE, split_seed)
    return SAMPLES[dataset, split_seed]


def chosen(dataset: DataSet, **choice: Any) -> Experiment:
    return Experiment(dataset=dataset, **choice)


def drawn(dataset: DataSet, split_seed: int = 0, **choice: Any) -> Splits:
    return draw_splits(loaded(dataset, split_seed), chosen(dataset, split_seed=split_seed, **choice))


def counts(dataset: DataSet, rows: np.ndarray, split_seed: int = 0) -> np.ndarray:
    return np.bincount(loaded(dataset, split_seed).targets[rows], minlength=dataset.facts().num_outputs)


@pytest.mark.parametrize("dataset", DATA_SETS, ids=lambda dataset: dataset.key)
def test_the_three_splits_share_no_sample_and_leave_none_out(dataset: DataSet) -> None:
    splits = drawn(dataset)
    rows = np.concatenate([splits.train, splits.validation, splits.test])
    assert sorted(rows.tolist()) == list(range(dataset.facts().num_samples))
    assert {part.dtype for part in (splits.train, splits.validation, splits.test)} == {np.dtype(np.int64)}


@pytest.mark.parametrize("dataset", DATA_SETS, ids=lambda dataset: dataset.key)
@pytest.mark.parametrize("train_size", [None, 12])
def test_sizes_are_known_before_anything_is_loaded(dataset: DataSet, train_size: int | None) -> None:
    splits = drawn(dataset, train_size=train_size)
    sizes = split_sizes(chosen(dataset, train_size=train_size))
    assert (sizes.num_train, sizes.num_validation, sizes.num_test) == tuple(
        map(len, (splits.train, splits.validation, splits.test))
    )


def test_digits_have_1150_training_287_validation_and_360_test_images() -> None:
    sizes = split_sizes(chosen(Digits()))
    assert (sizes.num_train, sizes.num_validation, sizes.num_test) == (1150, 287, 360)


@pytest.mark.parametrize("dataset", DATA_SETS, ids=lambda dataset: dataset.key)
def test_the_split_seed_changes_training_and_validation_and_never_the_test_split(dataset: DataSet) -> None:
    one, other = drawn(dataset, 1), drawn(dataset, 2)
    assert one.hashes["test"] == other.hashes["test"]
    assert np.array_equal(one.test, other.test)
    assert one.hashes["train"] != other.hashes["train"]
    assert one.hashes["validation"] != other.hashes["validation"]


@pytest.mark.parametrize("dataset", [Digits(), Wine(), MNIST1D()], ids=lambda dataset: dataset.key)
def test_a_fresh_test_set_has_as_many_of_each_class_and_all_else_keeps_its_size(dataset: DataSet) -> None:
    samples = loaded(dataset)
    choices = [chosen(dataset, test_seed=number, sampling="balanced") for number in range(3)]
    first, fresh, other = (draw_splits(samples, choice) for choice in choices)
    assert len({splits.hashes["test"] for splits in (first, fresh, other)}) == 3
    assert np.array_equal(np.bincount(samples.targets[fresh.test]), np.bincount(samples.targets[first.test]))
    assert len(fresh.train) == len(first.train)
    rows = np.concatenate([fresh.train, fresh.rest, fresh.validation, fresh.test])
    assert sorted(rows.tolist()) == list(range(dataset.facts().num_samples))
    again = draw_splits(samples, chosen(dataset, split_seed=1, test_seed=1))
    assert again.hashes["test"] == fresh.hashes["test"]


def test_a_fresh_test_set_of_generated_points_leaves_those_that_train_and_validate() -> None:
    first, fresh = Moons(n=60).drawn(3), Moons(n=60).drawn(3, test_seed=1)
    (rows,) = np.nonzero((first.inputs != fresh.inputs).any(axis=1))
    assert first.parts is not None
    assert rows.tolist() == first.parts["test"].tolist()


@pytest.mark.parametrize("dataset", DATA_SETS, ids=lambda dataset: dataset.key)
def test_the_same_seed_draws_the_same_splits(dataset: DataSet) -> None:
    one = drawn(dataset, 3)
    SAMPLES.clear()
    again = drawn(dataset, 3)
    assert one.hashes == again.hashes
    assert np.array_equal(one.train, again.train)


def test_an_official_test_split_is_kept_row_by_row() -> None:
    assert drawn(MNIST1D()).test.tolist() == list(range(4000, 5000))


def test_two_data_sets_of_one_size_have_test_splits_of_their_own() -> None:
    class Cousin(Digits):
        key = "cousin"

    assert not np.array_equal(drawn(Digits()).test, drawn(Cousin()).test)


@pytest.mark.parametrize("dataset", [Digits(), Iris(), Wine(), BreastCancer(), MNIST1D()], ids=lambda d: d.key)
def test_every_split_holds_every_class_in_its_share(dataset: DataSet) -> None:
    splits = drawn(dataset, 5)
    pool = np.concatenate([splits.train, splits.validation])
    share = counts(dataset, pool) / len(pool)
    for rows in (splits.train, splits.validation):
        assert abs(counts(dataset, rows) - share * len(rows)).max() <= 1
    if dataset.key != "mnist_1d":
        everything = counts(dataset, np.concatenate([pool, splits.test]))
        assert abs(counts(dataset, splits.test) - everything * len(splits.test) / everything.sum()).max() <= 1


@pytest.mark.parametrize("dataset", DATA_SETS, ids=lambda dataset: dataset.key)
def test_a_smaller_training_set_is_part_of_a_larger_one_and_leaves_validation_as_it_is(dataset: DataSet) -> None:
    whole, some, few = drawn(dataset), drawn(dataset, train_size=15), drawn(dataset, train_size=10)
    assert (len(some.train), len(few.train)) == (15, 10)
    assert set(few.train) < set(some.train) < set(whole.train)
    assert few.hashes["validation"] == some.hashes["validation"] == whole.hashes["validation"]
    assert few.hashes["test"] == whole.hashes["test"]
    assert few.hashes["train"] != some.hashes["train"]


@pytest.mark.parametrize("dataset", [Digits(), Wine(), Moons(n=60)], ids=lambda dataset: dataset.key)
def test_a_smaller_training_set_is_stratified(dataset: DataSet) -> None:
    whole = counts(dataset, drawn(dataset).train)
    for train_size in (len(whole), 20, 40):
        kept = counts(dataset, drawn(dataset, train_size=train_size).train)
        assert abs(kept - whole * train_size / whole.sum()).max() <= 1.25
        assert kept.min() >= 1


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(0, 2**32 - 1))
def test_every_prefix_of_a_stratified_order_holds_every_class_in_its_share(labels: list[int], seed: int) -> None:
    strata = np.array(labels)
    order = stratified_order(strata, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(len(labels)))
    share = np.bincount(strata, minlength=5) / len(strata)
    for num in range(1, len(labels) + 1):
        kept = np.bincount(strata[order[:num]], minlength=5)
        # Each class is rounded, so five classes can be off by half a sample each, all against one.
        assert abs(kept - share * num).max() <= 2.5


def test_generated_points_keep_their_own_validation_whatever_the_fraction() -> None:
    assert drawn(Moons(n=60), validation_fraction=0.5).hashes == drawn(Moons(n=60)).hashes


def test_the_hash_of_generated_points_names_the_points_and_not_their_rows() -> None:
    quiet, noisy, more = drawn(Moons(n=60, noise=0.1)), drawn(Moons(n=60, noise=0.3)), drawn(Moons(n=90, noise=0.1))
    assert quiet.hashes["test"] != noisy.hashes["test"]
    assert quiet.hashes["test"] == more.hashes["test"]
    assert quiet.hashes["validation"] == more.hashes["validation"]


def test_scaling_makes_no_new_test_split_of_the_same_wines() -> None:
    assert drawn(Wine(scaling="raw")).hashes == drawn(Wine()).hashes


def test_the_splits_of_the_default_experiment_are_the_ones_every_release_draws() -> None:
    assert {name: digest[:12] for name, digest in drawn(Digits()).hashes.items()} == {
        "train": "0f23b93d3219",
        "validation": "54621ac03563",
        "test": "5e7da36c65db",
    }


@pytest.mark.parametrize("fraction", [0.0001, 0.999])
def test_an_impossible_validation_fraction_is_answered_with_one_that_works(fraction: float) -> None:
    with pytest.raises(BadInput) as caught:
        split_sizes(chosen(Iris(), validation_fraction=fraction))
    values = caught.value.fix.values
    for works in (values["low"], values["high"]):
        assert split_sizes(chosen(Iris(), validation_fraction=float(f"{works:.3g}"))).num_train >= 3


@pytest.mark.parametrize("train_size", [2, 97, 10**9])
def test_an_impossible_training_size_is_answered_with_sizes_that_work(train_size: int) -> None:
    with pytest.raises(BadInput) as caught:
        split_sizes(chosen(Iris(), train_size=train_size))
    values = caught.value.fix.values
    assert (values["low"], values["high"]) == (3, 96)
    assert [split_sizes(chosen(Iris(), train_size=size)).num_train for size in (3, 96)] == [3, 96]


def test_regression_needs_two_training_values_to_have_a_spread() -> None:
    assert split_sizes(chosen(Linear200(), train_size=2)).num_train == 2
    with pytest.raises(BadInput, match="at least 2"):
        split_sizes(chosen(Linear200(), train_size=1))


def test_sizes_follow_the_samples_that_were_loaded() -> None:
    rng = np.random.default_rng(0)
    samples = Samples(rng.integers(0, 17, (100, 1, 8, 8), dtype=np.uint8), np.arange(100) % 10, Scale())
    splits = draw_splits(samples, chosen(Digits()))
    assert [len(rows) for rows in (splits.train, splits.validation, splits.test)] == [64, 16, 20]


def test_splitting_imports_no_torch() -> None:
    program = "import core.training.splits, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.strip() == "False"


# -- sampling --------------------------------------------------------------------------------------------------------

CLASSES = [dataset for dataset in DATA_SETS if dataset.task == "classification"]
by_key = pytest.mark.parametrize("dataset", CLASSES, ids=lambda dataset: dataset.key)


@by_key
def test_the_rarest_class_is_known_before_anything_is_loaded(dataset: DataSet) -> None:
    samples = loaded(dataset)
    test = (samples.parts or {}).get("test", drawn(dataset).test)
    pool = (samples.parts or {}).get("train", np.setdiff1d(np.arange(len(samples.targets)), test))
    assert np.bincount(samples.targets[pool]).min() == dataset.facts().smallest_class


@by_key
@pytest.mark.parametrize(("fraction", "seed"), [(0.1, 0), (0.2, 1), (0.37, 0), (0.5, 1)])
def test_balanced_sampling_takes_as_many_of_every_class(dataset: DataSet, fraction: float, seed: int) -> None:
    splits = drawn(dataset, seed, sampling="balanced", validation_fraction=fraction)
    kept = counts(dataset, splits.train, seed)
    assert kept.min() == kept.max()
    assert (
        len(splits.train) == split_sizes(chosen(dataset, sampling="balanced", validation_fraction=fraction)).num_train
    )
    # No more than two samples of the rarest class are given away.
    plain = counts(dataset, drawn(dataset, seed, validation_fraction=fraction).train, seed)
    assert plain.min() - 2 <= kept.min() <= plain.min()


@by_key
def test_sampling_changes_training_only_and_what_is_left_out_is_said(dataset: DataSet) -> None:
    plain = drawn(dataset)
    for sampling in ("balanced", "random"):
        other = drawn(dataset, sampling=sampling, train_size=12)
        assert np.array_equal(other.validation, plain.validation)
        assert np.array_equal(other.test, plain.test)
        assert sorted([*other.train, *other.rest]) == sorted(plain.train)


def test_a_smaller_balanced_set_is_part_of_a_larger_one() -> None:
    few, more = (drawn(Wine(), sampling="balanced", train_size=size) for size in (10, 31))
    assert set(few.train) < set(more.train)
    assert np.ptp(counts(Wine(), few.train)) <= 1


def test_random_sampling_lets_the_shares_fall_as_they_may() -> None:
    kept = [counts(Digits(), drawn(Digits(), seed, sampling="random", train_size=40).train) for seed in range(5)]
    assert min(count.min() for count in kept) <= 1  # stratified: four of each


def test_random_sampling_of_everything_is_the_usual_set() -> None:
    assert np.array_equal(drawn(Wine(), sampling="random").train, drawn(Wine()).train)


def test_more_balanced_samples_than_the_rarest_class_allows_are_refused_with_a_size_that_works() -> None:
    with pytest.raises(BadInput) as caught:
        drawn(Wine(), sampling="balanced", train_size=100)
    most = caught.value.fix.values["high"]
    assert len(drawn(Wine(), sampling="balanced", train_size=most).train) == most


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_every_prefix_of_a_balanced_order_takes_turns_while_there_are_any(labels: list[int]) -> None:
    strata = np.array(labels)
    order = balanced_order(strata)
    assert sorted(order.tolist()) == list(range(len(labels)))
    available = np.bincount(strata)
    for num in range(1, len(labels) + 1):
        kept = np.bincount(strata[order[:num]], minlength=len(available))
        unfinished = kept[kept < available]
        assert not len(unfinished) or kept.max() - unfinished.min() <= 1


# -- label noise -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.25, 1.0])
def test_exactly_the_asked_share_of_the_training_labels_is_wrong(share: float) -> None:
    splits, truth = drawn(Digits(), label_noise=share), loaded(Digits()).targets
    is_wrong = splits.targets != truth
    assert is_wrong[splits.train].sum() == round(share * len(splits.train)) == len(splits.wrong["train"])
    assert is_wrong.sum() == len(splits.wrong["train"])
    assert set(np.flatnonzero(is_wrong)) == set(splits.wrong["train"])
    assert splits.targets.min() >= 0
    assert splits.targets.max() <= 9


def test_noise_in_validation_is_a_choice_and_the_test_split_keeps_its_labels() -> None:
    splits = drawn(Digits(), label_noise=0.3, noisy_splits="both")
    is_wrong = splits.targets != loaded(Digits()).targets
    assert is_wrong[splits.validation].sum() == round(0.3 * len(splits.validation))
    assert not is_wrong[splits.test].any()


def test_more_noise_keeps_the_labels_that_are_wrong_already() -> None:
    some, more = (drawn(Digits(), label_noise=share) for share in (0.1, 0.4))
    assert set(some.wrong["train"]) < set(more.wrong["train"])
    assert np.array_equal(some.targets[some.wrong["train"]], more.targets[some.wrong["train"]])


def test_wrong_labels_change_the_hash_of_their_split_alone() -> None:
    true, wrong = drawn(Digits()), drawn(Digits(), label_noise=0.1)
    assert true.hashes["train"] != wrong.hashes["train"]
    assert {name: true.hashes[name] for name in ("validation", "test")} == {
        name: wrong.hashes[name] for name in ("validation", "test")
    }
    assert wrong.hashes["train"] != drawn(Digits(), label_noise=0.2).hashes["train"]


def test_numbers_have_no_classes_to_be_balanced_or_wrong() -> None:
    plain = drawn(Polynomial())
    assert drawn(Polynomial(), sampling="balanced", label_noise=0.5).hashes == plain.hashes
    assert {note.template for note in check(chosen(Polynomial(n=100), sampling="balanced", label_noise=0.5))} == {
        "Balanced sampling has no effect: the targets are numbers, there are no classes.",
        "Label noise has no effect: the targets are numbers, there are no classes.",
    }


def test_settings_of_data_without_effect_are_said() -> None:
    assert [note.template for note in check(Experiment(sampling="random", noisy_splits="both"))] == [
        "Random sampling has no effect: all training samples are used.",
        "Where labels are wrong has no effect: label noise is 0.",
    ]
