"""Norms of all rows: the sums of squares that `instruments.norms` gives one run, for several runs in one go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from core.training.instruments.norms import Piece, chunk_size

AT_ONCE = 100_000
"""Elements that a CPU converts to float64 at a time: they are still in its cache when they are summed."""


class RowNorms:
    """Writes three sums of squares per piece into `sums` (R, 3, P): gradients, weights after the update, update.

    weights, gradients: (R, N), rows laid out as the run's flat weights; `pieces` cut one row.
    """

    def __init__(self, weights: Tensor, gradients: Tensor, pieces: Sequence[Piece], sums: Tensor) -> None:
        self._weights, self._before = weights, torch.zeros_like(weights)
        count, length = weights.shape
        size = chunk_size(weights[0])
        is_cpu = weights.device.type == "cpu"
        rows_at_once = min(count, max(1, AT_ONCE // size)) if is_cpu else count
        wide = sums.new_zeros(rows_at_once * size)
        self._tiles: list[_Tile] = []
        for start in range(0, length, size):
            end = min(length, start + size)
            inside = [(place, piece) for place, piece in enumerate(pieces) if piece.chunk == start // size]
            for first in range(0, count, rows_at_once):
                last = min(count, first + rows_at_once)
                buffer = wide[: (last - first) * (end - start)].view(last - first, end - start)
                parts = [buffer[:, piece.start - start : piece.end - start] for _, piece in inside]
                outs = [[sums[first:last, kind, place] for place, _ in inside] for kind in range(3)]
                measured = [list(zip(parts, out, strict=True)) for out in outs]
                tile = slice(first, last), slice(start, end)
                self._tiles.append(_Tile(gradients[tile], weights[tile], self._before[tile], buffer, *measured))
        self._tiles.reverse()  # What was written last is still in the cache.

    def gradients(self) -> None:
        """Measure the gradients as they are now."""
        for tile in self._tiles:
            _sum_squares(tile.wide, tile.gradients, tile.of_gradients)

    def before_update(self) -> None:
        """Keep the weights from before an update."""
        self._before.copy_(self._weights)

    def after_update(self) -> None:
        """Measure the weights after an update, and the update itself."""
        for tile in self._tiles:
            _sum_squares(tile.wide, tile.weights, tile.of_weights)
            tile.before.sub_(tile.weights)
            _sum_squares(tile.wide, tile.before, tile.of_update)


def _sum_squares(wide: Tensor, values: Tensor, measured: list[tuple[Tensor, Tensor]]) -> None:
    wide.copy_(values)
    wide.mul_(wide)
    for part, out in measured:
        torch.sum(part, 1, out=out)


class _Tile(NamedTuple):
    """Some rows of one chunk: views, the float64 buffer, and each piece of that with where its sums go."""

    gradients: Tensor
    weights: Tensor
    before: Tensor
    wide: Tensor
    of_gradients: list[tuple[Tensor, Tensor]]
    of_weights: list[tuple[Tensor, Tensor]]
    of_update: list[tuple[Tensor, Tensor]]
