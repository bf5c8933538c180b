"""Handwritten digits of 8 × 8 pixels, bundled with scikit-learn: the default data set."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from core.catalog.datasets.dataset import DataFacts, DataSet, Progress, Samples, Scale, no_progress, num_test_of
from core.catalog.registry import register

NUM_SAMPLES = 1_797
FILE = "sklearn/datasets/data/digits.csv.gz"


@register
class Digits(DataSet):
    """1 797 grey images of ten digits, 17 grey levels."""

    key: ClassVar[str] = "digits"
    title: ClassVar[str] = "Handwritten digits, 8 × 8"
    see: ClassVar[str] = "learns"
    why: ClassVar[str] = "Real images so small that a network learns them within a second, without any download."
    choose: ClassVar[str] = "First of all, and whenever an idea should be tried quickly."
    formula: ClassVar[str] = r"x \in \{0, \dots, 16\}^{1 \times 8 \times 8} / 16, \quad y \in \{0, \dots, 9\}"
    source: ClassVar[str] = "Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI repository"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "image"
    are_signs: ClassVar[bool | None] = True

    def facts(self) -> DataFacts:
        return DataFacts(
            input_shape=(1, 8, 8),
            num_outputs=10,
            class_names=tuple("0123456789"),
            num_train_pool=NUM_SAMPLES - num_test_of(NUM_SAMPLES),
            num_validation=None,
            num_test=num_test_of(NUM_SAMPLES),
            bytes=NUM_SAMPLES * (64 + 8),
            smallest_class=139,
        )

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        # What `load_digits` reads, without the 140 MB of modules that it comes with.
        rows = np.loadtxt(str(distribution("scikit-learn").locate_file(FILE)), np.uint8, delimiter=",")
        return Samples(
            inputs=np.ascontiguousarray(rows[:, :-1]).reshape(-1, 1, 8, 8),
            targets=rows[:, -1].astype(np.int64),
            scale=Scale(factor=1 / 16),
        )
