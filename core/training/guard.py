"""The guard: keeps the state from before the first update that is not finite, without reading anything back.

`found` is 1 from the first update on whose loss, penalty or gradient is not finite. Fused optimizers read it in their
kernel and leave weights and state alone. For the others, and for running statistics, a copy is made before every step
until the mark is set, and put back when the mark is seen. Either way the state ends as that of the last finite update,
bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class Guard:
    """Marks the first non-finite update and all later ones, and can take back what they did.

    `watched` is the float64 vector that must be finite; its first element is the guard's own mark: 0, then NaN.
    `buffers` are the model's running statistics; `state` lists the tensors an optimizer without a fused kernel changes,
    in an order in which new ones come last (None where the kernel reads `found` itself).
    """

    def __init__(self, watched: Tensor, buffers: list[Tensor], state: Callable[[], list[Tensor]] | None) -> None:
        self._watched = watched
        self._zeros = torch.zeros_like(watched)
        self._mark = watched[0]
        self.found = torch.zeros((), dtype=torch.float32, device=watched.device)
        self._marked = torch.zeros((), dtype=torch.bool, device=watched.device)
        self._buffers = buffers
        self._old_buffers = [buffer.clone() for buffer in buffers]
        self._state = state
        self._touched: list[Tensor] = []
        self._untouched: list[Tensor] = []

    def reset(self) -> None:
        """Forget a mark (after loading a finite state)."""
        self._mark.zero_()
        self.found.zero_()
        self._marked.zero_()

    def remember_buffers(self) -> None:
        """Before the forward pass: keep the running statistics."""
        for now, old in zip(self._buffers, self._old_buffers, strict=True):
            torch.where(self._marked, old, now, out=old)

    def forget_forward(self) -> None:
        """Put the running statistics from before the forward pass back (an update that could not be finished)."""
        for now, old in zip(self._buffers, self._old_buffers, strict=True):
            now.copy_(old)

    def check(self) -> None:
        """After the backward pass: 0 times what is watched is NaN from the first non-finite value on."""
        torch.dot(self._watched, self._zeros, out=self._mark)
        torch.ne(self._mark, self._mark, out=self.found)
        if self._buffers or self._state is not None:
            torch.ne(self._mark, self._mark, out=self._marked)

    def remember_state(self) -> None:
        """Before an update without a fused kernel: keep weights and optimizer state."""
        if self._state is None:
            return
        self._touched = self._state()
        for now, old in zip(self._touched, self._untouched, strict=False):
            torch.where(self._marked, old, now, out=old)
        self._untouched += [now.clone() for now in self._touched[len(self._untouched) :]]

    def take_back(self) -> None:
        """The mark is seen: put back what was kept from before the first marked update."""
        self.forget_forward()
        for now, old in zip(self._touched, self._untouched, strict=False):
            now.copy_(old)
