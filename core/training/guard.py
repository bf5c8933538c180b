"""The guard: keeps the state from before the first update that is not finite, without reading anything back.

`found` is 1 from the first update on whose loss, penalty or gradient is not finite. Fused optimizers read it in their
kernel and leave weights and state alone. What else an update changes is copied before every step until the mark is set,
and put back when the mark is seen. Either way the state ends as that of the last finite update, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan

import torch
from torch import Tensor

from core.training import on_cpu


class Guard:
    """Marks the first non-finite update and all later ones, and can take back what they did.

    `watched` is the float64 vector that must be finite; its first element is the guard's own mark: 0, then NaN.
    `changing` lists what a step changes although the mark is set, in an order in which new tensors come last; None
    where there is nothing of the kind.
    """

    def __init__(self, watched: Tensor, changing: Callable[[], list[Tensor]] | None) -> None:
        self._watched = watched
        # Where nothing has to be waited for, one look takes the place of three calls.
        self._look = on_cpu.Watched(watched) if watched.device.type == "cpu" else None
        self._zeros = torch.zeros_like(watched)
        self._mark = watched[0]
        self._marked = torch.zeros((), dtype=torch.bool, device=watched.device)
        self.found = torch.zeros((), dtype=torch.float32, device=watched.device)
        self._changing = changing
        self._now: list[Tensor] = []
        self._before: list[Tensor] = []

    def reset(self) -> None:
        """Forget a mark (after loading a finite state)."""
        for mark in (self._mark, self._marked, self.found):
            mark.zero_()

    def remember(self) -> None:
        """At the start of a step: keep what it will change, unless an earlier one was marked."""
        if self._changing is None:
            return
        self._now = self._changing()
        if self._look is None:
            for now, before in zip(self._now, self._before, strict=False):
                torch.where(self._marked, before, now, out=before)
        elif not self._look.is_marked:
            for now, before in zip(self._now, self._before, strict=False):
                before.copy_(now)
        self._before += [now.clone() for now in self._now[len(self._before) :]]

    def check(self) -> None:
        """After the backward pass: 0 times what is watched is NaN from the first non-finite value on."""
        if self._look is None:
            torch.dot(self._watched, self._zeros, out=self._mark)
        elif self._look.is_finite:
            return
        else:
            self._mark.fill_(nan)
        torch.ne(self._mark, self._mark, out=self.found)
        if self._changing is not None:
            torch.ne(self._mark, self._mark, out=self._marked)

    def check_also(self, value: Tensor) -> None:
        """Within an update: mark it too where a value (no axes) that came up on the way is not finite."""
        self._mark.add_(value * 0.0)
        torch.ne(self._mark, self._mark, out=self.found)
        if self._changing is not None:
            torch.ne(self._mark, self._mark, out=self._marked)

    def take_back(self) -> None:
        """Put back what was kept: all marked updates are undone, or a step that was begun and not finished."""
        for now, before in zip(self._now, self._before, strict=False):
            now.copy_(before)

    def settle(self) -> None:
        """Put back what marked updates have changed, if there were any, before another guard goes on with the mark."""
        for now, before in zip(self._now, self._before, strict=False):
            torch.where(self._marked, before, now, out=now)
