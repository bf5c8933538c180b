"""The guard: applies an update only while everything has been finite, without reading anything back.

`found` is 1 from the first update on whose loss, penalty or gradient is not finite. Fused optimizers read it in their
kernel and leave weights and state alone; for the others, and for running statistics, the tensors from before the step
are put back. So the state stays, bit for bit, that of the last finite update until the next flush sees the mark.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class Guard:
    """Marks the first non-finite update and undoes it and all later ones.

    `watched` is the float64 vector that must be finite; its first element is the guard's own mark: 0, then NaN.
    `buffers` are the model's running statistics; `state` lists the tensors an optimizer without a fused kernel changes
    (None where the kernel reads `found` itself).
    """

    def __init__(self, watched: Tensor, buffers: list[Tensor], state: Callable[[], list[Tensor]] | None) -> None:
        self._watched = watched
        self._zeros = torch.zeros_like(watched)
        self._mark = watched[0]
        self.found = torch.zeros((), dtype=torch.float32, device=watched.device)
        self._buffers = buffers
        self._old_buffers = [buffer.clone() for buffer in buffers]
        self._state = state
        self._now: list[Tensor] = []
        self._before: list[Tensor] = []

    def reset(self) -> None:
        """Forget a mark (after loading a finite state)."""
        self._mark.zero_()
        self.found.zero_()

    def remember_buffers(self) -> None:
        """Before the forward pass: keep the running statistics."""
        if self._buffers:
            torch._foreach_copy_(self._old_buffers, self._buffers)

    def forget_forward(self) -> None:
        """Put the running statistics from before the forward pass back (an update that could not be finished)."""
        if self._buffers:
            torch._foreach_copy_(self._buffers, self._old_buffers)

    def check(self) -> None:
        """After the backward pass: 0 times what is watched is NaN from the first non-finite value on."""
        torch.dot(self._watched, self._zeros, out=self._mark)
        torch.ne(self._mark, self._mark, out=self.found)

    def remember_state(self) -> None:
        """Before an update without a fused kernel: keep weights and optimizer state."""
        if self._state is None:
            return
        now = self._state()
        if len(now) != len(self._now):
            self._before = [tensor.clone() for tensor in now]
        else:
            torch._foreach_copy_(self._before, now)
        self._now = now

    def undo(self) -> None:
        """After the update: put everything back where the mark is set."""
        marked = self.found.bool()
        for now, before in zip(self._now, self._before, strict=True):
            torch.where(marked, before, now, out=now)
        for now, before in zip(self._buffers, self._old_buffers, strict=True):
            torch.where(marked, before, now, out=now)

    @property
    def undoes(self) -> bool:
        """Whether `undo` has anything to do."""
        return bool(self._buffers) or self._state is not None
