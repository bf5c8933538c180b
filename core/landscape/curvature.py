"""Curvature of a network's mean data loss: the ends of its Hessian's spectrum, its density, and its gradient.

Sources: Ghorbani et al., An Investigation into Neural Net Optimization via Hessian Eigenvalue Density, 2019, section 2;
Dauphin et al., Identifying and Attacking the Saddle Point Problem, 2014 (share of negative eigenvalues against gradient
norm).
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from core.landscape.hessian import Hessian
from core.landscape.krylov import Krylov, Ritz
from core.landscape.measured import Measured
from core.pieces import saying

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
    measured: Measured,
    *,
    ends: Sequence[int] = (BOTTOM, TOP),
    tolerance: float = TOLERANCE,
    most: int = MOST_PRODUCTS,
    seed: int = 0,
) -> Generator[int, None, Extremes]:
    """Both ends of the spectrum, from one Krylov space that grows until `ends` are found, to at most `most` products.

    Yields the number of products after each piece of work.
    """
    hessian = Hessian(measured)
    directions = hessian.directions(seed)
    space = Krylov(hessian.product, next(directions), directions)
    while not (space.num_products >= most or _are_found(space, tolerance, ends)):
        yield from space.grow()
    return (yield from saying(space.num_products, _ends(space.ritz())))


def _are_found(space: Krylov, tolerance: float = TOLERANCE, ends: Sequence[int] = (BOTTOM, TOP)) -> bool:
    """Whether these ends are known well enough; one product alone cannot tell them apart."""
    if space.num_products < 2 or space.is_whole:
        return space.is_whole
    wanted, ritz = list(ends), space.ritz()
    return bool((ritz.residuals[wanted] <= tolerance * sizes_of(ritz.values)[wanted]).all())


def sizes_of(values: np.ndarray) -> np.ndarray:
    """What the error bounds of eigenvalues, of which some are the ends of the spectrum, are compared with."""
    return np.maximum(np.abs(values), SMALLEST * np.abs(values).max())


def _ends(ritz: Ritz) -> Generator[None, None, Extremes]:
    vectors = yield from ritz.vectors([BOTTOM, TOP])
    return Extremes(ritz.values[[BOTTOM, TOP]], vectors, ritz.residuals[[BOTTOM, TOP]], len(ritz.values))


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
    """Everything about the curvature at a checkpoint; yields the number of products after each piece of work.

    The ends are those of one Krylov space, the spectrum is the mean of the quadratures of several with random starts.
    """
    hessian = Hessian(measured)
    directions = hessian.directions(seed)
    is_small = len(hessian) <= WHOLE
    ends: Extremes | None = None
    spectra: list[Spectrum] = []
    num_products = 0
    for _ in range(1 if is_small else STARTS):
        space = Krylov(hessian.product, next(directions), directions)
        while not space.is_whole and (is_small or _goes_on(space, finds_ends=ends is None)):
            for num in space.grow():
                yield num_products + num
        num_products += space.num_products
        ritz = space.ritz()
        ends = ends or (yield from saying(num_products, _ends(ritz)))
        shares = np.full(len(hessian), 1 / len(hessian)) if is_small else ritz.weights
        negative = float(shares[ritz.values < -ritz.rounding].sum()) if is_small else space.weight_below_zero()
        spectra.append(Spectrum(ritz.values, shares, negative))
    assert ends is not None
    gradient = yield from saying(num_products, hessian.gradient())
    return Curvature(ends, _mean(spectra), float(gradient.norm()))


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
