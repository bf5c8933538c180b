"""Lanczos: what a symmetric matrix of which only products are known looks like from one vector on.

Shape letters: N rows of the matrix, M products. Source: Golub and Meurant, Matrices, Moments and Quadrature, 1994;
Parlett, The Symmetric Eigenvalue Problem, 1980, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

FAR = 10
"""A node so many times as far out as the largest entry would drown those near 0 in its rounding."""

Product = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Ritz:
    """What M products tell: eigenvalues of the matrix as far as the space reaches, ascending.

    Within `residuals[i]` of `values[i]` there is an eigenvalue of the matrix; `weights` are the shares of the start in
    each, and together 1.
    """

    values: np.ndarray
    weights: np.ndarray
    residuals: np.ndarray
    rounding: float
    basis_MN: Tensor
    rotation_MM: np.ndarray

    def vector(self, place: int) -> Tensor:
        """The unit vector (N,) of a value."""
        turn = torch.from_numpy(self.rotation_MM[:, place]).to(self.basis_MN)
        vector = turn @ self.basis_MN
        return vector / vector.norm()


class Krylov:
    """The space that grows by one product at a time from `start` (N,), its basis kept orthogonal to rounding.

    Where the space is closed under the matrix, it goes on with a vector of `directions`, so that a matrix with equal
    eigenvalues has different vectors too, and a start without a share in an eigenvector does not hide it for good.
    """

    def __init__(self, product: Product, start: Tensor, directions: Iterator[Tensor]) -> None:
        self._product, self._directions = product, directions
        self._diagonal: list[float] = []
        self._beside: list[float] = []
        self._next: Tensor | None = start / start.norm()
        self._basis = start.new_empty(16, len(start))

    @property
    def num_products(self) -> int:
        """Products so far."""
        return len(self._diagonal)

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole space: nothing is left to learn."""
        return self._next is None

    def grow(self) -> None:
        """Do one product more."""
        assert self._next is not None
        place = self.num_products
        if place == len(self._basis):
            self._basis = torch.cat([self._basis, torch.empty_like(self._basis)])
        self._basis[place] = self._next
        basis = self._basis[: place + 1]
        rest = self._product(self._next)
        self._diagonal.append(float(rest @ self._next))
        rest = without(rest, basis)
        beside = float(rest.norm())
        if place + 1 == basis.shape[1]:
            self._beside.append(0.0)
            self._next = None
        elif beside <= self._rounding:
            self._beside.append(0.0)
            rest = without(next(self._directions), basis)
            self._next = rest / rest.norm()
        else:
            self._beside.append(beside)
            self._next = rest / beside

    def ritz(self) -> Ritz:
        """What is known so far."""
        values, rotation = eigen(self._projected())
        residuals = np.abs(self._beside[-1] * rotation[-1]) + self._rounding
        return Ritz(values, rotation[0] ** 2, residuals, self._rounding, self._basis[: self.num_products], rotation)

    def weight_below_zero(self) -> float:
        """The least share of the start that lies in eigenvectors of negative eigenvalues.

        The quadrature is Gauss-Radau's, with one node at 0: without it, the node nearest to 0 would stand for all
        eigenvalues around it and might lie on either side.
        """
        projected = self._projected()
        if not self.is_whole:
            last = self._zero_makers()
            size = max(place for place, value in enumerate(last) if abs(value) <= FAR * self._largest) + 1
            projected = projected[:size, :size]
            projected[-1, -1] = last[size - 1]
        values, rotation = eigen(projected)
        return float((rotation[0] ** 2)[values < -FAR * self._rounding].sum())

    def _zero_makers(self) -> list[float]:
        """For each size of the space, what would make 0 an eigenvalue, were it the last one on the diagonal."""
        found = [0.0]
        for diagonal, beside in zip(self._diagonal[:-1], self._beside[:-1], strict=True):
            pivot = diagonal - found[-1]
            found.append(beside**2 / pivot if pivot else np.copysign(np.inf, beside) if beside else 0.0)
        return found

    def _projected(self) -> np.ndarray:
        """The matrix within the space (M, M)."""
        beside = self._beside[:-1]
        return np.diag(self._diagonal) + np.diag(beside, 1) + np.diag(beside, -1)

    @property
    def _rounding(self) -> float:
        return rounding_of(self._basis.dtype, self._largest)

    @property
    def _largest(self) -> float:
        """The largest entry of the matrix within the space."""
        return max(map(abs, [*self._diagonal, *self._beside]), default=0.0)


def rounding_of(dtype: torch.dtype, largest: float) -> float:
    """What a product may be wrong by: ten units in the last place of the largest entry."""
    return 10 * torch.finfo(dtype).eps * largest


def eigen(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues, ascending, and eigenvectors as columns; on torch's threads, which a run's record fixes."""
    values, vectors = torch.linalg.eigh(torch.from_numpy(matrix))
    return values.numpy(), vectors.numpy()


def without(vector: Tensor, basis: Tensor, times: int = 2) -> Tensor:
    """The part of a vector that is orthogonal to a basis; twice, because rounding leaves a little the first time."""
    for _ in range(times):
        vector = vector - (basis @ vector) @ basis
    return vector
