"""The guards of the rows: each keeps its row's state from before the first update that is not finite.

As in a solo run nothing is read back. What marks the rows is computed for all of them at once; a marked row disturbs no
other, because no value of a row depends on another row.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.training import on_cpu
from core.training.guard import Guard


class Guards:
    """Marks rows from their first non-finite update on. `watched` (R, W) must be finite; its first column is the mark.

    `changing` are matrices whose rows a step changes although the mark is set. `found` (R,) is 1 for marked rows.
    """

    def __init__(self, watched: Tensor, changing: Sequence[Tensor]) -> None:
        count = watched.shape[0]
        self._watched = watched
        self._look = on_cpu.Watched(watched) if watched.device.type == "cpu" else None
        self._products = torch.zeros_like(watched)
        self._mark = watched[:, 0]
        self.found = torch.zeros(count, dtype=torch.float32, device=watched.device)
        self.marked = torch.zeros(count, 1, dtype=torch.bool, device=watched.device)
        self.are_clear = False
        """Whether no row is known to be marked. Only where that can be known without waiting for a device."""
        self._changing = list(changing)
        self._before = [matrix.clone() for matrix in self._changing]
        self.rows = [RowGuard(self, place) for place in range(count)]
        self.check()  # A row that comes with a mark keeps it.

    def remember(self) -> None:
        """At the start of a step: keep what it will change, in rows that are not marked."""
        for now, before in zip(self._changing, self._before, strict=True):
            torch.where(self.marked, before, now, out=before)

    def check(self) -> None:
        """After the backward pass: 0 times what is watched is NaN from the first non-finite value on."""
        self.are_clear = self._look is not None and self._look.is_finite
        if self.are_clear:
            return
        torch.mul(self._watched, 0.0, out=self._products)
        torch.sum(self._products, 1, out=self._mark)
        torch.ne(self._mark, self._mark, out=self.marked.squeeze(1))
        self.found.copy_(self.marked.squeeze(1))

    def take_back(self, place: int) -> None:
        """Put back what was kept of one row."""
        for now, before in zip(self._changing, self._before, strict=True):
            now[place].copy_(before[place])

    def settle(self, place: int) -> None:
        """Put back what was kept of one row, if it is marked."""
        for now, before in zip(self._changing, self._before, strict=True):
            torch.where(self.marked[place], before[place], now[place], out=now[place])

    def reset(self, place: int) -> None:
        """Forget the mark of one row."""
        for mark in (self._mark, self.marked, self.found):
            mark[place].zero_()


class RowGuard(Guard):
    """One row's share of the guards, as its run knows a guard."""

    def __init__(self, guards: Guards, place: int) -> None:
        self._guards, self._place = guards, place
        self.found = guards.found[place]

    def reset(self) -> None:
        self._guards.reset(self._place)

    def remember(self) -> None:
        self._guards.remember()

    def check(self) -> None:
        self._guards.check()

    def take_back(self) -> None:
        self._guards.take_back(self._place)

    def settle(self) -> None:
        self._guards.settle(self._place)
