"""What regularizers of weights and gradients do inside a step (torch; imported when they are built).

Every method is a few fused calls over all tensors and reads nothing back from the device.
"""

# pyright: reportPrivateImportUsage=false
# The fused list operations (torch._foreach_…) have no public name yet.

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import torch


def accumulation_dtype(place: torch.Tensor | torch.device | str) -> torch.dtype:
    """float64, in which norms neither vanish nor overflow; float32 on MPS, which has no float64."""
    device = place.device if isinstance(place, torch.Tensor) else torch.device(place)
    return torch.float32 if device.type == "mps" else torch.float64


@dataclass(frozen=True)
class Penalty:
    """strength · Σ|w| (order 1) or strength · Σw² (order 2), and its gradient in closed form."""

    order: Literal[1, 2]
    strength: float

    def value(self, weights: list[torch.Tensor]) -> torch.Tensor:
        """The penalty, a float64 tensor without axes."""
        if not weights:
            return torch.zeros((), dtype=torch.float64)
        with torch.no_grad():
            norms = torch._foreach_norm(weights, self.order, dtype=accumulation_dtype(weights[0]))
            return self.value_of_norms(torch.stack(norms))

    def value_of_norms(self, norms: torch.Tensor) -> torch.Tensor:
        """The penalty from the norms (of `order`) of the tensors it acts on, shape (tensors,)."""
        return self.strength * (norms if self.order == 1 else norms.square()).sum()

    def add_gradient(self, grads: list[torch.Tensor], weights: list[torch.Tensor]) -> None:
        """Add the penalty's gradient in place: strength · sign(w), or 2 · strength · w."""
        if not weights:
            return
        with torch.no_grad():
            if self.order == 1:
                torch._foreach_add_(grads, torch._foreach_sign(weights), alpha=self.strength)
            else:
                torch._foreach_add_(grads, weights, alpha=2 * self.strength)


@dataclass(frozen=True)
class Decay:
    """w ← w − lr · weight_decay · w, before the optimizer's update."""

    weight_decay: float

    def apply(self, weights: list[torch.Tensor], lr: float, skip: torch.Tensor | None = None) -> None:
        """Shrink the weights in place; where the tensor `skip` (no axes) is 1, multiply by 1 instead."""
        if not weights:
            return
        factor = 1 - lr * self.weight_decay
        with torch.no_grad():
            if skip is None:
                torch._foreach_mul_(weights, factor)
            else:
                kept = torch.full((), factor, dtype=weights[0].dtype, device=weights[0].device)
                torch._foreach_mul_(weights, kept.masked_fill_(skip > 0, 1.0))


@dataclass(frozen=True)
class NormClip:
    """g ← g · min(1, max_norm / ‖g‖) with the norm over all gradients together."""

    max_norm: float

    def apply(self, grads: list[torch.Tensor], total_norm: torch.Tensor) -> torch.Tensor:
        """Limit the gradients in place; `total_norm` is ‖g‖ (no axes). Returns whether it acted, without axes."""
        with torch.no_grad():
            factor = (self.max_norm / total_norm).clamp_(max=1.0)
            torch._foreach_mul_(grads, factor.type_as(grads[0]))
            return total_norm > self.max_norm


@dataclass(frozen=True)
class ValueClip:
    """g ← min(max(g, −max_value), max_value), element by element."""

    max_value: float

    def apply(self, grads: list[torch.Tensor], total_norm: torch.Tensor) -> torch.Tensor:
        """Limit the gradients in place; returns whether any element was beyond the limit, without axes."""
        with torch.no_grad():
            largest = torch.stack(torch._foreach_norm(grads, float("inf"))).max()
            torch._foreach_clamp_min_(grads, -self.max_value)
            torch._foreach_clamp_max_(grads, self.max_value)
            return largest > self.max_value


@dataclass(frozen=True)
class MaxNorm:
    """w ← w · min(1, max_norm / ‖w‖) for the incoming weights w of each unit, after the optimizer's update."""

    max_norm: float

    def apply(self, weights: list[torch.Tensor], skip: torch.Tensor | None = None) -> None:
        """Limit each row of matrices and kernels (O, …) in place; where the tensor `skip` (no axes) is 1, none."""
        with torch.no_grad():
            for weight in weights:
                axes = tuple(range(1, weight.dim()))
                norms = torch.linalg.vector_norm(weight, dim=axes, keepdim=True)
                factor = (self.max_norm / norms).clamp_(max=1.0)
                weight.mul_(factor if skip is None else factor.masked_fill_(skip > 0, 1.0))


class Averaging(Protocol):
    """How the running average of a run's weights is made."""

    def has_begun(self, epoch: float) -> bool:
        """Whether, so many passes being done, there is an average; before, it is the weights themselves."""
        ...

    def is_due(self, step: int) -> bool:
        """Whether the weights after `step` updates belong to it."""
        ...

    def share(self, count: torch.Tensor) -> torch.Tensor:
        """The share of the newest weights when they are number `count` (from 1, no axes, float64)."""
        ...


@dataclass(frozen=True)
class ExponentialAverage:
    """w̄ = Σ βᵏ w₍ₜ₋ₖ₎ / Σ βᵏ: every update's weights, those of k updates ago with weight βᵏ."""

    beta: float

    def has_begun(self, epoch: float) -> bool:
        return True

    def is_due(self, step: int) -> bool:
        return True

    def share(self, count: torch.Tensor) -> torch.Tensor:
        return (1 - self.beta) / (1 - self.beta**count)


@dataclass(frozen=True)
class EqualAverage:
    """The mean of the weights after every so many updates, from epoch `start` on."""

    start: float
    every: int

    def has_begun(self, epoch: float) -> bool:
        return epoch >= self.start

    def is_due(self, step: int) -> bool:
        return step % self.every == 0

    def share(self, count: torch.Tensor) -> torch.Tensor:
        return 1 / count
