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
from core.training.assembly import Assembly, assemble
from core.training.best_weights import BestWeights
from core.training.device import Conditions, use_threads
from core.training.evaluation import Evaluation, Score, score
from core.training.events import (
    FINISHED,
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


class Run:
    """Trains `experiment`. `piece()` does the next piece of work: one update, or one piece of an evaluation.

    `recipe` holds changing events to be applied at their steps (for a replay). Raises BadInput when the parts of the
    experiment do not fit, its data cannot be had or its memory does not suffice.
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
        self.experiment = experiment
        parts = assemble(experiment, folder, conditions, data)
        self.parts: Assembly = parts
        self.conditions = parts.conditions
        self.listener = listener
        self.step_count = 0
        self.steps_per_epoch = parts.feed.steps_per_epoch
        self.planned_steps = experiment.epochs * self.steps_per_epoch
        self.total_steps = self.planned_steps
        self.evaluate_every = experiment.evaluate_every or max(1, min(self.steps_per_epoch, self.planned_steps // 100))
        self.lr_override: float | None = None
        self.train_s = 0.0
        self.evaluation_s = 0.0
        self.evaluations: list[Evaluation] = []
        self.events: list[Event] = []
        self.outcome: Outcome | None = None
        self.latest: Evaluation | None = None
        self.best: Evaluation | None = None
        # By step, and of one step in the order in which they were applied.
        self._recipe = sorted(recipe, key=lambda event: event.step)
        self._num_applied = 0
        self._ending: Outcome | None = None
        self._best_weights = BestWeights(parts.model)
        self._evaluating: Generator[None, None, Evaluation] | None = None
        self._evaluated_step = -1
        self._demanded_step = -1
        self._since_evaluation = (0, 0.0)

    # -- what it is ----------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> float:
        """Passes over the training split so far."""
        return self.step_count / self.steps_per_epoch

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to do (until it is extended)."""
        return self.outcome is not None

    @property
    def is_ending(self) -> bool:
        """Whether it is decided how the run ends; what is left is to measure the weights it ends with."""
        return self._ending is not None

    @property
    def is_evaluating(self) -> bool:
        """Whether an evaluation has begun and is not finished: the network is in evaluation mode."""
        return self._evaluating is not None

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next update. Past the planned end the schedule keeps its last value."""
        base = self.lr_override if self.lr_override is not None else self.parts.base_lr
        step = min(self.step_count, self.planned_steps - 1)
        return base * self.parts.schedule(step, self.planned_steps, self.steps_per_epoch)

    @property
    def final(self) -> Evaluation | None:
        """The evaluation of the present weights: the latest, or the best where early stopping has restored it."""
        return self.best if self._best_weights.are_back else self.latest

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
        is_due = self._event_due or self.evaluation_due or self._ending is not None
        return step is not None and self.step_count >= step and not is_due

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
        else:
            self.step()

    def step(self) -> None:
        """Do one update. Raises OutOfMemory, with a batch size that fits, where the device's memory is too small."""
        parts = self.parts
        start = time.perf_counter()
        lr = self.learning_rate
        for group in parts.loop.optimizer.param_groups:
            group["lr"] = lr
        is_out_of_memory = False
        try:
            parts.loop.step(self.step_count, lr)
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            is_out_of_memory = True
        if is_out_of_memory:
            # Only here is the error gone, and with it what it held of the device's memory.
            raise too_large_batch(parts.loop, self.step_count, self.experiment.architecture.min_batch_size)  # type: ignore[attr-defined]
        self.step_count += 1
        self.train_s += time.perf_counter() - start
        parts.recorder.note_time(self.train_s)
        if parts.recorder.is_full:
            self.flush()

    @property
    def evaluation_due(self) -> bool:
        """Whether training and validation error are to be measured before the next update."""
        if self._evaluated_step == self.step_count:
            return False
        return (
            self._ending is not None
            or self.step_count % self.evaluate_every == 0
            or self.step_count >= self.total_steps
            or self.step_count == self._demanded_step
        )

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

        Raises Refused when the run has diverged: nothing that follows could be told from noise.
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
        if self._event_due:
            self._apply_next()
            return True
        return False

    @property
    def _event_due(self) -> bool:
        return self._num_applied < len(self._recipe) and self._recipe[self._num_applied].step <= self.step_count

    def _apply_next(self) -> None:
        event = self._recipe[self._num_applied]
        self._num_applied += 1
        self.events.append(event)
        if event.kind == "set":
            self.lr_override = float(event.values["lr"])
        elif event.kind == "extend":
            if self.step_count >= self.total_steps:
                self._demanded_step = self.step_count
            ending = self._ending or self.outcome
            # Who stops a run and then adds epochs wants these, not the rest of the old plan as well.
            is_stopped = ending is not None and ending.state == "stopped"
            start = self.step_count if is_stopped else self.total_steps
            self.total_steps = start + int(event.values["epochs"]) * self.steps_per_epoch
            self._go_on()
        elif event.kind == "continue":
            self._go_on()
        elif event.kind == "stop":
            self._demanded_step = self.step_count
            self._ending = STOPPED
        else:
            raise ValueError(f"{event.kind!r} changes nothing")

    def _go_on(self) -> None:
        """Take an end back: the last weights go on, and early stopping has its patience again."""
        self._best_weights.go_on()
        self.parts.stopper.go_on(self.epoch)
        self.outcome = self._ending = None

    # -- evaluation ----------------------------------------------------------------------------------------------

    def _evaluation_piece(self) -> None:
        start = time.perf_counter()
        self._evaluating = self._evaluating or self._evaluate()
        try:
            next(self._evaluating)
        except StopIteration as done:
            self._evaluating = None
            self.evaluation_s += time.perf_counter() - start
            step = self.step_count
            # The rows up to here first: a divergence within them makes this evaluation one of another step.
            self.flush()
            if self.step_count == step:
                self._evaluated(done.value)
        else:
            self.evaluation_s += time.perf_counter() - start

    def _evaluate(self) -> Generator[None, None, Evaluation]:
        parts = self.parts
        of_train, of_validation = parts.evaluated
        train = yield from score(parts.model, of_train, parts.plain_loss, parts.target_spread)
        validation = yield from score(parts.model, of_validation, parts.plain_loss, parts.target_spread)
        return self._evaluation(train, validation)

    def _evaluation(self, train: Score, validation: Score) -> Evaluation:
        step, seconds = self._since_evaluation
        samples = (self.step_count - step) * self.parts.data.num_train / self.steps_per_epoch
        speed = samples / (self.train_s - seconds) if self.train_s > seconds else math.nan
        self._since_evaluation = (self.step_count, self.train_s)
        return Evaluation(self.step_count, self.epoch, train, validation, self.train_s, self.evaluation_s, speed)

    def _evaluated(self, evaluation: Evaluation) -> None:
        self._evaluated_step = self.step_count
        self.evaluations.append(evaluation)
        self.latest = evaluation
        if self.listener:
            self.listener.on_evaluation(evaluation)
        if not (math.isfinite(evaluation.train.loss) and math.isfinite(evaluation.validation.loss)):
            if self._ending is None or self._ending.state != "diverged":
                self._announce(Event(self.step_count, "diverged"))
                self._ending = diverged_evaluation(evaluation)
            return
        stopper = self.parts.stopper
        is_best, ends = stopper.observe(self.step_count, self.epoch, evaluation.to_row()[stopper.metric])
        if is_best:
            self.best = evaluation
            self._best_weights.keep()
        elif ends and self.parts.stops_early and self._ending is None:
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
        self._best_weights.put_back()
        values = {"best_step": self.best.step, "best_epoch": self.best.epoch}
        self._announce(Event(self.step_count, "early_stop", values))

    # -- divergence ----------------------------------------------------------------------------------------------

    def _diverge(self, step: int, block: StepBlock) -> None:
        """Update `step` (counted from 1) was not finite: the guard has kept the state from before it."""
        self.step_count = step - 1
        self._evaluating = None
        self.parts.take_back_updates(step - 1)
        self.parts.recorder.start_at(step - 1)
        self.parts.loop.guard.reset()
        finite_loss = all(math.isfinite(block.columns[name][-1]) for name in ("batch/loss", "batch/penalty"))
        self._announce(Event(step, "diverged", {"loss_is_finite": finite_loss}))
        self._ending = diverged_update(step, finite_loss)

    # -- state ---------------------------------------------------------------------------------------------------

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The whole state as tensors and JSON values: what a snapshot holds."""
        tensors = {f"model.{name}": tensor.detach() for name, tensor in self.parts.model.state_dict().items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in self.parts.optimizer_state().items()}
        tensors |= self._best_weights.state()
        ending = self._ending or self.outcome
        position = {
            "step": self.step_count,
            "total_steps": self.total_steps,
            "lr_override": self.lr_override,
            "train_s": self.train_s,
            "evaluation_s": self.evaluation_s,
            "evaluated_step": self._evaluated_step,
            "demanded_step": self._demanded_step,
            "num_applied": self._num_applied,
            "stopper": self.parts.stopper.state_dict(),
            "latest": self.latest.to_json() if self.latest else None,
            "best": self.best.to_json() if self.best else None,
            "ending": ending.to_json() if ending else None,
            "conditions": self.conditions.to_json(),
        }
        return tensors, position

    @torch.no_grad()
    def load_state(self, tensors: dict[str, Tensor], position: dict[str, Any]) -> None:
        """Put a state back: the next update is the one after it. A run that had ended goes on only when told to."""
        for name, tensor in self.parts.model.state_dict().items():
            tensor.copy_(tensors[f"model.{name}"])
        self._best_weights.load_state(tensors)
        prefix = "optimizer."
        self.parts.load_optimizer_state({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        self.step_count = position["step"]
        self.total_steps = position["total_steps"]
        self.lr_override = position["lr_override"]
        self.train_s = position["train_s"]
        self.evaluation_s = position["evaluation_s"]
        self._evaluated_step, self._demanded_step = position["evaluated_step"], position["demanded_step"]
        self._since_evaluation = (self.step_count, self.train_s)
        self.parts.stopper.load_state_dict(position["stopper"])
        self.latest, self.best = (
            Evaluation.from_json(position[name]) if position[name] else None for name in ("latest", "best")
        )
        self._evaluating = self.outcome = None
        self._ending = Outcome.from_json(position["ending"]) if position["ending"] else None
        self._num_applied = position["num_applied"]
        self.parts.recorder.start_at(self.step_count)
        self.parts.loop.guard.reset()

    def _announce(self, event: Event) -> None:
        self.events.append(event)
        if self.listener:
            self.listener.on_event(event)
