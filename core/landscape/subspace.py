"""Subspace: both ends of a symmetric matrix's spectrum, from vectors that may be near their eigenvectors already.

The space begins with these vectors, and grows by what is left of the eigenvector equation at an end. From one random
vector that is Lanczos. Source: Saad, Numerical Methods for Large Eigenvalue Problems, 2011, sections 4.3 (Rayleigh and
Ritz) and 8.4 (Davidson). Shape letters: N rows of the matrix, M products.

The last direction needs no product of its own: with r what is left of an end's equation, v its value and u its vector,
one direction more makes of them the outer eigenvalue of [[v, |r|], [|r|, t]], where t is what the matrix is along r. It
is taken from the last direction of this end that had its product, be it in a space of a matrix shortly before.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from torch import Tensor

from core.landscape.krylov import Product, rounding_of, without

OUTWARD = np.array([-1.0, 1.0])
"""Which way an end lies: the lowest, the highest."""
NEW = 1e-3
"""A vector of the start is left out when less than this share of it is outside of the space."""


class Subspace:
    """`values` (2,) are the lowest and the highest eigenvalue as far as M products tell.

    Within `residuals` (2,) of each value there is an eigenvalue. There is room for `most` products with vectors `like`
    this one (N,). `along` (2,) is what the matrix is along the last direction that was added for each end, and as long
    as there is none, what is given here, or no number.
    """

    def __init__(self, product: Product, like: Tensor, most: int, along: np.ndarray | None = None) -> None:
        self._product = product
        self.along = np.full(2, np.nan) if along is None else along.copy()
        self.num_products = 0
        self._basis, self._images = like.new_empty(2, most, len(like))
        self._projected = np.empty((most, most))

    def include(self, vector: Tensor) -> Generator[None, None, None]:
        """Let the space hold a vector (N,) too, with one product more, unless it nearly does already; in pieces.

        What is known is only told anew by `solve`, so that several can come together.
        """
        basis, rest = self._basis[: self.num_products], vector
        if self.num_products:
            rest = without(without(vector, basis), basis)  # Twice, because rounding leaves a little the first time.
        length = float(rest.norm())
        if not self.num_products or length > NEW * float(vector.norm()):
            yield from self._add(rest, length)

    def grow(self, end: int) -> Generator[None, None, None]:
        """Do one product more, for the lowest (0) or the highest (-1) eigenvalue, whose residual is not 0."""
        # It is orthogonal already, but for rounding.
        rest = without(self._left_2N[end], self._basis[: self.num_products])
        yield from self._add(rest, float(self._lengths[end]))
        self.along[end] = self._projected[self.num_products - 1, self.num_products - 1]
        self.solve()

    def _add(self, vector: Tensor, length: float) -> Generator[None, None, None]:
        place = self.num_products
        torch.div(vector, length, out=self._basis[place])
        self._images[place] = image = yield from self._product(self._basis[place])
        self.num_products += 1
        row = (self._basis[: self.num_products] @ image).cpu().numpy()
        self._projected[place, : place + 1] = self._projected[: place + 1, place] = row

    def solve(self) -> None:
        """Tell the ends as they are known by now."""
        num = self.num_products
        values, rotation = np.linalg.eigh(self._projected[:num, :num])
        self.values = values[[0, -1]]
        turn_2M = rotation.T[[0, -1]]
        both_4M = torch.from_numpy(np.concatenate([turn_2M, turn_2M * self.values[:, None]])).to(self._basis)
        self._turn_2M = both_4M[:2]
        self._left_2N = torch.addmm(self._turn_2M @ self._images[:num], both_4M[2:], self._basis[:num], alpha=-1)
        rounding = rounding_of(self._basis.dtype, max(-values[0], values[-1]))
        self._lengths = torch.linalg.vector_norm(self._left_2N, dim=1).cpu().numpy()
        self.residuals = self._lengths + rounding

    def extended(self) -> tuple[np.ndarray, Tensor, np.ndarray]:
        """Values (2,), unit vectors (2, N) and residuals (2,) with one direction more at each end, without its product.

        No value is moved by more than its residual, nor where `along` is no number.
        """
        half_gaps = np.maximum(OUTWARD * (self.values - self.along), 0) / 2
        inverse = half_gaps + np.hypot(half_gaps, self._lengths)
        tilts = np.divide(1, inverse, out=np.zeros(2), where=inverse > 0)
        moved = tilts * self._lengths**2
        scale_2 = 1 / np.hypot(1, tilts * self._lengths)
        both_22 = torch.from_numpy(np.stack([scale_2, scale_2 * OUTWARD * tilts])).to(self._basis)
        vectors = (both_22[0, :, None] * self.vectors).addcmul_(both_22[1, :, None], self._left_2N)
        return self.values + OUTWARD * moved, vectors, self.residuals + moved

    @property
    def vectors(self) -> Tensor:
        """Those of both values, (2, N), of length 1."""
        return self._turn_2M @ self._basis[: self.num_products]
