"""Training, validation and test split of a data set, as index vectors.

One stratified order serves everything: each prefix of it holds every class in its share, so a smaller training set is
part of a larger one. (scikit-learn's splitters are stratified, not nested.)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from core.catalog.datasets.dataset import DataSet, Samples, num_test_of
from core.errors import BadInput
from core.seeding import seed32
from core.text import Text


@dataclass(frozen=True)
class SplitSizes:
    """How many samples each split has."""

    num_train: int
    num_validation: int
    num_test: int


@dataclass(frozen=True)
class Splits:
    """Row indices (int64) of the three splits, and a SHA-256 of each that names its samples.

    `train` stands in a stratified order: every prefix holds each class in its share.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    hashes: dict[str, str]


def split_sizes(dataset: DataSet, *, validation_fraction: float = 0.2, train_size: int | None = None) -> SplitSizes:
    """The sizes that `draw_splits` will give, without loading anything; BadInput when they are impossible."""
    facts = dataset.facts()
    return _sizes(dataset, facts.num_train_pool, facts.num_validation, facts.num_test, validation_fraction, train_size)


def draw_splits(
    samples: Samples,
    dataset: DataSet,
    *,
    split_seed: int,
    validation_fraction: float = 0.2,
    train_size: int | None = None,
) -> Splits:
    """Split loaded samples.

    Test: the official rows, else 20 %, stratified, drawn from the data set's key alone. Validation: its own points, or
    `validation_fraction` of the rest, stratified, drawn from `split_seed`. Training: what is left, or the first
    `train_size` of it, which leaves validation as it is. Raises BadInput for sizes that are impossible.
    """
    parts = samples.parts or {}
    test = parts["test"] if "test" in parts else _drawn_test(samples, dataset)
    own_validation = parts.get("validation")
    rng = np.random.default_rng(seed32(split_seed, "split", dataset.key))
    pool = parts["train"] if "train" in parts else np.setdiff1d(np.arange(len(samples.targets)), test)
    sizes = _sizes(
        dataset,
        len(pool),
        None if own_validation is None else len(own_validation),
        len(test),
        validation_fraction,
        train_size,
    )
    strata = _strata(samples, dataset)
    validation = own_validation
    if validation is None:
        order = pool[stratified_order(strata[pool], rng)]
        validation, pool = order[: sizes.num_validation], order[sizes.num_validation :]
    # Ordered anew, so that prefixes of the training split follow its own shares exactly.
    order = pool[stratified_order(strata[pool], rng)]
    rows = {
        "train": order[: sizes.num_train].astype(np.int64),
        "validation": np.sort(validation).astype(np.int64),
        "test": np.sort(test).astype(np.int64),
    }
    hashes = {name: _sha256(samples, dataset, indices) for name, indices in rows.items()}
    return Splits(rows["train"], rows["validation"], rows["test"], hashes)


def stratified_order(strata: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A random order of which every prefix holds each stratum in its share, to within one sample.

    The sample of rank r among the n_c of its class stands at (r + 1/2) / n_c. strata: integers (N,). Returns (N,).
    """
    place = np.empty(len(strata))
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata == stratum))
        place[members] = (np.arange(len(members)) + 0.5) / len(members)
    return np.lexsort((rng.random(len(strata)), place))


def _strata(samples: Samples, dataset: DataSet) -> np.ndarray:
    """Classes; a single stratum for regression."""
    if dataset.task == "classification":
        return samples.targets
    return np.zeros(len(samples.targets), np.int64)


def _drawn_test(samples: Samples, dataset: DataSet) -> np.ndarray:
    order = stratified_order(_strata(samples, dataset), np.random.default_rng(seed32(0, "test", dataset.key)))
    return order[: num_test_of(len(order))]


def _sha256(samples: Samples, dataset: DataSet, rows: np.ndarray) -> str:
    """Names the samples: by row for stored data, by content for generated data, whose rows say nothing."""
    rows = np.sort(rows)
    digest = hashlib.sha256(dataset.key.encode())
    if dataset.generated:
        digest.update(samples.inputs[rows].tobytes())
        digest.update(samples.targets[rows].tobytes())
    else:
        digest.update(rows.astype("<i8").tobytes())
    return digest.hexdigest()


def _sizes(
    dataset: DataSet,
    num_pool: int,
    num_own_validation: int | None,
    num_test: int,
    validation_fraction: float,
    train_size: int | None,
) -> SplitSizes:
    title = Text(dataset.title)
    # One sample of each class, or two values, without which an error has no scale.
    least = dataset.facts().num_outputs if dataset.task == "classification" else 2
    num_validation = round(validation_fraction * num_pool) if num_own_validation is None else num_own_validation
    if num_own_validation is None and not (least <= num_validation <= num_pool - least):
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
    if train_size is not None and not (least <= train_size <= num_left):
        raise BadInput(
            Text("A training size of {size} is impossible for {title}.", size=train_size, title=title),
            Text("{num} samples are left for training beside validation and test.", num=num_left)
            if train_size > num_left
            else Text("Training needs at least {least} samples.", least=least),
            Text("Use a size from {low} to {high}.", low=least, high=num_left),
        )
    return SplitSizes(num_left if train_size is None else train_size, num_validation, num_test)


def _rounded_up(fraction: float) -> float:
    """The next thousandth, so that the fraction named in an error text is one that works."""
    return np.ceil(fraction * 1000) / 1000
