"""Hessian: the second derivatives of a network's loss as products with vectors.

The matrix itself, N × N, is never formed: a product costs about as much as a gradient.
Source: Pearlmutter, Fast Exact Multiplication by the Hessian, 1994.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator

import torch
from torch import Tensor

from core.errors import BadInput
from core.landscape.dense_derivatives import DenseDerivatives, is_dense
from core.landscape.measured import Measured
from core.seeding import generator, seed32
from core.text import Text


class Hessian:
    """Products of the loss's Hessian with vectors, and the gradient, at the point where the loss stands when made.

    Both come in pieces, a part of the sample each; the first of them prepares the parts.
    """

    def __init__(self, measured: Measured) -> None:
        self._point, self._num_samples = measured.flat, measured.num_samples
        self._parts = measured.parts()
        self._derivatives: list[DenseDerivatives | _GraphDerivatives] = []

    def __len__(self) -> int:
        return len(self._point)

    def gradient(self) -> Generator[None, None, Tensor]:
        """(N,). BadInput where that is no number."""
        return self._sum(lambda derivatives: derivatives.gradient())

    def product(self, vector: Tensor) -> Generator[None, None, Tensor]:
        """H · vector, (N,). BadInput where that is no number."""
        return self._sum(lambda derivatives: derivatives.product(vector))

    def directions(self, seed: int) -> Generator[Tensor, None, None]:
        """Vectors (N,) of independent normal numbers, the same ones for a seed."""
        drawn = generator("cpu", seed32(seed, "curvature"))
        while True:
            yield torch.randn(len(self), generator=drawn).to(self._point)

    def _sum(self, of: Callable[[DenseDerivatives | _GraphDerivatives], Tensor]) -> Generator[None, None, Tensor]:
        for part in self._parts[len(self._derivatives) :]:
            derive = DenseDerivatives if is_dense(part) else _GraphDerivatives
            self._derivatives.append(derive(part, part.num_samples / self._num_samples))
            yield
        first, *others = self._derivatives
        total = of(first)
        for derivatives in others:
            yield
            total = total + of(derivatives)
        _check_finite(total)
        return total


class _GraphDerivatives:
    """The same of any network. The graph of the gradient is made once and kept."""

    def __init__(self, measured: Measured, share: float) -> None:
        self._point = measured.flat.detach().clone().requires_grad_()
        (self._gradient,) = torch.autograd.grad(
            share * measured.loss(self._point), self._point, create_graph=True, materialize_grads=True
        )

    def gradient(self) -> Tensor:
        return self._gradient.detach()

    def product(self, vector: Tensor) -> Tensor:
        if not self._gradient.requires_grad:
            return torch.zeros_like(vector)
        (product,) = torch.autograd.grad(self._gradient, self._point, vector, retain_graph=True, materialize_grads=True)
        return product


def _check_finite(derivative: Tensor) -> None:
    # The square of its length is not finite either where one number is not, and takes a tenth of the time.
    if not math.isfinite(float(derivative.dot(derivative))):
        raise BadInput(
            Text("The loss has no curvature here."),
            Text("Its derivatives are beyond every number that this precision holds."),
            Text("Choose an earlier update."),
        )
