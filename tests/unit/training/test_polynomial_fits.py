"""Trained polynomials equal NumPy's least squares; bias, variance and noise add up to what is measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.polynomial import Legendre, legendre

from core.catalog.datasets.polynomial import Polynomial
from core.training.polynomial_fits import MOMENTS, Fits, bias_and_variance, fits


def fitted(n: int = 12, *, noise: float = 0.25, **asked: Any) -> Fits:
    pieces = fits(Polynomial(n=n, noise=noise, degree=4), **{"seed": 0, "num_sets": 3, "most": 6} | asked)
    try:
        while True:
            next(pieces)
    except StopIteration as end:
        return end.value


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("degree", [0, 1, 4, 8, 11])
def test_below_the_number_of_points_a_fit_is_the_least_squares_one(degree: int, seed: int):
    found = fitted(degree=degree, most=11, seed=seed)
    for x, y, curve, error in zip(found.x, found.y, found.curves[-1], found.train[:, degree], strict=True):
        expected = Legendre.fit(x, y, degree)
        inside = (found.grid >= x.min()) & (found.grid <= x.max())
        answers = expected(found.grid[inside])
        assert np.abs(curve[inside] - answers).max() <= 1e-4 * max(1.0, np.abs(answers).max())
        assert error == pytest.approx(((expected(x) - y) ** 2).mean(), abs=1e-8)


def test_from_there_on_it_has_the_smallest_coefficients_and_goes_through_all_points():
    found = fitted(n=10, degree=25, most=25, num_sets=2)
    for x, y, curve in zip(found.x, found.y, found.curves[-1], strict=True):
        weights = np.linalg.lstsq(legendre.legvander(x, 25), y)[0]
        assert np.allclose(curve, legendre.legval(found.grid, weights), atol=1e-6)
    assert np.all(found.train[:, 10:] < 1e-8)


def test_every_update_brings_the_fit_nearer_to_the_points():
    found = fitted(degree=5, num_sets=1)
    on_points = [np.interp(found.x[0], found.grid, curve) for curve in found.curves[:, 0]]
    errors = [((answers - found.y[0]) ** 2).mean() for answers in on_points]
    assert found.updates == MOMENTS
    assert np.all(found.curves[0] == 0)
    assert np.all(np.diff(errors) < 1e-4)
    assert errors[-1] == pytest.approx(found.train[0, 5], abs=2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_bias_variance_and_noise_add_up_to_the_error_on_test_points(seed: int):
    found = fitted(n=40, num_sets=20, degree=3, most=8, seed=seed)
    total = found.bias2 + found.variance + found.noise
    assert np.all(np.abs(total - found.test) < 4 * found.test_error)
    assert found.bias2[0] > 5 * found.bias2[4], "a constant misses the curve, its own degree does not"
    assert found.variance[8] > 2 * found.variance[4], "what is free to bend follows the noise"


def test_that_the_mean_over_few_sets_varies_is_no_bias():
    rng = np.random.default_rng(0)
    truth = np.sin(np.arange(200_000.0))
    for bias, spread in ((0.5, 2.0), (1.0, 0.1)):
        answers = truth + bias + rng.normal(0, spread, (20, len(truth)))
        bias2, variance = bias_and_variance(answers, truth)
        assert bias2 == pytest.approx(bias**2, rel=0.02)
        assert variance == pytest.approx(spread**2, rel=0.02)
        assert bias2 + variance == pytest.approx(((answers - truth) ** 2).mean())
    unbiased = truth + rng.normal(0, 2.0, (20, len(truth)))
    found = bias_and_variance(unbiased - unbiased.mean(0) + truth, truth)
    assert found == (0.0, pytest.approx(unbiased.var(0).mean())), "below 0 none is found"
    assert bias_and_variance(truth[None] + 1, truth) == (pytest.approx(1.0), pytest.approx(0.0))


def test_the_same_choices_give_the_same_bits_and_another_seed_other_points():
    first, again, other = fitted(degree=2), fitted(degree=2), fitted(degree=2, seed=1)
    assert np.array_equal(first.curves, again.curves)
    assert not np.array_equal(first.x, other.x)
