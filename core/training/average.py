"""Average: between updates a network has the mean of its weights, within an update the weights themselves.

So whatever is asked of the network between updates – errors, pictures, the best weights, a snapshot – is asked of the
mean, and training goes on as without it. Running statistics are averaged with the weights: at every update they are
those of the inputs that the layers before have made of late, and so is their mean for the mean of those layers
(docs/decisions/averages.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.catalog.regularizers.terms import Averaging, accumulation_dtype

if TYPE_CHECKING:
    from core.training.parts import Frame


class Average:
    """Weights and statistics in two versions: the mean, which the network has, and its own, which it trains."""

    def __init__(self, rule: Averaging, frame: Frame) -> None:
        self._rule, self._frame = rule, frame
        self._mean = [tensor.clone() for tensor in self._now]
        self._own = [tensor.clone() for tensor in self._now]
        self._count = torch.zeros((), dtype=accumulation_dtype(frame.device), device=frame.device)

    @property
    def _now(self) -> list[Tensor]:
        """What the network has."""
        return [self._frame.weights.all, *self._frame.statistics]

    @contextmanager
    def put_aside(self) -> Iterator[None]:
        """The network has its own weights and statistics within; afterwards it has the mean again."""
        now = self._now
        _copy(self._own, now)
        try:
            yield
        finally:
            _copy(now, self._own)
            _copy(self._mean, now)

    @torch.no_grad()
    def take(self, step: int, epoch: float, found: Tensor) -> None:
        """After `step` updates, `epoch` passes, put aside: go on with the mean, unless `found` (no axes) is 1."""
        share = None
        if self._rule.has_begun(epoch):
            if not self._rule.is_due(step):
                return
            self._count.add_(found == 0)
            share = self._rule.share(self._count.clamp(min=1))
        for mean, now in zip(self._mean, self._now, strict=True):
            is_mean = share is not None and mean.is_floating_point()
            newest = mean.lerp(now, share.to(mean.dtype)) if is_mean else now  # type: ignore[union-attr]
            torch.where(found > 0, mean, newest, out=mean)

    @torch.no_grad()
    def leave(self) -> None:
        """The network has its own weights and statistics from now on; there is no mean any more."""
        _copy(self._own, self._now)

    @torch.no_grad()
    def state(self) -> dict[str, Tensor]:
        """What a snapshot holds beside the network: both versions by name, and how many weights are in the mean."""
        now, shown = self._now, [tensor.clone() for tensor in self._now]
        tensors = {"count": self._count.clone()}
        for version, kept in self._versions.items():
            _copy(kept, now)
            tensors |= {f"{version}.{name}": value.clone() for name, value in self._frame.model.state_dict().items()}
        _copy(shown, now)
        return tensors

    @torch.no_grad()
    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Put back what `state` gave; with nothing both versions are the network as it is. That stays as it is."""
        now, shown = self._now, [tensor.clone() for tensor in self._now]
        for version, kept in self._versions.items():
            for name, value in self._frame.model.state_dict().items():
                value.copy_(tensors.get(f"{version}.{name}", value))
            _copy(now, kept)
            _copy(shown, now)
        self._count.copy_(tensors.get("count", torch.zeros_like(self._count)))

    @property
    def _versions(self) -> dict[str, list[Tensor]]:
        return {"own": self._own, "mean": self._mean}


@torch.no_grad()
def _copy(source: list[Tensor], target: list[Tensor]) -> None:
    for one, other in zip(source, target, strict=True):
        other.copy_(one)
