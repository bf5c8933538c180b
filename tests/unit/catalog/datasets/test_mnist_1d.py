from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.catalog.datasets.mnist_1d import MNIST1D, published_signals, templates


def test_it_has_the_published_shape() -> None:
    samples = MNIST1D().load(Path("unused"))
    assert samples.inputs.shape == (5000, 1, 40)
    assert samples.parts is not None
    assert samples.parts["test"].tolist() == list(range(4000, 5000))
    assert np.bincount(samples.targets).tolist() == [500] * 10


def test_it_is_standardized_as_a_whole() -> None:
    signals, _ = published_signals()
    assert (signals.mean(), signals.std()) == pytest.approx((0, 1), abs=1e-9)


def test_templates_start_at_zero_and_have_a_sixth_of_unit_deviation() -> None:
    shapes = templates()
    assert shapes.shape == (10, 12)
    assert not shapes[:, 0].any()
    assert shapes.std(axis=1) == pytest.approx(1 / 6)


def test_a_linear_classifier_reaches_the_published_32_percent() -> None:
    """Greydanus 2020, table 1: logistic regression 32 %; shuffled or clean signals give other numbers."""
    from sklearn.linear_model import LogisticRegression

    signals, targets = published_signals()
    model = LogisticRegression(solver="newton-cholesky").fit(signals[:4000], targets[:4000])
    assert model.score(signals[4000:], targets[4000:]) == pytest.approx(0.32, abs=0.03)
