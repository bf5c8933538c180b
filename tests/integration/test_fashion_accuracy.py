"""Accuracy on real images: 4 000 of Fashion-MNIST are enough for the reference network."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.catalog.datasets.mnist import FashionMNIST
from core.experiment import Experiment
from core.training.run import Run


@pytest.mark.slow
def test_the_reference_cnn_reaches_27_percent_on_fashion_mnist_in_three_epochs(tmp_path: Path) -> None:
    if FashionMNIST().installed() is None:
        pytest.skip("Fashion-MNIST is not installed: apt install dataset-fashion-mnist")
    experiment = Experiment.from_json(
        {
            "dataset": "fashion_mnist",
            "train_size": 4000,
            "architecture": "cnn",
            "epochs": 3,
            "evaluate_every": 189,
        }
    )
    final = Run(experiment, tmp_path).train().final
    assert final is not None
    assert final.validation.num == 12_000
    assert final.validation.error <= 0.27
