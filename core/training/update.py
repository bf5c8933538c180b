"""The optimizer's update as the step loop calls it: torch.optim's own, with as little Python around it as can be.

torch.optim regroups tensors, checks hyper-parameters and writes profiler marks on every step, which takes longer than
the update of a small network. What changes weights and state is the same kernel with the same arguments.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from core.catalog.optimizers.optimizer import Optimizer

Closure = Callable[[], Tensor]
"""The loss at the weights as they are now; its gradients stand in the parameters' `grad`."""


class Update(Protocol):
    """Called without gradients being tracked, with the gradients (which also stand in `grad`) and the rate.

    A rule that needs more gradients gets a closure too; its first call says what the update was called with.
    """

    def __call__(self, gradients: list[Tensor], lr: float, closure: Closure | None = None, /) -> None: ...


def update_of(
    entry: Optimizer, optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], found: Tensor
) -> Update:
    """The update of `entry.build(parameters)`; `found` is 1 where a fused kernel must leave everything as it is."""
    if entry.fused(parameters):
        optimizer.found_inf = found  # type: ignore[attr-defined]  # read by torch's own step, which does the first
        return FusedUpdate(entry, optimizer, parameters, found)
    # The rule itself, without what torch wraps around it: hooks, profiler marks, the switch of gradient tracking.
    rule = inspect.unwrap(type(optimizer).step)
    if entry.needs_closure:
        return lambda gradients, lr, closure=None: rule(optimizer, closure)
    return lambda gradients, lr, closure=None: rule(optimizer)


class FusedUpdate:
    """One call of the fused kernel on the optimizer's own state; the first update makes that, by torch's own step.

    An update that is skipped is counted all the same: whoever sees the mark puts the counters right.
    """

    def __init__(
        self, entry: Optimizer, optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], found: Tensor
    ) -> None:
        self._kernel: Callable[..., None] = getattr(torch, entry.fused_kernel.removeprefix("aten::"))
        self._names = entry.fused_state
        self._options: dict[str, Any] = entry.fused_options() | {"found_inf": found}
        self._optimizer = optimizer
        self._parameters = parameters
        self._known: object = None
        self._state: list[list[Tensor]] = []
        self._counters: list[Tensor] = []

    def __call__(self, gradients: list[Tensor], lr: float, closure: Closure | None = None, /) -> None:
        if self._optimizer.state is not self._known:
            self._first()
            return
        if self._counters:
            torch._foreach_add_(self._counters, 1)
        self._kernel(self._parameters, gradients, *self._state, lr=lr, **self._options)

    def _first(self) -> None:
        """The first update, or the first one after a state was loaded."""
        self._optimizer.step()
        state = self._known = self._optimizer.state
        # What an optimizer does not keep with the parameters it has (momentum 0: no velocity) is an empty list too.
        kept = [name if name in state[self._parameters[0]] else "" for name in self._names]
        self._state = [[state[tensor][name] for tensor in self._parameters] if name else [] for name in kept]
        self._counters = self._state[self._names.index("step")] if "step" in self._names else []
