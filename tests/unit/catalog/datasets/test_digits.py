"""Digits are read without scikit-learn, and are what it gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from core.catalog.datasets.digits import Digits


def test_the_pixels_and_classes_are_those_of_scikit_learn(tmp_path: Path):
    pixels, labels = load_digits(return_X_y=True)
    samples = Digits().load(tmp_path)
    np.testing.assert_array_equal(samples.inputs.reshape(len(pixels), -1), pixels)
    np.testing.assert_array_equal(samples.targets, labels)
    assert (samples.inputs.dtype, samples.targets.dtype) == (np.uint8, np.int64)


def test_a_server_that_trains_on_digits_has_not_loaded_scikit_learn(tmp_path: Path):
    words = (
        "import sys; from pathlib import Path; from core.catalog.datasets.digits import Digits; "
        f"Digits().load(Path({str(tmp_path)!r})); print('sklearn' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
