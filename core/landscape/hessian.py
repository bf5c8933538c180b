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
from core.pieces import worked_off
from core.seeding import generator, seed32
from core.text import Text


class Hessian:
    """Products of the loss's Hessian with vectors, and the gradient, at the point where the loss stands when made.

    A large sample goes part by part, each a piece of work; the first product prepares the parts.
    """

    def __init__(self, measured: Measured) -> None:
        self._point, self._num_samples = measured.flat, measured.num_samples
        self._parts = measured.parts()
        self._derivatives: list[DenseDerivatives | _GraphDerivatives] = []
        self._gradient = torch.zeros_like(self._point)

    def __len__(self) -> int:
        return len(self._point)

    @property
    def gradient(self) -> Tensor:
        """(N,). BadInput where it is no number."""
        worked_off(self._prepare())
        return self._gradient

    def product(self, vector: Tensor) -> Generator[None, None, Tensor]:
        """H · vector, (N,), in pieces. BadInput where that is no number."""
        yield from self._prepare()
        first, *others = self._derivatives
        total = first.product(vector)
        for derivatives in others:
            yield
            total += derivatives.product(vector)
        _check_finite(total)
        return total

    def directions(self, seed: int) -> Generator[Tensor, None, None]:
        """Vectors (N,) of independent normal numbers, the same ones for a seed."""
        drawn = generator("cpu", seed32(seed, "curvature"))
        while True:
            yield torch.randn(len(self), generator=drawn).to(self._point)

    def _prepare(self) -> Generator[None, None, None]:
        for part in self._parts[len(self._derivatives) :]:
            derivatives = (DenseDerivatives if is_dense(part) else _GraphDerivatives)(
                part, part.num_samples / self._num_samples
            )
            self._derivatives.append(derivatives)
            self._gradient += derivatives.gradient()
            _check_finite(self._gradient)
            yield


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
    # The norm is not finite either where one number is not, and takes a fifth of the time.
    if not math.isfinite(float(derivative.norm())):
        raise BadInput(
            Text("The loss has no curvature here."),
            Text("Its derivatives are beyond every number that this precision holds."),
            Text("Choose an earlier update."),
        )
