from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import core.catalog.datasets  # noqa: F401
from core.catalog.datasets.blobs import Blobs
from core.catalog.datasets.circles import Circles
from core.catalog.datasets.dataset import Samples
from core.catalog.datasets.generated import Generated
from core.catalog.datasets.linear_200 import Linear200
from core.catalog.datasets.moons import Moons
from core.catalog.datasets.polynomial import Polynomial
from core.catalog.datasets.spirals import Spirals
from core.catalog.datasets.xor import Xor
from core.catalog.registry import entries

NOWHERE = Path("unused")
GENERATED = [cls for cls in entries("datasets").values() if issubclass(cls, Generated)]


def part(samples: Samples, name: str) -> np.ndarray:
    assert samples.parts is not None
    return samples.inputs[samples.parts[name]]


@pytest.mark.parametrize("cls", GENERATED)
def test_training_has_n_points_and_validation_and_test_a_thousand_of_their_own(cls: type[Generated]) -> None:
    samples = cls(n=60).load(NOWHERE)
    assert [len(part(samples, name)) for name in ("train", "validation", "test")] == [60, 1000, 1000]
    rows = {row.tobytes() for row in samples.inputs}
    assert len(rows) == 2060


@pytest.mark.parametrize("cls", GENERATED)
def test_the_split_seed_draws_training_and_validation_points_and_no_test_point(cls: type[Generated]) -> None:
    one, other = cls(n=60).load(NOWHERE, 1), cls(n=60).load(NOWHERE, 2)
    assert not np.array_equal(part(one, "train"), part(other, "train"))
    assert not np.array_equal(part(one, "validation"), part(other, "validation"))
    assert np.array_equal(part(one, "test"), part(other, "test"))


@pytest.mark.parametrize("cls", GENERATED)
def test_more_training_points_change_neither_validation_nor_test(cls: type[Generated]) -> None:
    few, many = cls(n=60).load(NOWHERE), cls(n=90).load(NOWHERE)
    assert np.array_equal(part(few, "validation"), part(many, "validation"))
    assert np.array_equal(part(few, "test"), part(many, "test"))


@pytest.mark.parametrize("cls", [cls for cls in GENERATED if cls.task == "classification"])
def test_classes_are_as_even_as_possible(cls: type[Generated]) -> None:
    samples = cls(n=61).load(NOWHERE)
    assert samples.parts is not None
    counts = np.bincount(samples.targets[samples.parts["train"]])
    assert counts.max() - counts.min() <= 1


def test_moons_without_noise_lie_on_two_half_circles() -> None:
    samples = Moons(noise=0).load(NOWHERE)
    upper, lower = samples.inputs[samples.targets == 0], samples.inputs[samples.targets == 1]
    assert np.hypot(upper[:, 0], upper[:, 1]) == pytest.approx(1, abs=1e-6)
    assert np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5) == pytest.approx(1, abs=1e-6)


def test_circles_without_noise_have_the_radii_they_are_asked_for() -> None:
    samples = Circles(noise=0, radius=0.3).load(NOWHERE)
    radius = np.hypot(samples.inputs[:, 0], samples.inputs[:, 1])
    assert radius == pytest.approx(np.where(samples.targets == 0, 1, 0.3), abs=1e-6)


def test_without_noise_the_class_of_xor_is_the_sign_of_the_product() -> None:
    samples = Xor(noise=0).load(NOWHERE)
    assert np.array_equal(samples.targets == 1, samples.inputs[:, 0] * samples.inputs[:, 1] < 0)
    assert abs(samples.inputs).max() <= 1


def test_blobs_stand_evenly_on_a_circle_and_are_as_wide_as_they_are_asked_for() -> None:
    samples = Blobs(classes=4, noise=0.3).load(NOWHERE)
    centers = np.array([samples.inputs[samples.targets == label].mean(axis=0) for label in range(4)])
    assert centers == pytest.approx(np.array([(2, 0), (0, 2), (-2, 0), (0, -2)]), abs=0.06)
    assert (samples.inputs - centers[samples.targets]).std() == pytest.approx(0.3, rel=0.05)


def test_spiral_arms_without_noise_wind_as_often_as_they_are_asked_to() -> None:
    samples = Spirals(noise=0, turns=2, classes=3).load(NOWHERE)
    t = np.hypot(samples.inputs[:, 0], samples.inputs[:, 1]) / 2
    angle = np.arctan2(samples.inputs[:, 1], samples.inputs[:, 0]) / (2 * np.pi)
    off = (2 * t + samples.targets / 3 - angle) % 1
    assert np.minimum(off, 1 - off) == pytest.approx(0, abs=1e-5)
    assert 0.05 <= t.min() < t.max() <= 1 + 1e-6


def test_the_polynomial_is_the_chebyshev_polynomial_of_its_degree() -> None:
    samples = Polynomial(noise=0, degree=3).load(NOWHERE)
    x = samples.inputs.astype(np.float64)
    assert samples.targets == pytest.approx(4 * x**3 - 3 * x, abs=1e-5)
    assert abs(Polynomial(noise=0.2).load(NOWHERE).targets - samples.targets).max() > 0.1


def test_the_200_input_regression_has_its_textbook_weights_and_noise() -> None:
    samples = Linear200().load(NOWHERE)
    rest = samples.targets[:, 0] - 0.05 - 0.01 * samples.inputs.sum(axis=1)
    assert rest.std() == pytest.approx(0.01, rel=0.1)
    assert rest.mean() == pytest.approx(0, abs=0.001)
    assert Linear200().facts().num_train_pool == 20
