"""Course: where a run stands, what it computes by now, and what it still has to do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, cast

from core.catalog.schedules.schedule import Schedule
from core.experiment import Experiment
from core.text import Text
from core.training.assembly import Assembly
from core.training.changes import carried_over, changed, needs_new_rule, regularizers_stack
from core.training.evaluation import Evaluation
from core.training.measuring import Measuring
from core.training.plan import Plan
from core.training.rebuild import begin_stage, rebuild


class Course:
    """`experiment` is what the run started with, `current` what it computes now, `previous` what before a change."""

    def __init__(self, experiment: Experiment, parts: Assembly) -> None:
        self.experiment = self.current = self.previous = experiment
        self.parts = parts
        self.conditions = parts.conditions
        self.step_count = 0
        self.epochs = parts.recorder.epochs
        self.plan = Plan(experiment.epochs, experiment.evaluate_every, self.epochs)
        self.measuring = Measuring(parts)
        self.lr_override: float | None = None
        self.watch = cast(Schedule, experiment.schedule).watch()
        self.train_s = 0.0
        self.take_stage(0)

    @property
    def epoch(self) -> float:
        """Passes over the training split so far."""
        return self.epochs.at(self.step_count)

    @property
    def steps_per_epoch(self) -> int:
        """Updates in one pass over the training split, with the present batch size."""
        return self.parts.feed.steps_per_epoch

    @property
    def planned_steps(self) -> int:
        """Updates that were planned."""
        return self.plan.planned_steps

    @property
    def total_steps(self) -> int:
        """Updates at which it ends, extensions counted."""
        return self.plan.total_steps

    @property
    def evaluate_every(self) -> int:
        """Updates between two evaluations."""
        return self.plan.evaluate_every

    @property
    def work_s(self) -> float:
        """The seconds spent in updates and evaluations."""
        return self.train_s + self.evaluation_s

    @property
    def evaluation_s(self) -> float:
        """Time spent in evaluations."""
        return self.measuring.seconds

    @property
    def evaluations(self) -> list[Evaluation]:
        """All evaluations made here."""
        return self.measuring.evaluations

    @property
    def latest(self) -> Evaluation | None:
        """The last evaluation."""
        return self.measuring.latest

    @property
    def best(self) -> Evaluation | None:
        """The evaluation with the lowest validation error, or of what early stopping watches."""
        return self.measuring.best

    @property
    def final(self) -> Evaluation | None:
        """The evaluation of the present weights: the latest, or the best where early stopping has restored it."""
        return self.best if self.measuring.best_weights.are_back else self.latest

    @property
    def is_evaluating(self) -> bool:
        """Whether an evaluation has begun and is not finished."""
        return self.measuring.is_going_on

    @property
    def is_stackable(self) -> bool:
        """Whether its updates can be those of a row: what has changed since it began may stand in the way."""
        return self.current.optimizer.stackable and regularizers_stack(self.current)

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next update. Past the planned end the schedule keeps its last value."""
        base = self.lr_override if self.lr_override is not None else self.parts.base_lr
        planned = base * self.plan.rate_factor(self.step_count, self.parts.schedule)
        return planned if self.watch is None else planned * self.watch.factor

    def change(self, values: Mapping[str, Any], step: int) -> None:
        """Compute from now on, after `step` updates, what a change says."""
        before, (after, _) = self.current, changed(self.current, values)
        self.previous, self.current = before, after
        if "lr" in values or before.optimizer != after.optimizer:
            # An optimizer without a learning rate still takes a factor.
            self.lr_override = float(values["lr"]) if "lr" in values else None
        rebuild(self.parts, self._trained(before), self._trained(after), step)
        if before.batch_size != after.batch_size:
            self.plan.change(step, self.steps_per_epoch)
            # Its rhythm begins anew here: a replay must neither miss the evaluation of this boundary nor add one.
            self.measuring.demanded_step = step

    @property
    def stage_is_due(self) -> bool:
        """Whether something else is to be trained from the next update on: another layer, or the whole network."""
        pretraining = self.parts.pretraining
        return pretraining is not None and pretraining.stage != pretraining.at(self.epoch)

    def take_stage(self, step: int) -> bool:
        """Train from now on what is to be trained after `step` updates; whether that is something else than before."""
        pretraining = self.parts.pretraining
        stage = pretraining.at(self.epochs.at(step)) if pretraining else None
        if pretraining is None or stage == pretraining.stage:
            return False
        # A state that is put back may lie within a stage: its counters count from the stage's first update.
        since = bisect_left(range(step), True, key=lambda earlier: pretraining.at(self.epochs.at(earlier)) == stage)
        pretraining.stage = stage
        begin_stage(self.parts, self._trained(self.current), since)
        return True

    def _trained(self, experiment: Experiment) -> Experiment:
        """An experiment with all layers frozen but the one that learns by itself now."""
        if self.parts.layer is None:
            return experiment
        others = [name for name in self.parts.recorder.layers if name != self.parts.layer]
        return experiment.model_copy(update={"frozen": (*others, *experiment.frozen)})

    def carried_over(self) -> Text | None:
        """What of the optimizer's memory the last change has carried over; None where it concerned no optimizer."""
        concerns = needs_new_rule(self.previous, self.current) or self.previous.frozen != self.current.frozen
        return carried_over(self.previous, self.current) if concerns else None
