"""Plan: how many updates a run makes and after which it is measured, also where the batch size changes on the way."""

from __future__ import annotations

import math
from collections.abc import Callable

from core.training.epochs import Epochs


class Plan:
    """Passes over the training split are planned; the updates in which they are done follow from the batch size.

    `planned_steps` is the planned end, `total_steps` the end after extensions, `evaluate_every` the updates between two
    evaluations.
    """

    def __init__(self, num_epochs: int, evaluate_every: int | None, epochs: Epochs) -> None:
        self.epochs = epochs
        self._num_epochs, self._wanted = num_epochs, evaluate_every
        self.planned_steps = self.total_steps = num_epochs * epochs.steps_per_epoch
        self.evaluate_every = self._rhythm()

    def is_measured(self, step: int) -> bool:
        """Whether an evaluation is due after `step` updates, by its rhythm or because the run ends there."""
        return (step - self.epochs.begun_at) % self.evaluate_every == 0 or step >= self.total_steps

    def rate_factor(self, step: int, schedule: Callable[[int, int, int], float]) -> float:
        """The schedule's factor after `step` updates: past the planned end its last value.

        After a change of the batch size it is that of the update which this would be with batches of one size.
        """
        each = self.epochs.steps_per_epoch
        whole = self._num_epochs * each
        return schedule(whole - self.planned_steps + min(step, self.planned_steps - 1), whole, each)

    def change(self, step: int, steps_per_epoch: int) -> None:
        """A pass begun after `step` updates takes so many: the passes that were left take other numbers of updates."""
        planned = float(self._num_epochs)
        end = planned if self.total_steps == self.planned_steps else self.epochs.at(self.total_steps)
        self.epochs.change(step, steps_per_epoch)
        self.planned_steps = self._step_at(planned, step)
        self.total_steps = max(step, self._step_at(end, step))
        self.evaluate_every = self._rhythm()

    def _step_at(self, epoch: float, step: int) -> int:
        """The first update at which so many passes are done, counted from `step`."""
        left = (epoch - self.epochs.at(step)) * self.epochs.steps_per_epoch
        return step + math.ceil(left - 1e-6)

    def _rhythm(self) -> int:
        each = self.epochs.steps_per_epoch
        return self._wanted or max(1, min(each, self._num_epochs * each // 100))
