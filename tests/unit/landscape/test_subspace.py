"""The ends of the spectrum from vectors that are near them, against matrices that are known."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np
import pytest
import torch
from torch import Tensor

from core.landscape.krylov import Krylov
from core.landscape.subspace import Subspace
from core.pieces import worked_off

VALUES = torch.tensor([-2.0, -0.5, -0.01, 0.0, 0.0, 0.3, 0.31, 1.0, 4.0, 9.0], dtype=torch.float64)


def random(*shape: int, seed: int = 0) -> Tensor:
    """Independent normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


ROTATION = torch.linalg.qr(random(10, 10)).Q
DENSE = ROTATION @ VALUES.diag() @ ROTATION.T


def product(vector: Tensor) -> Generator[None, None, Tensor]:
    """With the matrix."""
    yield
    return DENSE @ vector


def space_of(start: Iterable[Tensor], most: int, along: np.ndarray | None = None) -> Subspace:
    """The space that begins with these vectors."""
    space = Subspace(product, DENSE[0], most, along)
    for vector in start:
        worked_off(space.include(vector))
    space.solve()
    return space


@pytest.mark.parametrize("end", [0, -1])
def test_from_one_vector_it_is_lanczos(end: int):
    start = random(10, seed=1)
    space, lanczos = space_of([start], 6), Krylov(product, start, iter([]))
    worked_off(lanczos.grow())
    for _ in range(5):
        worked_off(space.grow(end))
        worked_off(lanczos.grow())
        ritz = lanczos.ritz()
        assert space.values == pytest.approx(ritz.values[[0, -1]])
        assert space.residuals == pytest.approx(ritz.residuals[[0, -1]])


def test_within_each_bound_there_is_an_eigenvalue_and_the_bound_is_what_is_left():
    space = space_of(random(3, 10), 8)
    for end in (0, -1, 0, 0, -1):
        worked_off(space.grow(end))
        for value, vector, bound in zip(space.values, space.vectors, space.residuals, strict=True):
            assert float((VALUES - value).abs().min()) <= bound
            assert float((DENSE @ vector - value * vector).norm()) == pytest.approx(bound)
            assert float(vector.norm()) == pytest.approx(1)
    assert space.num_products == 8


def test_eigenvectors_need_no_product_beyond_their_own():
    space = space_of(ROTATION.T[[0, -1]], 2)
    assert space.num_products == 2
    assert space.values == pytest.approx([-2, 9])
    assert space.residuals.max() < 1e-12


def test_a_vector_that_is_there_already_costs_no_product():
    start = random(2, 10)
    assert space_of([start[0], start[1], start[0] - 2 * start[1]], 3).num_products == 2


@pytest.mark.parametrize("end", [0, -1])
def test_one_direction_more_without_its_product_is_what_it_is_with_it_where_nothing_else_is_near(end: int):
    start = ROTATION.T[end] + 0.2 * random(10, seed=1)
    grown = space_of([start], 2)
    worked_off(grown.grow(end))
    space = space_of([start], 1, grown.along)
    values, vectors, bounds = space.extended()
    assert values[end] == pytest.approx(grown.values[end])
    assert abs(float(vectors[end] @ grown.vectors[end])) == pytest.approx(1)
    assert bounds[end] == pytest.approx(space.residuals[end] + abs(values[end] - space.values[end]))


@pytest.mark.parametrize("along", [-100.0, -2.0, 0.0, 9.0, 100.0])
def test_whatever_the_last_direction_is_taken_for_the_bounds_hold(along: float):
    space = space_of(random(3, 10), 3, np.full(2, along))
    values, vectors, bounds = space.extended()
    assert values[0] < space.values[0] < space.values[1] < values[1]
    assert (np.abs(values - space.values) <= space.residuals).all()
    for value, vector, bound in zip(values, vectors, bounds, strict=True):
        assert float((VALUES - value).abs().min()) <= bound
        assert float(vector.norm()) == pytest.approx(1)


def test_nothing_is_added_where_nothing_is_known_of_it_or_nothing_is_left():
    for space in (space_of(random(3, 10), 3), space_of(ROTATION.T[[0, -1]], 2, np.zeros(2))):
        values, vectors, bounds = space.extended()
        assert values == pytest.approx(space.values, abs=1e-15)
        assert bounds == pytest.approx(space.residuals, abs=1e-15)
        assert torch.allclose(vectors, space.vectors, atol=1e-12)


def test_the_last_direction_is_taken_for_what_an_earlier_one_of_its_end_was():
    """Rather than left out, on the way to the top of the matrix and near it."""
    space = space_of([random(10, seed=1)], 8)
    for _ in range(4):
        worked_off(space.grow(-1))
        values, _, _ = space.extended()
        assert abs(values[-1] - 9) < abs(space.values[-1] - 9)
