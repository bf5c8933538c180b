"""Norms: sums of squares of gradients, weights and the last update, as float64 would give them.

In float32 alone a deep sigmoid network shows false zeros (1e-25 squared underflows) and norms of 1e20 overflow. See
docs/decisions/norms.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from core.catalog.regularizers.terms import accumulation_dtype
from core.training import on_cpu
from core.training.flat import ALIGNMENT, Flat

PIECE = 8_192
"""Elements that a CPU sums at most in one go: the sum in float32 is good to 1e-6, and BLAS takes one thread for it."""


class Piece(NamedTuple):
    """A run of weights of one layer: from `start` to `end` of the flat tensor."""

    start: int
    end: int
    layer: str


def pieces_of(flat: Flat, layers: Sequence[str]) -> list[Piece]:
    """The weights of a network cut into pieces; `layers` names each tensor's layer.

    On a CPU they are short, and many of one length. Elsewhere, where every call has its price, each layer is one.
    """
    unit = ALIGNMENT // flat.all.element_size()
    pieces = []
    for layer, run in groupby(zip(flat.starts, flat.starts[1:], layers, strict=False), key=lambda tensor: tensor[2]):
        tensors = list(run)
        first, last = tensors[0][0], tensors[-1][1]
        count = -(-(last - first) // PIECE) if flat.all.device.type == "cpu" else 1
        length = -(-(last - first) // (count * unit)) * unit
        pieces += [Piece(start, min(start + length, last), layer) for start in range(first, last, length)]
    return pieces


class SumsOfSquares:
    """Writes the sum of squares of each piece of `values` (…, N), as they are when it is called, to `sums` (…, P).

    Neighbours of one length are a matrix, which takes one call.
    """

    def __init__(self, values: Tensor, pieces: Sequence[Piece], sums: Tensor) -> None:
        self._parts, self._sums, self._places = [], sums, []
        for _, run in groupby(enumerate(pieces), key=lambda numbered: numbered[1].end - numbered[1].start):
            alike = list(run)
            (place, first), (_, last) = alike[0], alike[-1]
            self._parts.append(values[..., first.start : last.end].unflatten(-1, (len(alike), -1)))
            self._places.append(slice(place, place + len(alike)))
        is_cpu = values.device.type == "cpu"
        self._sum = on_cpu.sums_of_squares(self._parts, self._places, sums) if is_cpu else self.by_torch

    def __call__(self) -> None:
        self._sum()

    def by_torch(self) -> None:
        """The same on any device, all in the format of `sums`."""
        for part, places in zip(self._parts, self._places, strict=True):
            torch.sum(part.type(self._sums.dtype).square_(), -1, out=self._sums[..., places])


class Norms:
    """Writes three sums of squares per piece into a row of shape (3, P): gradients, weights after the update, update.

    The same copy holds first the gradients, then the weights from before the update, then their change.
    """

    def __init__(self, flat: Flat, pieces: Sequence[Piece], row: Tensor) -> None:
        self.flat, self.pieces = flat, pieces
        self._weights = flat.all
        self._copy = torch.zeros_like(flat.all)
        self._gradients = flat.views(self._copy)
        gradient, weight, update = row.unbind(0)
        self._sum_gradients = SumsOfSquares(self._copy, pieces, gradient)
        self._sum_weights = SumsOfSquares(self._weights, pieces, weight)
        self._sum_update = SumsOfSquares(self._copy, pieces, update)

    def gradients(self, gradients: list[Tensor]) -> None:
        """Measure the gradients as they are now; those of a head that follow the network's are left out."""
        torch._foreach_copy_(self._gradients, gradients[: len(self._gradients)])
        self._sum_gradients()

    def before_update(self) -> None:
        """Keep the weights from before an update."""
        self._copy.copy_(self._weights)

    def after_update(self) -> None:
        """Measure the weights after an update, and the update itself."""
        self._sum_weights()
        self._copy.sub_(self._weights)
        self._sum_update()


def total_norm(tensors: list[Tensor]) -> Tensor:
    """The norm over all tensors together, without axes, accumulated in float64."""
    norms = torch._foreach_norm(tensors, dtype=accumulation_dtype(tensors[0]))
    return torch.linalg.vector_norm(torch.stack(norms))
