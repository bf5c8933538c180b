"""Base of the schedules: the learning rate as a function of the update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

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


class Watch:
    """What lowers a learning rate by what a run measures: one number at each evaluation. Its state is plain JSON."""

    factor: float = 1.0
    """What the learning rate is multiplied with now, besides the schedule's own factor."""

    def observe(self, error: float) -> None:
        """Take the validation error of one evaluation."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """What a snapshot keeps."""
        raise NotImplementedError

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a snapshot."""
        raise NotImplementedError


class Schedule(Entry):
    """A factor of the learning rate at each update: a pure function, drawn before training.

    A schedule that also follows what the run measures says so by `watch`.
    """

    family: ClassVar[str] = "schedules"

    @property
    def lowers_rate(self) -> bool:
        """Whether the learning rate is lower at the end of the plan than at its highest."""
        return True

    def watch(self) -> Watch | None:
        """What follows one run; None where the plan says all."""
        return None

    def earliest(self, evaluations: int) -> float:
        """The least that `watch` can have made of the learning rate after so many evaluations past the first."""
        return 1.0

    def factor(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        """The factor of the update that follows `step` finished ones; past the planned end the last value."""
        return self._planned(min(step, max(total_steps, 1) - 1), max(total_steps, 1), max(steps_per_epoch, 1))

    def _planned(self, step: int, total_steps: int, steps_per_epoch: int) -> float:
        """The factor for 0 ≤ step < total_steps."""
        raise NotImplementedError

    def build(self, total_steps: int, steps_per_epoch: int) -> Callable[[int], float]:
        """The schedule of one plan: step → factor."""
        return lambda step: self.factor(step, total_steps, steps_per_epoch)
