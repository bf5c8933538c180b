"""Lanczos against matrices that are known."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from core.landscape.krylov import Krylov
from core.pieces import worked_off


def directions(size: int, seed: int = 0) -> Iterator[Tensor]:
    """Random vectors, the same ones for a seed."""
    drawn = torch.Generator().manual_seed(seed)
    while True:
        yield torch.randn(size, generator=drawn, dtype=torch.float64)


def matrix(values: list[float]) -> Tensor:
    """A dense symmetric matrix with these eigenvalues."""
    drawn = torch.randn(len(values), len(values), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    rotation = torch.linalg.qr(drawn).Q
    return rotation @ torch.tensor(values, dtype=torch.float64).diag() @ rotation.T


def grown(dense: Tensor, num_products: int, start: Tensor | None = None) -> Krylov:
    """The space of a matrix after so many products."""
    drawn = directions(len(dense))

    def product(vector: Tensor) -> Generator[None, None, Tensor]:
        yield
        return dense @ vector

    space = Krylov(product, next(drawn) if start is None else start, drawn)
    for _ in range(num_products):
        worked_off(space.grow())
    return space


SPREAD = [-2.0, -0.5, -0.01, 0.0, 0.0, 0.3, 0.31, 1.0, 4.0, 9.0]


@pytest.mark.parametrize(
    "values", [SPREAD, [3.0], [0.0], [0.0] * 5, [2.0] * 5, [-1.0, -1.0, 1.0, 1.0, 1.0], [1e-30, 1.0]]
)
def test_the_whole_space_knows_every_eigenvalue(values: list[float]):
    space = grown(matrix(values), len(values))
    assert space.is_whole
    assert space.ritz().values == pytest.approx(sorted(values), abs=1e-13 * max(1, *map(abs, values)))


@pytest.mark.parametrize("num_products", range(1, 10))
def test_within_each_error_bound_there_is_an_eigenvalue(num_products: int):
    ritz = grown(matrix(SPREAD), num_products).ritz()
    distances = np.abs(ritz.values[:, None] - SPREAD).min(1)
    assert (distances <= ritz.residuals).all()
    assert ritz.weights.sum() == pytest.approx(1)


def test_a_bound_is_the_length_of_what_is_left_of_the_eigenvector_equation():
    dense = matrix(SPREAD)
    ritz = grown(dense, 4).ritz()
    vectors = worked_off(ritz.vectors(range(4)))
    for place, (value, vector) in enumerate(zip(ritz.values, vectors, strict=True)):
        assert float((dense @ vector - value * vector).norm()) == pytest.approx(ritz.residuals[place], rel=1e-6)


def test_vectors_stay_orthogonal_however_far_the_eigenvalues_are_apart():
    values = [*np.linspace(-1e-6, 1e-6, 60), 1e6]
    ritz = grown(matrix(values), 40).ritz()
    basis = worked_off(ritz.basis.combined(np.eye(40)))
    assert torch.allclose(basis @ basis.T, torch.eye(40, dtype=torch.float64), atol=1e-12)


def test_equal_eigenvalues_have_different_vectors():
    ritz = grown(matrix([2.0] * 5), 2).ritz()
    assert float(torch.dot(*worked_off(ritz.vectors([0, 1])))) == pytest.approx(0, abs=1e-12)


def test_a_start_without_a_share_in_an_eigenvector_does_not_hide_it():
    dense = torch.tensor([1.0, 2.0, -5.0], dtype=torch.float64).diag()
    start = torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64)
    assert grown(dense, 2, start).ritz().values[0] > 0
    assert grown(dense, 3, start).ritz().values[0] == pytest.approx(-5)


def test_the_weight_below_zero_is_a_bound_that_many_zeros_do_not_disturb():
    values = [*np.linspace(-1, -0.5, 10), *[0.0] * 60, *np.linspace(1, 30, 30)]
    dense = matrix(values)
    start = next(directions(100))
    start /= start.norm()
    below = float((torch.linalg.eigh(dense).eigenvectors[:, :10].T @ start).square().sum())
    found = [grown(dense, num).weight_below_zero() for num in range(1, 42)]
    assert max(found) <= below * (1 + 1e-9)
    assert found == sorted(found)
    assert found[29] == pytest.approx(below, rel=0.05)


@pytest.mark.parametrize(("values", "share"), [([0.0] * 4, 0.0), ([-2.0] * 4, 1.0), ([-1.0], 1.0)])
def test_the_weight_below_zero_of_the_whole_space(values: list[float], share: float):
    assert grown(matrix(values), len(values)).weight_below_zero() == pytest.approx(share)
