"""Norms: sums of squares, in float64, of gradients, weights and the last update.

In float32 a deep sigmoid network shows false zeros (1e-25 squared underflows) and norms of 1e20 overflow; float64
accumulation shows both as what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from core.catalog.regularizers.terms import accumulation_dtype
from core.training.flat import Flat

CHUNK = 40_000
"""Elements that a CPU converts to float64 at a time: they are still in its cache when they are summed."""


class Piece(NamedTuple):
    """A run of weights of one layer, within one chunk: from `start` to `end` of the flat tensor."""

    chunk: int
    start: int
    end: int
    layer: str


def pieces_of(flat: Flat, layers: Sequence[str]) -> list[Piece]:
    """The weights of a network cut into as few pieces as possible; `layers` names each tensor's layer."""
    size = chunk_size(flat.all)
    pieces: list[Piece] = []
    for start, end, layer in zip(flat.starts, flat.starts[1:], layers, strict=False):
        while start < end:
            chunk = start // size
            stop = min(end, (chunk + 1) * size)
            if pieces and pieces[-1].chunk == chunk and pieces[-1].layer == layer:
                pieces[-1] = pieces[-1]._replace(end=stop)
            else:
                pieces.append(Piece(chunk, start, stop, layer))
            start = stop
    return pieces


class Norms:
    """Writes three sums of squares per piece into a row of shape (3, P): gradients, weights after the update, update.

    Each chunk passes through one small float64 buffer. The same float32 copy holds first the gradients, then the
    weights from before the update, then their change.
    """

    def __init__(self, flat: Flat, pieces: Sequence[Piece], row: Tensor) -> None:
        self.flat, self.pieces = flat, pieces
        size = chunk_size(flat.all)
        self._weights = flat.all
        self._copy = torch.zeros_like(flat.all)
        self._gradients = flat.views(self._copy)
        wide = row.new_zeros(size)
        sums = [part.unbind(0) for part in row.unbind(0)]
        self._chunks: list[_Chunk] = []
        for number, (weights, copy) in enumerate(zip(flat.all.split(size), self._copy.split(size), strict=True)):
            inside = [(place, piece) for place, piece in enumerate(pieces) if piece.chunk == number]
            vectors = [wide[piece.start - number * size : piece.end - number * size] for _, piece in inside]
            outs = [[part[place] for place, _ in inside] for part in sums]
            measured = [list(zip(vectors, out, strict=True)) for out in outs]
            self._chunks.append(_Chunk(weights, copy, wide[: weights.shape[0]], *measured))
        self._chunks.reverse()  # What was written last is still in the cache.

    def gradients(self, gradients: list[Tensor]) -> None:
        """Measure the gradients as they are now; those of a head that follow the network's are left out."""
        torch._foreach_copy_(self._gradients, gradients[: len(self._gradients)])
        for _, copy, wide, gradient, _, _ in self._chunks:
            wide.copy_(copy)
            for vector, out in gradient:
                torch.dot(vector, vector, out=out)

    def before_update(self) -> None:
        """Keep the weights from before an update."""
        self._copy.copy_(self._weights)

    def after_update(self) -> None:
        """Measure the weights after an update, and the update itself."""
        for weights, copy, wide, _, weight, update in self._chunks:
            wide.copy_(weights)
            for vector, out in weight:
                torch.dot(vector, vector, out=out)
            copy.sub_(weights)
            wide.copy_(copy)
            for vector, out in update:
                torch.dot(vector, vector, out=out)


class _Chunk(NamedTuple):
    """Views of one chunk: weights, the copy, the float64 buffer, and each piece of that with where its sum goes."""

    weights: Tensor
    copy: Tensor
    wide: Tensor
    gradient: list[tuple[Tensor, Tensor]]
    weight: list[tuple[Tensor, Tensor]]
    update: list[tuple[Tensor, Tensor]]


def chunk_size(flat: Tensor) -> int:
    """How long chunks are: about the same on a CPU; all at once elsewhere, where every call has its price."""
    length = flat.shape[0]
    return -(-length // -(-length // CHUNK)) if flat.device.type == "cpu" else length


def total_norm(tensors: list[Tensor]) -> Tensor:
    """The norm over all tensors together, without axes, accumulated in float64."""
    norms = torch._foreach_norm(tensors, dtype=accumulation_dtype(tensors[0]))
    return torch.linalg.vector_norm(torch.stack(norms))
