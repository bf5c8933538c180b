"""Base of the schedules: the learning rate as a function of the update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, ClassVar

from pydantic import Field

from core.catalog.entry import Entry, Usual

FinalShare = Annotated[
    float,
    Field(
        ge=0, le=1, title="final share", description="Share of the learning rate that is left at the end of the plan."
    ),
    Usual(
        0, 0.1, "linear", reason="A share lies between 0 and 1; a negative learning rate climbs the loss.", more=True
    ),
]


class Schedule(Entry):
    """A factor of the learning rate at each update: a pure function, drawn before training."""

    family: ClassVar[str] = "schedules"

    def factor(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        """The factor of the update that follows `step` finished ones; past the planned end the last value."""
        return self._planned(min(step, max(total_steps, 1) - 1), max(total_steps, 1), max(steps_per_epoch, 1))

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        """The factor for 0 ≤ step < total_steps."""
        raise NotImplementedError

    def build(self, total_steps: int, steps_per_epoch: int) -> Callable[[int], float]:
        """The schedule of one plan: step → factor."""
        return lambda step: self.factor(step, total_steps, steps_per_epoch)
