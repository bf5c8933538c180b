"""Probe: the ends of the Hessian's spectrum again and again while a network trains, from a few products each time."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from core.landscape.curvature import BOTTOM, TOP, sizes_of
from core.landscape.hessian import Hessian
from core.landscape.measured import Measured
from core.landscape.subspace import Subspace
from core.pieces import worked_off

TOLERANCE = 0.12
"""A probe ends when the error bounds are this small a part of the values: these are much nearer then, within 5 %."""
AHEAD = 0.5
"""The next probe starts from the vectors as they would be if they went on so much of the way since the last one."""
MOST_PRODUCTS = 24
"""After so many products the ends are told as they are known: the next probe begins there."""


@dataclass(frozen=True)
class Probed:
    """The most negative and the most positive eigenvalue, and the norm of the gradient.

    Within `residuals` (bottom, top) of each value there is an eigenvalue.
    """

    bottom: float
    top: float
    residuals: tuple[float, float]
    gradient_norm: float
    num_products: int


class Probe:
    """Probes of one run on the sample of `measured`. Each starts from the vectors of the one before.

    `ends` are those that are looked for; one that is not is told as it happens to be known.
    """

    def __init__(self, measured: Measured, ends: Sequence[int] = (BOTTOM, TOP)) -> None:
        self._measured, self._ends = measured, list(ends)
        self._vectors: Tensor | None = None
        self._start: Tensor | None = None
        self._along: np.ndarray | None = None

    def __call__(self, state: Mapping[str, Tensor]) -> Probed:
        """Probe the network of this state, which is only read. BadInput where the derivatives are no numbers."""
        return worked_off(self.pieces(state))

    def pieces(self, state: Mapping[str, Tensor]) -> Generator[None, None, Probed]:
        """The same in pieces, each at most one product or gradient; the state is read in the first one."""
        self._measured.move_to(state)
        hessian = Hessian(self._measured)
        start = [next(hessian.directions(0))] if self._start is None else self._start
        most = min(MOST_PRODUCTS, len(hessian))
        space = Subspace(hessian.product, start[0], most, self._along)
        for vector in start:
            yield
            yield from space.include(vector)
        space.solve()
        shares = self._shares(space)
        # At least one product beyond the start: a vector that another one has overtaken would stay for good without.
        while space.num_products < most and shares.max() > (0 if space.num_products <= len(start) else TOLERANCE):
            yield
            yield from space.grow(self._ends[int(shares.argmax())])
            shares = self._shares(space)
        values, vectors, residuals = space.extended()
        vectors = vectors[self._ends]
        self._start = vectors if self._vectors is None else ahead(vectors, self._vectors)
        self._vectors, self._along = vectors, space.along
        gradient = yield from hessian.gradient()
        bottom, top = values.tolist()
        below, above = residuals.tolist()
        return Probed(bottom, top, (below, above), float(gradient.norm()), space.num_products)

    def _shares(self, space: Subspace) -> np.ndarray:
        """The error bounds of the ends that are looked for, as parts of their values."""
        sizes = sizes_of(space.values)
        return np.where(sizes > 0, space.residuals / np.where(sizes > 0, sizes, 1), 0)[self._ends]


def ahead(vectors: Tensor, before: Tensor) -> Tensor:
    """Where eigenvectors (R, N), which were `before` at the last probe, are likely to be at the next.

    Their signs mean nothing.
    """
    same = (vectors * before).sum(1, keepdim=True).sign()
    return vectors + AHEAD * (vectors - same * before)
