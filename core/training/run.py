"""Run: one experiment trained once. It has no thread, no page and no database: the same code everywhere."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.errors import Refused
from core.experiment import Experiment
from core.text import Text
from core.training.assembly import assemble
from core.training.changes import changed
from core.training.course import Course
from core.training.device import STACKED, Conditions, use_threads
from core.training.evaluation import Evaluation
from core.training.events import (
    FINISHED,
    PRUNED,
    STOPPED,
    Event,
    Listener,
    Outcome,
    diverged_evaluation,
    diverged_update,
    stopped_early,
)
from core.training.memory import out_of_memory, too_large_batch
from core.training.recorder import StepBlock
from core.training.resident import ResidentData
from core.training.stacked import Stack


class Run(Course):
    """Trains `experiment`. `piece()` does the next piece of work: one update, or one piece of an evaluation.

    `recipe` holds changing events to be applied at their steps (for a replay). `experiment` is what it started with,
    `current` what it computes now, `previous` what it computed before the last change. Raises BadInput when the parts
    of the experiment do not fit, its data cannot be had or its memory does not suffice.
    """

    def __init__(
        self,
        experiment: Experiment,
        folder: Path,
        *,
        conditions: Conditions | None = None,
        recipe: Iterable[Event] = (),
        listener: Listener | None = None,
        data: ResidentData | None = None,
    ) -> None:
        super().__init__(experiment, assemble(experiment, folder, conditions, data))
        self.listener = listener
        self.events: list[Event] = []
        self.outcome: Outcome | None = None
        # By step, and of one step in the order in which they were applied.
        self._recipe = sorted(recipe, key=lambda event: event.step)
        self._num_applied = 0
        self._ending: Outcome | None = None
        self._alone: Stack | None = None

    # -- what it is ----------------------------------------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do (until it is extended)."""
        return self.outcome is not None

    @property
    def is_ending(self) -> bool:
        """Whether it is decided how the run ends; what is left is to measure the weights it ends with."""
        return self._ending is not None

    # -- doing ---------------------------------------------------------------------------------------------------

    def train(self, until: int | None = None) -> Run:
        """Work until the end, or until `until` updates are done and what is due at that boundary. Returns self."""
        for _ in self.pieces(until):
            pass
        return self

    def pieces(self, until: int | None = None) -> Generator[None, None, None]:
        """Work as `train` does; yields after every piece."""
        while not self.is_over and not self._has_reached(until):
            self.piece()
            if self._has_reached(until):
                self.flush()  # It may show a divergence, and then the run goes on to its end.
            yield
        self.flush()

    def _has_reached(self, step: int | None) -> bool:
        return step is not None and self.step_count >= step and not self._is_due

    def piece(self) -> None:
        """Do the next piece of work."""
        if self.is_over:
            return
        use_threads(self.conditions.threads)
        if self._apply_pending():
            return
        if self.evaluation_due:
            self._evaluation_piece()
        elif self._ending is not None:
            self.outcome, self._ending = self._ending, None
        elif self.step_count >= self.total_steps:
            self._end()
        elif self.parts.learning is not None:
            self.parts.learning.piece()
        else:
            self.step()

    def step(self) -> None:
        """Do one update. Raises OutOfMemory, with a batch size that fits, where the device's memory is too small."""
        self.parts.learn()
        if self.conditions.engine == STACKED:
            self._alone = self._alone or Stack([self])
            self._alone.step()
            return
        parts = self.parts
        start = time.perf_counter()
        is_out_of_memory = False
        try:
            self.update_alone()
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            is_out_of_memory = True
        if is_out_of_memory:
            # Only here is the error gone, and with it what it held of the device's memory.
            raise too_large_batch(parts.loop, self.step_count, self.experiment.architecture.min_batch_size)  # type: ignore[attr-defined]
        self.stepped(time.perf_counter() - start)

    def update_alone(self) -> None:
        """Do one update that is not counted yet, as a run does that is no row of a stack."""
        lr = self.learning_rate
        for group in self.parts.loop.optimizer.param_groups:
            group["lr"] = lr
        self.parts.loop.step(self.step_count, lr)

    def stepped(self, seconds: float) -> None:
        """Count an update that was done, by `step` or within a stack, and the time it took."""
        self.step_count += 1
        self.train_s += seconds
        self.parts.recorder.note_time(self.train_s)
        if self.parts.recorder.is_full:
            self.flush()
        if self.stage_is_due:
            self.flush()  # It may show a divergence, and then no other stage begins.
            if self.take_stage(self.step_count):
                self.parts.stopper.go_on(self.epoch)
                self._announce(Event(self.step_count, "stage", {"layer": self.parts.layer}))

    @property
    def evaluation_due(self) -> bool:
        """Whether training and validation error are to be measured before the next update."""
        return self.measuring.is_due(self.step_count, is_planned=self._is_planned)

    @property
    def evaluation_begins(self) -> bool:
        """Whether the next piece of work is the first of an evaluation."""
        return self.evaluation_due and not (self.is_over or self._event_due or self.is_evaluating)

    @property
    def _is_planned(self) -> bool:
        """Whether the errors at this boundary belong to the run's course."""
        return self._ending is not None or self.plan.is_measured(self.step_count)

    @property
    def update_is_next(self) -> bool:
        """Whether the next piece of work is an update."""
        return self.goes_on and self.parts.learning is None

    @property
    def learns_next(self) -> bool:
        """Whether the next piece of work is a generator's, which has to be trained before the next update."""
        return self.goes_on and self.parts.learning is not None

    @property
    def goes_on(self) -> bool:
        """Whether nothing else is due than updates, or what has to be learned before the next one."""
        return not (self.is_over or self._is_due or self.step_count >= self.total_steps)

    @property
    def _is_due(self) -> bool:
        return self._event_due or self.evaluation_due or self._ending is not None

    @property
    def recipe(self) -> list[Event]:
        """The changing events, applied or still to come."""
        return list(self._recipe)

    def flush(self) -> None:
        """Hand the recorded rows over; end the run where they show a divergence."""
        block = self.parts.recorder.flush()
        if block is None:
            return
        if self.listener:
            self.listener.on_block(block)
        if block.first_bad is not None:
            self._diverge(block.first_bad, block)

    def apply(self, event: Event) -> Event:
        """Apply a changing event now, at the boundary after `step_count` updates; returns it as applied.

        Raises Refused when the run has diverged, since nothing that follows could be told from noise; BadInput for what
        cannot change in a run that goes on.
        """
        # Updates that were done and not seen yet may have diverged: then this is not the boundary it seems to be.
        self.flush()
        while self._apply_pending():
            pass
        event = Event(self.step_count, event.kind, event.values)
        ending = self._ending or self.outcome
        if ending is not None and ending.state == "diverged":
            raise Refused(
                Text("The run takes no “{kind}” any more.", kind=event.kind),
                Text("It has diverged at update {step}.", step=self.step_count + 1),
                Text("Start it again, for instance with a smaller learning rate."),
            )
        if event.kind == "set":
            changed(self.current, event.values)  # raises before anything is done
        if ending is None or event.kind != "stop":
            self._recipe.insert(self._num_applied, event)
            self._apply_next()
            if self.listener:
                self.listener.on_event(event)
        return event

    def _apply_pending(self) -> bool:
        """Apply an event of the recipe that is due; whether there was one. It has been announced before.

        Events go before the evaluation of their step, also where a person's command came after it: both orders give
        the same, because no event takes an evaluation back, a stop keeps early stopping from ending the run, and an
        extension gives it its patience again.
        """
        if not self._event_due:
            return False
        # Rows are handed over as they were computed; where they show a divergence, the event is not due any more.
        self.flush()
        if self._event_due:
            self._apply_next()
        return True

    @property
    def _event_due(self) -> bool:
        return self._num_applied < len(self._recipe) and self._recipe[self._num_applied].step <= self.step_count

    def _apply_next(self) -> None:
        event = self._recipe[self._num_applied]
        self._num_applied += 1
        self.events.append(event)
        if event.kind == "set":
            self.change(event.values, self.step_count)
        elif event.kind == "extend":
            if self.step_count >= self.total_steps:
                self.measuring.demanded_step = self.step_count
            ending = self._ending or self.outcome
            # Who stops a run and then adds epochs wants these, not the rest of the old plan as well.
            is_stopped = ending is not None and ending.state == "stopped"
            start = self.step_count if is_stopped else self.total_steps
            self.plan.total_steps = start + int(event.values["epochs"]) * self.steps_per_epoch
            self._go_on()
        elif event.kind == "continue":
            self._go_on()
        elif event.kind == "stop":
            self.measuring.demanded_step = self.step_count
            self._ending = PRUNED if event.values.get("pruned") else STOPPED
        else:
            raise ValueError(f"{event.kind!r} changes nothing")

    def branch(self) -> None:
        """Begin here as a fork of the run whose state was put back: no end is decided, and the errors are shown again.

        What is measured only to be shown changes no course: early stopping and the best weights do not know of it.
        """
        self.measuring.best_weights.go_on()
        self.measuring.show_again(self.step_count)
        self.outcome = self._ending = None

    def _go_on(self) -> None:
        """Take an end back: the last weights go on, and early stopping has its patience again."""
        self.measuring.best_weights.go_on()
        self.parts.stopper.go_on(self.epoch)
        self.outcome = self._ending = None

    # -- evaluation ----------------------------------------------------------------------------------------------

    def _evaluation_piece(self) -> None:
        evaluation = self.measuring.piece(self.step_count, self.epoch, self.train_s)
        if evaluation is None:
            return
        # The rows up to here first: a divergence within them makes this evaluation one of another step.
        self.flush()
        if self.step_count == evaluation.step:
            self._evaluated(evaluation)

    def _evaluated(self, evaluation: Evaluation) -> None:
        counts = self.measuring.take(evaluation, is_planned=self._is_planned)
        if self.listener:
            self.listener.on_evaluation(evaluation)
        if not counts:
            return
        if not (math.isfinite(evaluation.train.loss) and math.isfinite(evaluation.validation.loss)):
            if self._ending is None or self._ending.state != "diverged":
                self._announce(Event(self.step_count, "diverged"))
                self._ending = diverged_evaluation(evaluation)
            return
        if self.watch is not None and self.parts.layer is None:
            self.watch.observe(evaluation.validation.error)
        stopper = self.parts.stopper
        is_best, ends = stopper.observe(self.step_count, self.epoch, evaluation.to_row()[stopper.metric])
        if is_best:
            self.measuring.keep_best(evaluation)
        elif ends and self.parts.stops_early and self.parts.layer is None and self._ending is None:
            self._restore_best()
            self._ending = stopped_early(stopper.patience, stopper.best_epoch)

    def _end(self) -> None:
        self.flush()
        if self._ending is None:
            if self.parts.stops_early and self.best is not None and self.best.step != self.step_count:
                self._restore_best()
            self._ending = FINISHED

    def _restore_best(self) -> None:
        """Put the best weights back; the last ones are kept, for an extension continues from them."""
        assert self.best is not None
        self.measuring.best_weights.put_back()
        values = {"best_step": self.best.step, "best_epoch": self.best.epoch}
        self._announce(Event(self.step_count, "early_stop", values))

    # -- divergence ----------------------------------------------------------------------------------------------

    def _diverge(self, step: int, block: StepBlock) -> None:
        """Update `step` (counted from 1) was not finite: the guard has kept the state from before it."""
        self.step_count = step - 1
        self.measuring.break_off()
        self.parts.take_back_updates(step - 1)
        self.parts.recorder.start_at(step - 1)
        self.parts.loop.guard.reset()
        finite_loss = all(math.isfinite(block.columns[name][-1]) for name in ("batch/loss", "batch/penalty"))
        self._announce(Event(step, "diverged", {"loss_is_finite": finite_loss}))
        self._ending = diverged_update(step, finite_loss)

    # -- state ---------------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The whole state as tensors and JSON values: what a snapshot holds."""
        tensors = self.parts.state() | self.measuring.best_weights.state()
        ending = self._ending or self.outcome
        position = {
            "step": self.step_count,
            "total_steps": self.total_steps,
            "lr_override": self.lr_override,
            "train_s": self.train_s,
            "num_applied": self._num_applied,
            "stopper": self.parts.stopper.state_dict(),
            **({"watch": self.watch.state_dict()} if self.watch is not None else {}),
            **self.measuring.state(),
            "ending": ending.to_json() if ending else None,
            "conditions": self.conditions.to_json(),
        }
        return tensors, position

    @torch.no_grad()
    def load_state(self, tensors: dict[str, Tensor], position: dict[str, Any]) -> None:
        """Put a state back: the next update is the one after it. A run that had ended goes on only when told to.

        The run must be fresh, with the recipe whose first events had been applied to the state.
        """
        for event in self._recipe[: position["num_applied"]]:
            if event.kind == "set":
                self.take_stage(event.step)
                self.change(event.values, event.step)
        self.step_count = position["step"]
        self.take_stage(self.step_count)
        self.parts.load_state(tensors)
        self.plan.total_steps = position["total_steps"]
        self.lr_override = position["lr_override"]
        self.train_s = position["train_s"]
        self.measuring.load_state(tensors, position, self.epoch)
        self.parts.stopper.load_state_dict(position["stopper"])
        if self.watch is not None:
            self.watch.load_state_dict(position["watch"])
        self.outcome = None
        self._ending = Outcome.from_json(position["ending"]) if position["ending"] else None
        self._num_applied = position["num_applied"]
        self.parts.recorder.start_at(self.step_count)
        self.parts.loop.guard.reset()

    def _announce(self, event: Event) -> None:
        self.events.append(event)
        if self.listener:
            self.listener.on_event(event)
