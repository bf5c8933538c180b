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
        rest = _without(rest, basis)
        beside = float(rest.norm())
        if place + 1 == basis.shape[1]:
            self._beside.append(0.0)
            self._next = None
        elif beside <= self._rounding(beside):
            self._beside.append(0.0)
            rest = _without(next(self._directions), basis)
            self._next = rest / rest.norm()
        else:
            self._beside.append(beside)
            self._next = rest / beside

    def ritz(self) -> Ritz:
        """What is known so far."""
        values, rotation = np.linalg.eigh(self._projected())
        rounding = self._rounding(0.0)
        residuals = np.abs(self._beside[-1] * rotation[-1]) + rounding
        return Ritz(values, rotation[0] ** 2, residuals, rounding, self._basis[: self.num_products], rotation)

    def weight_below_zero(self) -> float:
        """The least share of the start that lies in eigenvectors of negative eigenvalues (Gauss-Radau, one node at 0).

        Without that node, the one nearest to 0 stands for all eigenvalues there and may lie on either side.
        """
        projected = self._projected()
        if not self.is_whole and len(projected) > 1:
            beside = np.zeros(len(projected) - 1)
            beside[-1] = self._beside[-2]
            # A value of exactly 0 within the smaller space is moved by what cannot be told from 0.
            inner = projected[:-1, :-1] + np.finfo(float).tiny * np.eye(len(beside))
            projected[-1, -1] = beside[-1] * np.linalg.solve(inner, beside)[-1]
        values, rotation = np.linalg.eigh(projected)
        return float((rotation[0] ** 2)[values < -self._rounding(0.0)].sum())

    def _projected(self) -> np.ndarray:
        """The matrix within the space (M, M)."""
        beside = self._beside[:-1]
        return np.diag(self._diagonal) + np.diag(beside, 1) + np.diag(beside, -1)

    def _rounding(self, beside: float) -> float:
        """What a product may be wrong by: ten units in the last place of the largest entry."""
        largest = max([abs(beside), *map(abs, self._diagonal), *self._beside])
        return 10 * torch.finfo(self._basis.dtype).eps * largest


def _without(vector: Tensor, basis: Tensor) -> Tensor:
    """The part of a vector that is orthogonal to a basis; twice, because rounding leaves a little the first time."""
    for _ in range(2):
        vector = vector - (basis @ vector) @ basis
    return vector
