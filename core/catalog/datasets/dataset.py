"""DataSet: the base of every data set entry, and the plain records it hands over."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np

from core.catalog.entry import Entry
from core.catalog.selections.selection import BestInputs
from core.text import Text

Progress = Callable[[float, Text], None]
"""Called with the finished fraction (0 to 1) and what is being done."""

TEST_FRACTION = 0.2
"""Share of the samples sealed as test split where a data set has no official one."""


def no_progress(fraction: float, doing: Text) -> None:
    """Show progress to nobody."""


def num_test_of(num_samples: int) -> int:
    """Size of the test split drawn from samples without an official one: 20 %, rounded up."""
    return math.ceil(TEST_FRACTION * num_samples)


@dataclass(frozen=True)
class DataFacts:
    """What is known of a data set before it is loaded.

    `input_shape` is (C, H, W), (C, L) or (F,) of one sample; `num_train_pool` counts the samples before validation is
    taken from them, `smallest_class` those of its rarest class (0 without classes); `num_validation` is None where
    validation is a fraction of that pool; `bytes` is the declared size of inputs and targets in memory;
    `download_bytes` is about what is downloaded once (0: nothing).
    """

    input_shape: tuple[int, ...]
    num_outputs: int
    class_names: tuple[str, ...]
    num_train_pool: int
    num_validation: int | None
    num_test: int
    bytes: int
    feature_names: tuple[str, ...] = ()
    download_bytes: int = 0
    smallest_class: int = 0

    @property
    def num_samples(self) -> int:
        """All samples, test split included."""
        return self.num_train_pool + (self.num_validation or 0) + self.num_test


@dataclass(frozen=True)
class Scale:
    """How stored inputs become a network's inputs: (x - shift) * factor.

    `fixed` uses the given numbers; `min_max` and `standardized` are fitted per feature on the training split.
    """

    kind: Literal["fixed", "min_max", "standardized"] = "fixed"
    shift: float = 0.0
    factor: float = 1.0

    def fitted(self, inputs: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shift and factor per channel or feature.

        inputs: (N, ...) all samples; train: int64 row indices of the training split, the only rows that are looked at.
        Returns two float32 arrays that broadcast against a batch: (C, 1, 1), (C, 1) or (F,).
        A feature that is constant on the training split gets the factor 1, so that it becomes 0.
        """
        shape = (inputs.shape[1],) + (1,) * (inputs.ndim - 2)
        if self.kind == "fixed":
            return np.full(shape, self.shift, np.float32), np.full(shape, self.factor, np.float32)
        rows = inputs[train].astype(np.float64)
        axes = (0, *range(2, inputs.ndim))
        if self.kind == "min_max":
            shift = rows.min(axis=axes)
            width = rows.max(axis=axes) - shift
        else:
            shift = rows.mean(axis=axes)
            width = rows.std(axis=axes)
        factor = 1.0 / np.where(width > 0, width, 1.0)
        return shift.astype(np.float32).reshape(shape), factor.astype(np.float32).reshape(shape)


@dataclass(frozen=True)
class Samples:
    """A loaded data set.

    inputs: uint8 or float32, (N, C, H, W), (N, C, L) or (N, F); targets: int64 (N,) classes or float32 (N, 1) values;
    parts: int64 row indices that are fixed: "test" where it is official, all three of generated data, else None.
    """

    inputs: np.ndarray
    targets: np.ndarray
    scale: Scale
    parts: dict[str, np.ndarray] | None = None

    @property
    def bytes(self) -> int:
        """Size of inputs and targets in memory."""
        return self.inputs.nbytes + self.targets.nbytes


class DataSet(Entry):
    """A source of samples.

    Traits: `task`; `input_kind` (what augmentations and architectures accept); `generated` (training and validation
    points are drawn anew for each `split_seed`, and validation and test have points of their own); `are_signs` (the
    mirror image of a picture, or the picture upside down, can be another class: None where nobody has said).
    """

    family: ClassVar[str] = "datasets"
    task: ClassVar[Literal["classification", "regression"]] = "classification"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]]
    generated: ClassVar[bool] = False
    are_signs: ClassVar[bool | None] = False

    @property
    def whole(self) -> Self:
        """The same with all its inputs: what is loaded, whichever of them are then kept."""
        return self

    @property
    def best_inputs(self) -> BestInputs | None:
        """What chooses some of its inputs; None where all are kept."""
        return None

    def facts(self) -> DataFacts:
        """What is known before loading; reads and downloads nothing."""
        raise NotImplementedError

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        """The samples as arrays.

        folder: the data folder, where downloads and caches are kept; split_seed: used by generated data only.
        Raises BadInput when the samples cannot be had here and now.
        """
        raise NotImplementedError

    def build(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        """The same as `load`."""
        return self.load(folder, split_seed, progress)

    def available(self, folder: Path) -> Text | None:
        """None when the data can be used now and without network, else the reason why not."""
        return None

    def truth(self, inputs: np.ndarray) -> np.ndarray | None:
        """The targets without noise at inputs (num, F), where a formula is behind the data; else None."""
        return None
