"""Hessian: the second derivatives of a network's loss as products with vectors.

The matrix itself, N × N, is never formed: a product costs about as much as a gradient.
Source: Pearlmutter, Fast Exact Multiplication by the Hessian, 1994.
"""

from __future__ import annotations

import math
from collections.abc import Generator

import torch
from torch import Tensor

from core.errors import BadInput
from core.landscape.dense_derivatives import DenseDerivatives, is_dense
from core.landscape.measured import Measured
from core.seeding import generator, seed32
from core.text import Text


class Hessian:
    """Products of the loss's Hessian with vectors, and the gradient (N,), at one point."""

    def __init__(self, measured: Measured) -> None:
        here = DenseDerivatives(measured) if is_dense(measured) else _GraphDerivatives(measured)
        self.gradient, self._product = here.gradient, here.product
        _check_finite(self.gradient)

    def __len__(self) -> int:
        return len(self.gradient)

    def __call__(self, vector: Tensor) -> Tensor:
        """H · vector, (N,). BadInput where that is no number."""
        product = self._product(vector)
        _check_finite(product)
        return product

    def directions(self, seed: int) -> Generator[Tensor, None, None]:
        """Vectors (N,) of independent normal numbers, the same ones for a seed."""
        drawn = generator("cpu", seed32(seed, "curvature"))
        while True:
            yield torch.randn(len(self), generator=drawn).to(self.gradient)


class _GraphDerivatives:
    """Derivatives of any network. The graph of the gradient is made once and kept."""

    def __init__(self, measured: Measured) -> None:
        self._point = measured.flat.detach().clone().requires_grad_()
        (self._gradient,) = torch.autograd.grad(
            measured.loss(self._point), self._point, create_graph=True, materialize_grads=True
        )
        self.gradient = self._gradient.detach()

    def product(self, vector: Tensor) -> Tensor:
        if not self._gradient.requires_grad:
            return torch.zeros_like(vector)
        (product,) = torch.autograd.grad(self._gradient, self._point, vector, retain_graph=True, materialize_grads=True)
        return product


def _check_finite(derivative: Tensor) -> None:
    # The norm is not finite either where one number is not, and takes a fifth of the time.
    if not math.isfinite(float(derivative.norm())):
        raise BadInput(
            Text("The loss has no curvature here."),
            Text("Its derivatives are beyond every number that this precision holds."),
            Text("Choose an earlier update."),
        )
