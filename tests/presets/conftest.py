"""Data for the presets: one folder for all of them, and stand-ins where the real files must be downloaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.catalog.datasets.cache import data_set_folder, write_cached
from core.catalog.datasets.mnist_5000 import MNIST5000


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with MNIST made of the 5 000 images that are bundled, and CIFAR-10 made of coloured noise.

    MNIST's stand-in holds real images of MNIST, so its preset's claim is tried for what it says. CIFAR-10's only shows
    that its preset runs on the set's shape and format and learns what there is to learn: one hue for each class.
    """
    folder = tmp_path_factory.mktemp("presets") / "data"
    folder.mkdir()
    samples = MNIST5000().load(folder)
    order = np.random.default_rng(0).permutation(len(samples.targets))
    write_cached(
        data_set_folder(folder, "mnist"),
        {"inputs": samples.inputs[order], "targets": samples.targets[order], "test": np.arange(4500, 5000)},
    )
    rng = np.random.default_rng(0)
    labels = np.arange(2000) % 10
    hues = rng.uniform(0, 255, (10, 3, 1, 1))
    pictures = np.clip(hues[labels] + 40 * rng.standard_normal((2000, 3, 32, 32)), 0, 255)
    write_cached(
        data_set_folder(folder, "cifar10"),
        {"inputs": pictures.astype(np.uint8), "targets": labels.astype(np.int64), "test": np.arange(1800, 2000)},
    )
    return folder
