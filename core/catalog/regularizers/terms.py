"""What weight regularizers and clipping do inside a step (torch; imported when they are built).

Every method is a few fused calls over all tensors and reads nothing back from the device.
"""

# pyright: reportPrivateImportUsage=false
# The fused list operations (torch._foreach_…) have no public name yet.

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
