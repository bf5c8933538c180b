"""Training, validation and test split of a data set, as index vectors, with the labels that they are given.

One order serves everything: each prefix of it holds every class in its share (or, balanced, as often as any other), so
a smaller training set is part of a larger one. (scikit-learn's splitters are stratified, not nested.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

from core.catalog.datasets.dataset import DataSet, Samples, num_test_of
from core.errors import BadInput
from core.experiment import DATA_FIELDS
from core.seeding import seed32
from core.text import Text
from core.training.folds import check_folds, fold_numbers, fold_size


class DataChoice(Protocol):
    """The part of an experiment that decides about data (`core.experiment.DATA_FIELDS`)."""

    @property
    def dataset(self) -> Any: ...
    @property
    def train_size(self) -> int | None: ...
    @property
    def sampling(self) -> str: ...
    @property
    def validation_fraction(self) -> float: ...
    @property
    def split_seed(self) -> int: ...
    @property
    def label_noise(self) -> float: ...
    @property
    def noisy_splits(self) -> str: ...
    @property
    def num_folds(self) -> int | None: ...
    @property
    def fold(self) -> int: ...
    @property
    def test_seed(self) -> int: ...


def data_of(choice: DataChoice) -> tuple[Any, ...]:
    """All that decides about an experiment's data: equal for experiments that learn from the same samples."""
    return tuple(getattr(choice, name) for name in DATA_FIELDS)


@dataclass(frozen=True)
class SplitSizes:
    """How many samples each split has."""

    num_train: int
    num_validation: int
    num_test: int


@dataclass(frozen=True)
class Splits:
    """Row indices (int64) of the three splits, and a SHA-256 of each that names its samples and their wrong labels.

    `train` stands in an order of which every prefix holds each class in its share, or as often as any other. `rest` are
    the rows that could have trained and were left out. `targets` are those of all samples, in which `wrong` (rows by
    split) were given another class.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    rest: np.ndarray
    targets: np.ndarray
    wrong: Mapping[str, np.ndarray]
    hashes: dict[str, str]


def split_sizes(choice: DataChoice) -> SplitSizes:
    """The sizes that `draw_splits` will give, without loading anything; BadInput when they are impossible."""
    facts = cast(DataSet, choice.dataset).facts()
    return _sizes(choice, facts.num_train_pool, facts.smallest_class, facts.num_validation, facts.num_test)


def least_fraction(choice: DataChoice) -> float:
    """The smallest validation fraction, in thousandths; the chosen one where the data have validation samples."""
    dataset = cast(DataSet, choice.dataset)
    facts = dataset.facts()
    if facts.num_validation is not None:
        return choice.validation_fraction
    return float(_rounded_up(_least(dataset) / facts.num_train_pool))


def draw_splits(samples: Samples, choice: DataChoice) -> Splits:
    """Split loaded samples.

    Test: the official rows, else 20 %, stratified, drawn from the data set's key alone; others with a `test_seed`.
    Validation: its own points, or `validation_fraction` of the rest, stratified, drawn from `split_seed`; where there
    are folds, one of them in place of both. Training: what is left, or the first `train_size` of it as `sampling`
    orders it, which leaves validation as it is. Raises BadInput for sizes that are impossible.
    """
    dataset = cast(DataSet, choice.dataset)
    test = sealed_rows(samples, choice)
    own_validation = (samples.parts or {}).get("validation") if choice.num_folds is None else None
    rng = np.random.default_rng(seed32(choice.split_seed, "split", dataset.key))
    pool = train_pool(samples, test)
    strata = _strata(samples, dataset)
    sizes = _sizes(
        choice,
        len(pool),
        int(np.unique(strata[pool], return_counts=True)[1].min()),
        None if own_validation is None else len(own_validation),
        len(test),
    )
    validation = own_validation
    if choice.num_folds is not None:
        pool, numbers = draw_folds(samples, choice)
        validation, pool = pool[numbers == choice.fold], pool[numbers != choice.fold]
    elif validation is None:
        order = pool[stratified_order(strata[pool], rng)]
        validation, pool = order[: sizes.num_validation], order[sizes.num_validation :]
    # Ordered anew, so that prefixes of the training split follow its own shares exactly.
    order = pool[stratified_order(strata[pool], rng)]
    if dataset.task == "classification" and choice.sampling == "balanced":
        order = order[balanced_order(strata[order])]
    elif choice.sampling == "random" and choice.train_size is not None:
        order = rng.permutation(order)
    rows = {
        "train": order[: sizes.num_train].astype(np.int64),
        "validation": np.sort(validation).astype(np.int64),
        "test": np.sort(test).astype(np.int64),
    }
    targets, wrong = _labels(samples, choice, rows)
    hashes = {
        name: _sha256(samples, dataset, indices, targets, wrong.get(name, NO_ROWS)) for name, indices in rows.items()
    }
    return Splits(
        rows["train"],
        rows["validation"],
        rows["test"],
        np.sort(order[sizes.num_train :]).astype(np.int64),
        targets,
        wrong,
        hashes,
    )


NO_ROWS = np.empty(0, np.int64)


def train_pool(samples: Samples, test: np.ndarray) -> np.ndarray:
    """The rows that may train: those meant for it, else all but the test split; own validation samples are none."""
    parts = samples.parts or {}
    return parts["train"] if "train" in parts else np.setdiff1d(np.arange(len(samples.targets)), test)


def draw_folds(samples: Samples, choice: DataChoice) -> tuple[np.ndarray, np.ndarray]:
    """The rows (N,) that are divided into folds, and the number of the fold of each, from 1. The test split is not."""
    dataset = cast(DataSet, choice.dataset)
    assert choice.num_folds is not None
    rows = train_pool(samples, sealed_rows(samples, choice))
    return rows, fold_numbers(_strata(samples, dataset)[rows], choice.num_folds, random_state=folds_seed(choice))


def folds_seed(choice: DataChoice) -> int:
    """The `random_state` of the folds: they are scikit-learn's."""
    return seed32(choice.split_seed, "folds", cast(DataSet, choice.dataset).key)


def stratified_order(strata: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random order of which every prefix holds each stratum in its share, to within one sample.

    The sample of rank r among the n_c of its class stands at (r + 1/2) / n_c. strata: integers (N,). Returns (N,).
    """
    place = np.empty(len(strata))
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata == stratum))
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.lexsort((rng.random(len(strata)), place))


def balanced_order(strata: np.ndarray) -> np.ndarray:
    """The order that takes one of each stratum, then a second of each, and so on, as long as there are any.

    strata: integers (N,). Returns (N,); within a stratum the samples stay in their order.
    """
    rank = np.empty(len(strata), np.int64)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        rank[members] = np.arange(len(members))
    return np.argsort(rank, kind="stable")


def _strata(samples: Samples, dataset: DataSet) -> np.ndarray:
    """Classes; a single stratum for regression."""
    if dataset.task == "classification":
        return samples.targets
    return np.zeros(len(samples.targets), np.int64)


def sealed_rows(samples: Samples, choice: DataChoice) -> np.ndarray:
    """The rows of the test split: the official ones, else those that are drawn; or a fresh draw from all samples.

    A fresh one has as many of each class as the first, so that all sizes stay. Generated data come with theirs.
    """
    dataset, parts = cast(DataSet, choice.dataset), samples.parts or {}
    first = parts["test"] if "test" in parts else drawn_test(samples, dataset)
    if not choice.test_seed or dataset.generated:
        return first
    strata = _strata(samples, dataset)
    rng = np.random.default_rng(seed32(choice.test_seed, "test", dataset.key))
    kinds = zip(*np.unique(strata[first], return_counts=True), strict=True)
    return np.concatenate([rng.permutation(np.flatnonzero(strata == kind))[:num] for kind, num in kinds])


def drawn_test(samples: Samples, dataset: DataSet) -> np.ndarray:
    """The rows that are sealed as test split where there is no official one."""
    order = stratified_order(_strata(samples, dataset), np.random.default_rng(seed32(0, "test", dataset.key)))
    return order[: num_test_of(len(order))]


def _labels(
    samples: Samples, choice: DataChoice, rows: Mapping[str, np.ndarray]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The targets with label noise, and the rows that it changed, by split.

    Of each noisy split exactly the asked share is changed, those with the smallest of numbers drawn once for every
    sample: a larger share changes these and more, to the same classes.
    """
    dataset = cast(DataSet, choice.dataset)
    if dataset.task != "classification" or not choice.label_noise:
        return samples.targets, {}
    rng = np.random.default_rng(seed32(choice.split_seed, "labels", dataset.key))
    drawn = rng.random(len(samples.targets))
    num_classes = dataset.facts().num_outputs
    shift = rng.integers(1, num_classes, len(samples.targets))
    targets, wrong = samples.targets.copy(), {}
    for name in ("train", "validation") if choice.noisy_splits == "both" else ("train",):
        num = round(choice.label_noise * len(rows[name]))
        wrong[name] = np.sort(rows[name][np.argsort(drawn[rows[name]], kind="stable")[:num]])
        targets[wrong[name]] = (targets[wrong[name]] + shift[wrong[name]]) % num_classes
    return targets, wrong


def _sha256(samples: Samples, dataset: DataSet, rows: np.ndarray, targets: np.ndarray, wrong: np.ndarray) -> str:
    """Names the samples: by row for stored data, by content for generated data, whose rows say nothing.

    Wrong labels are named too, so that a split with them is not that without.
    """
    rows = np.sort(rows)
    digest = hashlib.sha256(dataset.key.encode())
    if dataset.generated:
        digest.update(samples.inputs[rows].tobytes())
        digest.update(samples.targets[rows].tobytes())
    else:
        digest.update(rows.astype("<i8").tobytes())
    if len(wrong):
        digest.update(wrong.astype("<i8").tobytes())
        digest.update(targets[wrong].astype("<i8").tobytes())
    return digest.hexdigest()


def _sizes(
    choice: DataChoice, num_pool: int, smallest_class: int, num_own_validation: int | None, num_test: int
) -> SplitSizes:
    dataset, validation_fraction, train_size = (
        cast(DataSet, choice.dataset),
        choice.validation_fraction,
        choice.train_size,
    )
    title = Text(dataset.title)
    least = _least(dataset)
    num_validation = round(validation_fraction * num_pool) if num_own_validation is None else num_own_validation
    if choice.num_folds is not None:
        rarest = smallest_class if dataset.task == "classification" else 0
        check_folds(choice.num_folds, choice.fold, num_pool, rarest, title)
        num_own_validation, num_validation = None, fold_size(num_pool, choice.num_folds, choice.fold)
    elif num_own_validation is None and not (least <= num_validation <= num_pool - least):
        raise BadInput(
            Text(
                "A validation fraction of {fraction:g} gives {num} of {pool} samples of {title} to validation.",
                fraction=validation_fraction,
                num=num_validation,
                pool=num_pool,
                title=title,
            ),
            Text("Training and validation need at least {least} samples each.", least=least),
            Text(
                "Use a fraction from {low:.3g} to {high:.3g}; 0.2 is usual.",
                low=_rounded_up(least / num_pool),
                high=1 - _rounded_up(least / num_pool),
            ),
        )
    num_left = num_pool if num_own_validation is not None else num_pool - num_validation
    if dataset.task == "classification" and choice.sampling == "balanced":
        num_left = least * _left_of_each(smallest_class, num_left, num_pool)
    if train_size is not None and not (least <= train_size <= num_left):
        raise BadInput(
            Text("A training size of {size} is impossible for {title}.", size=train_size, title=title),
            Text("{num} samples are left for training beside validation and test.", num=num_left)
            if train_size > num_left
            else Text("Training needs at least {least} samples.", least=least),
            Text("Use a size from {low} to {high}.", low=least, high=num_left),
        )
    return SplitSizes(num_left if train_size is None else train_size, num_validation, num_test)


def _least(dataset: DataSet) -> int:
    """One sample of each class, or two values, without which an error has no scale."""
    return dataset.facts().num_outputs if dataset.task == "classification" else 2


def _left_of_each(smallest_class: int, num_left: int, num_pool: int) -> int:
    """How many samples of every class are left for training, without a look at the draw: at least one is."""
    # A stratified draw takes from each class its share to within one sample.
    num = smallest_class if num_left == num_pool else int(smallest_class * num_left / num_pool) - 1
    return max(1, num)


def _rounded_up(fraction: float) -> float:
    """The next thousandth, so that the fraction named in an error text is one that works."""
    return np.ceil(fraction * 1000) / 1000
