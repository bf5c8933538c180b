"""Subspace: both ends of a symmetric matrix's spectrum, from vectors that may be near their eigenvectors already.

The space begins with these vectors, and grows by what is left of the eigenvector equation at an end. From one random
vector that is Lanczos. Source: Saad, Numerical Methods for Large Eigenvalue Problems, 2011, sections 4.3 (Rayleigh and
Ritz) and 8.4 (Davidson). Shape letters: N rows of the matrix, M products.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.landscape.krylov import Product, eigen, rounding_of, without

NEW = 1e-3
"""A vector of the start is left out when less than this share of it is outside of the space."""


class Subspace:
    """`values` (2,) are the lowest and the highest eigenvalue as far as M products tell, `vectors` (2, N) of length 1.

    Within `residuals` (2,) of each value there is an eigenvalue. There is room for `most` products.
    """

    def __init__(self, product: Product, start_KN: Tensor, most: int) -> None:
        self._product = product
        self.num_products = 0
        self._basis, self._images = start_KN.new_empty(2, most, start_KN.shape[1])
        self._projected = np.empty((most, most))
        for vector in start_KN:
            self.include(vector)
        if len(start_KN):
            self.solve()

    def include(self, vector: Tensor) -> None:
        """Let the space hold a vector (N,) too, with one product more, unless it nearly does already.

        What is known is only told anew by `solve`, so that several can come together.
        """
        rest = without(vector, self._basis[: self.num_products])
        if float(rest.norm()) > NEW * float(vector.norm()):
            self._add(rest)

    def grow(self, end: int) -> None:
        """Do one product more, for the lowest (0) or the highest (-1) eigenvalue, whose residual is not 0."""
        # It is orthogonal already, but for rounding.
        self._add(without(self._left_2N[end], self._basis[: self.num_products], times=1))
        self.solve()

    def _add(self, vector: Tensor) -> None:
        place = self.num_products
        self._basis[place] = vector / vector.norm()
        self._images[place] = image = self._product(self._basis[place])
        self.num_products += 1
        row = (self._basis[: self.num_products] @ image).cpu().numpy()
        self._projected[place, : place + 1] = self._projected[: place + 1, place] = row

    def solve(self) -> None:
        """Tell the ends as they are known by now."""
        num = self.num_products
        values, rotation = eigen(self._projected[:num, :num])
        self.values = values[[0, -1]]
        turn_2M = torch.from_numpy(rotation.T[[0, -1]]).to(self._basis)
        self.vectors = turn_2M @ self._basis[:num]
        values_21 = torch.from_numpy(self.values).to(self._basis).unsqueeze(1)
        self._left_2N = torch.addcmul(turn_2M @ self._images[:num], values_21, self.vectors, value=-1)
        rounding = rounding_of(self._basis.dtype, float(np.abs(values).max()))
        self.residuals = torch.linalg.vector_norm(self._left_2N, dim=1).cpu().numpy() + rounding
