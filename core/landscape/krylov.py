"""Lanczos: what a symmetric matrix of which only products are known looks like from one vector on.

Shape letters: N rows of the matrix, M products, R vectors. Source: Golub and Meurant, Matrices, Moments and Quadrature,
1994; Parlett, The Symmetric Eigenvalue Problem, 1980, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import eigh_tridiagonal
from torch import Tensor

from core.pieces import saying

BLOCK, BLOCK_ROWS = 2**24, 64
"""Numbers of one block of a basis, which are worked off in a fraction of 0.2 s, and its rows if they are short."""
FAR = 10
"""A node so many times as far out as the largest entry would drown those near 0 in its rounding."""

Product = Callable[[Tensor], Generator[None, None, Tensor]]
"""The product with a vector (N,), in pieces of work."""


class Basis:
    """Orthonormal vectors of N numbers, in blocks: neither growing nor working with them is one long piece."""

    def __init__(self, like: Tensor) -> None:
        self._like, self._num_rows = like, max(1, min(BLOCK_ROWS, BLOCK // len(like)))
        self._blocks: list[Tensor] = []
        self._num = 0

    def append(self, vector: Tensor) -> None:
        """Hold one more vector (N,), of length 1 and orthogonal to the others."""
        block, row = divmod(self._num, self._num_rows)
        if not row:
            self._blocks.append(self._like.new_empty(self._num_rows, len(vector)))
        self._blocks[block][row] = vector
        self._num += 1

    def without(self, vector: Tensor) -> Generator[None, None, Tensor]:
        """What of a vector is orthogonal to all; twice, because rounding leaves a little the first time."""
        blocks = [block[: self._num - place * self._num_rows] for place, block in enumerate(self._blocks)]
        for turn, block in enumerate(blocks * 2):
            if turn and len(blocks) > 1:
                yield
            vector = without(vector, block)
        return vector

    def combined(self, weights_RM: np.ndarray) -> Generator[None, None, Tensor]:
        """Sums (R, N) of them with these weights."""
        parts = torch.from_numpy(weights_RM).to(self._like).split(self._num_rows, 1)
        total = parts[0] @ self._blocks[0][: parts[0].shape[1]]
        for block, part in zip(self._blocks[1:], parts[1:], strict=True):
            yield
            total.addmm_(part, block[: part.shape[1]])
        return total


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
    basis: Basis
    rotation_MM: np.ndarray

    def vectors(self, places: Sequence[int]) -> Generator[None, None, Tensor]:
        """The unit vectors (R, N) of these values, in pieces."""
        vectors_RN = yield from self.basis.combined(self.rotation_MM.T[list(places)])
        return vectors_RN / vectors_RN.norm(dim=1, keepdim=True)


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
        self._basis = Basis(start)
        self._dtype = start.dtype

    @property
    def num_products(self) -> int:
        """Products so far."""
        return len(self._diagonal)

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole space: nothing is left to learn."""
        return self._next is None

    def grow(self) -> Generator[int, None, None]:
        """Do one product more; yields the number of products done after each piece of work."""
        yield from saying(self.num_products, self._grow())
        yield self.num_products

    def _grow(self) -> Generator[None, None, None]:
        assert self._next is not None
        self._basis.append(self._next)
        rest = yield from self._product(self._next)
        diagonal = float(rest @ self._next)
        rest = yield from self._basis.without(rest)
        beside = float(rest.norm())
        self._diagonal.append(diagonal)
        self._beside.append(beside)
        if self.num_products == len(rest):
            self._beside[-1] = 0.0
            self._next = None
        elif beside <= self._rounding:
            self._beside[-1] = 0.0
            rest = yield from self._basis.without(next(self._directions))
            self._next = rest / rest.norm()
        else:
            self._next = rest / beside

    def ritz(self) -> Ritz:
        """What is known so far."""
        values, rotation = eigh_tridiagonal(self._diagonal, self._beside[:-1], check_finite=False)
        residuals = np.abs(self._beside[-1] * rotation[-1]) + self._rounding
        return Ritz(values, rotation[0] ** 2, residuals, self._rounding, self._basis, rotation)

    def weight_below_zero(self) -> float:
        """The least share of the start that lies in eigenvectors of negative eigenvalues.

        The quadrature is Gauss-Radau's, with one node at 0: without it, the node nearest to 0 would stand for all
        eigenvalues around it and might lie on either side.
        """
        diagonal = list(self._diagonal)
        if not self.is_whole:
            last = self._zero_makers()
            size = max(place for place, value in enumerate(last) if abs(value) <= FAR * self._largest) + 1
            diagonal[size - 1 :] = [last[size - 1]]
        values, rotation = eigh_tridiagonal(diagonal, self._beside[: len(diagonal) - 1], check_finite=False)
        return float((rotation[0] ** 2)[values < -FAR * self._rounding].sum())

    def _zero_makers(self) -> list[float]:
        """For each size of the space, what would make 0 an eigenvalue, were it the last one on the diagonal."""
        found = [0.0]
        for diagonal, beside in zip(self._diagonal[:-1], self._beside[:-1], strict=True):
            pivot = diagonal - found[-1]
            found.append(beside**2 / pivot if pivot else np.copysign(np.inf, beside) if beside else 0.0)
        return found

    @property
    def _rounding(self) -> float:
        return rounding_of(self._dtype, self._largest)

    @property
    def _largest(self) -> float:
        """The largest entry of the matrix within the space."""
        return max(map(abs, [*self._diagonal, *self._beside]), default=0.0)


def rounding_of(dtype: torch.dtype, largest: float) -> float:
    """What a product may be wrong by: ten units in the last place of the largest entry."""
    return 10 * torch.finfo(dtype).eps * largest


def without(vector: Tensor, basis: Tensor) -> Tensor:
    """The part of a vector that is orthogonal to a basis (M, N), but for a little that rounding leaves."""
    return torch.addmv(vector, basis.T, basis @ vector, alpha=-1)
