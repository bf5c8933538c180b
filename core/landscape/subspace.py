"""Subspace: both ends of a symmetric matrix's spectrum, from vectors that may be near their eigenvectors already.

The space begins with these vectors, and grows by what is left of the eigenvector equation at an end. From one random
vector that is Lanczos. Source: Saad, Numerical Methods for Large Eigenvalue Problems, 2011, sections 4.3 (Rayleigh and
Ritz) and 8.4 (Davidson). Shape letters: N rows of the matrix, M products.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch
from torch import Tensor

from core.landscape.krylov import Product, rounding_of, without

NEW = 1e-3
"""A vector of the start is left out when less than this share of it is outside of the space."""


class Subspace:
    """`values` (2,) are the lowest and the highest eigenvalue as far as M products tell.

    Within `residuals` (2,) of each value there is an eigenvalue. There is room for `most` products with vectors `like`
    this one (N,).
    """

    def __init__(self, product: Product, like: Tensor, most: int) -> None:
        self._product = product
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

    @property
    def vectors(self) -> Tensor:
        """Those of both values, (2, N), of length 1."""
        return self._turn_2M @ self._basis[: self.num_products]
