"""Curvature of a network's mean data loss: the ends of its Hessian's spectrum, its density, and its gradient.

The Hessian itself, N × N, is never formed: a product with a vector costs about as much as a gradient.
Sources: Pearlmutter, Fast Exact Multiplication by the Hessian, 1994; Ghorbani et al., An Investigation into Neural Net
Optimization via Hessian Eigenvalue Density, 2019, section 2; Dauphin et al., Identifying and Attacking the Saddle Point
Problem, 2014 (share of negative eigenvalues against gradient norm).
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.errors import BadInput
from core.landscape.krylov import Krylov, Ritz
from core.landscape.measured import Measured
from core.seeding import generator, seed32
from core.text import Text

TOLERANCE = 1e-2
"""An end of the spectrum is found when its error bound is this small a part of it."""
SMALLEST = 1e-2
"""What counts as small beside the other end: the bound is never asked to be smaller than TOLERANCE of so much."""
BOTTOM, TOP = 0, -1
"""The ends of the spectrum, as places of its ascending eigenvalues."""
MOST_PRODUCTS = 200
"""After so many products the ends are told as they are known, with their error bounds."""
DEPTH, STARTS = 64, 3
"""Products from each start of the spectrum, and starts."""
WHOLE = 512
"""A network of at most so many parameters is measured in its whole space: every eigenvalue is known then."""


class Hessian:
    """Products of the loss's Hessian with vectors, at one point. The graph of the gradient is made once and kept."""

    def __init__(self, measured: Measured) -> None:
        self._point = measured.flat.detach().clone().requires_grad_()
        (self._gradient,) = torch.autograd.grad(
            measured.loss(self._point), self._point, create_graph=True, materialize_grads=True
        )
        self.gradient = self._gradient.detach()
        _check_finite(self.gradient)

    def __len__(self) -> int:
        return len(self._point)

    def __call__(self, vector: Tensor) -> Tensor:
        """H · vector, (N,). BadInput where that is no number."""
        if not self._gradient.requires_grad:
            return torch.zeros_like(vector)
        (product,) = torch.autograd.grad(self._gradient, self._point, vector, retain_graph=True, materialize_grads=True)
        _check_finite(product)
        return product

    def directions(self, seed: int) -> Generator[Tensor, None, None]:
        """Vectors (N,) of independent normal numbers, the same ones for a seed."""
        drawn = generator("cpu", seed32(seed, "curvature"))
        while True:
            yield torch.randn(len(self), generator=drawn).to(self.gradient)


@dataclass(frozen=True)
class Extremes:
    """The most negative and the most positive eigenvalue (2,), with their unit vectors (2, N).

    Within `residuals` (2,) of each value there is an eigenvalue.
    """

    values: np.ndarray
    vectors: Tensor
    residuals: np.ndarray
    num_products: int


def extremes(
    hessian: Hessian,
    *,
    ends: Sequence[int] = (BOTTOM, TOP),
    start: Tensor | None = None,
    tolerance: float = TOLERANCE,
    most: int = MOST_PRODUCTS,
    seed: int = 0,
) -> Extremes:
    """Both ends of the spectrum, from one Krylov space that grows until `ends` are found, to at most `most` products.

    `start` (K, N) are independent vectors that should be near the wanted ones, such as those of an earlier update: then
    a few products suffice.
    """
    directions = hessian.directions(seed)
    first = next(directions) if start is None else start.sum(0)
    space = Krylov(hessian, first, directions)
    while not (space.num_products >= most or _are_found(space, tolerance, ends)):
        space.grow()
    return _ends(space.ritz())


def _are_found(space: Krylov, tolerance: float = TOLERANCE, ends: Sequence[int] = (BOTTOM, TOP)) -> bool:
    """Whether these ends are known well enough; one product alone cannot tell them apart."""
    if space.num_products < 2 or space.is_whole:
        return space.is_whole
    wanted, ritz = list(ends), space.ritz()
    sizes = np.maximum(np.abs(ritz.values[wanted]), SMALLEST * np.abs(ritz.values).max())
    return bool((ritz.residuals[wanted] <= tolerance * sizes).all())


def _ends(ritz: Ritz) -> Extremes:
    vectors = torch.stack([ritz.vector(BOTTOM), ritz.vector(TOP)])
    return Extremes(ritz.values[[BOTTOM, TOP]], vectors, ritz.residuals[[BOTTOM, TOP]], len(ritz.values))


def extreme_directions(measured: Measured) -> tuple[Tensor, Tensor]:
    """The Hessian's most negative and most positive eigenvalue (2,) and their orthogonal unit vectors (2, N)."""
    found = extremes(Hessian(measured))
    return torch.from_numpy(found.values).to(measured.flat), found.vectors


@dataclass(frozen=True)
class Spectrum:
    """The Hessian's spectrum as a few eigenvalues, ascending, each standing for a share of all N; the shares add to 1.

    At least `negative_share` of the N eigenvalues are negative, but for the random starts. It is exact where the whole
    space is known; else eigenvalues so near 0 that the products cannot tell their sign do not count.
    """

    values: np.ndarray
    shares: np.ndarray
    negative_share: float

    def density(self, at: np.ndarray, width: float) -> np.ndarray:
        """Density of the eigenvalues at (K,), each spread out to a bell of standard deviation `width`."""
        bells = np.exp(-0.5 * ((at[:, None] - self.values) / width) ** 2) / (width * np.sqrt(2 * np.pi))
        return bells @ self.shares


@dataclass(frozen=True)
class Curvature:
    """The ends of the Hessian's spectrum, the spectrum, and the norm of the gradient, at one checkpoint."""

    extremes: Extremes
    spectrum: Spectrum
    gradient_norm: float


def curvature(measured: Measured, *, seed: int = 0) -> Generator[int, None, Curvature]:
    """Everything about the curvature at a checkpoint; yields the number of products after each.

    The ends are those of one Krylov space, the spectrum is the mean of the quadratures of several with random starts.
    """
    hessian = Hessian(measured)
    directions = hessian.directions(seed)
    is_small = len(hessian) <= WHOLE
    ends: Extremes | None = None
    spectra: list[Spectrum] = []
    num_products = 0
    for _ in range(1 if is_small else STARTS):
        space = Krylov(hessian, next(directions), directions)
        while not space.is_whole and (is_small or _goes_on(space, finds_ends=ends is None)):
            space.grow()
            num_products += 1
            yield num_products
        ritz = space.ritz()
        ends = ends or _ends(ritz)
        shares = np.full(len(hessian), 1 / len(hessian)) if is_small else ritz.weights
        negative = float(shares[ritz.values < -ritz.rounding].sum()) if is_small else space.weight_below_zero()
        spectra.append(Spectrum(ritz.values, shares, negative))
    assert ends is not None
    return Curvature(ends, _mean(spectra), float(hessian.gradient.norm()))


def _goes_on(space: Krylov, *, finds_ends: bool) -> bool:
    """Whether a space of the spectrum needs a product more."""
    if space.num_products < DEPTH or not finds_ends:
        return space.num_products < DEPTH
    return space.num_products < MOST_PRODUCTS and not _are_found(space)


def _mean(spectra: list[Spectrum]) -> Spectrum:
    values = np.concatenate([spectrum.values for spectrum in spectra])
    shares = np.concatenate([spectrum.shares for spectrum in spectra]) / len(spectra)
    order = np.argsort(values, kind="stable")
    negative = sum(spectrum.negative_share for spectrum in spectra) / len(spectra)
    return Spectrum(values[order], shares[order], negative)


def _check_finite(derivative: Tensor) -> None:
    # The norm is not finite either where one number is not, and takes a fifth of the time.
    if not math.isfinite(float(derivative.norm())):
        raise BadInput(
            Text("The loss has no curvature here."),
            Text("Its derivatives are beyond every number that this precision holds."),
            Text("Choose an earlier update."),
        )
