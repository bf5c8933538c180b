"""The ends of the spectrum from vectors that are near them, against matrices that are known."""

from __future__ import annotations

from collections.abc import Generator, Iterable

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


def space_of(start: Iterable[Tensor], most: int) -> Subspace:
    """The space that begins with these vectors."""
    space = Subspace(product, DENSE[0], most)
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
