"""Run: one experiment trained once. It has no thread, no page and no database: the same code everywhere."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from core.errors import BadInput
from core.experiment import Experiment
from core.text import Text
from core.training.assembly import Assembly, assemble
from core.training.device import Conditions, use_threads
from core.training.evaluation import Evaluation, Score, score
from core.training.recorder import StepBlock
from core.training.resident import ResidentData


@dataclass(frozen=True)
class Event:
    """Something that happened to a run at the boundary after `step` updates.

    Kinds that change the result (the *recipe* of a run is its experiment and these): `set` (`lr`), `extend` (`epochs`),
    `stop`. Others are kept for the record: `pause`, `resume`, `best`, `snapshot`, `diverged`, `early_stop`.
    """

    step: int
    kind: str
    values: dict[str, Any] = field(default_factory=dict)

    CHANGING = ("set", "extend", "stop")


@dataclass(frozen=True)
class Outcome:
    """Why a run ended: its state, a reason code, and the reason in words."""

    state: str
    reason: str | None = None
    reason_text: Text | None = None


class Listener(Protocol):
    """Who wants to hear what a run does; called at boundaries, never within an update."""

    def on_block(self, block: StepBlock) -> None: ...
    def on_evaluation(self, evaluation: Evaluation) -> None: ...
    def on_event(self, event: Event) -> None: ...


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
        self._recipe = list(recipe)
        self._num_applied = 0
        self._ending: Outcome | None = None
        self._last_state: list[Tensor] = []
        self._evaluating: Generator[None, None, Evaluation] | None = None
        self._evaluated_step = -1
        self._since_evaluation = (0, 0.0)
        self.best: Evaluation | None = None
        self._best_state: list[Tensor] = []

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
        if self._last_state:
            return self.best
        return self.evaluations[-1] if self.evaluations else None

    # -- doing ---------------------------------------------------------------------------------------------------

    def train(self, until: int | None = None) -> Run:
        """Work until the end, or until `until` updates are done and evaluated where due. Returns self."""
        while not self.is_over and not (until is not None and self.step_count >= until and not self.evaluation_due):
            self.piece()
        self.flush()
        return self

    def piece(self) -> None:
        """Do the next piece of work."""
        if self.is_over:
            return
        use_threads(self.conditions.threads)
        if self.evaluation_due:
            self._evaluation_piece()
        elif self._ending is not None:
            self.outcome, self._ending = self._ending, None
        elif not self._apply_pending():
            if self.step_count >= self.total_steps:
                self._end()
            else:
                self.step()

    def step(self) -> None:
        """Do one update."""
        parts = self.parts
        start = time.perf_counter()
        lr = self.learning_rate
        for group in parts.loop.optimizer.param_groups:
            group["lr"] = lr
        parts.loop.step(self.step_count, lr)
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
        return self._ending is not None or self.step_count % self.evaluate_every == 0 or self.step_count >= self.total_steps

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
        """Apply a changing event now, at the boundary after `step_count` updates; returns it as applied."""
        event = Event(self.step_count, event.kind, event.values)
        self._recipe.insert(self._num_applied, event)
        self._apply_next()
        if self.listener:
            self.listener.on_event(event)
        return event

    def _apply_pending(self) -> bool:
        """Apply an event of the recipe that is due; whether there was one. It has been announced before."""
        if self._num_applied < len(self._recipe) and self._recipe[self._num_applied].step <= self.step_count:
            self._apply_next()
            return True
        return False

    @torch.no_grad()
    def _apply_next(self) -> None:
        event = self._recipe[self._num_applied]
        self._num_applied += 1
        self.events.append(event)
        if event.kind == "set":
            self.lr_override = float(event.values["lr"])
        elif event.kind == "extend":
            self.total_steps += int(event.values["epochs"]) * self.steps_per_epoch
            if self._last_state:
                for tensor, last in zip(self._state_tensors(), self._last_state, strict=True):
                    tensor.copy_(last)
                self._last_state = []
            self.outcome = self._ending = None
        elif event.kind == "stop":
            # What has been recorded up to here must be seen before the run ends: it may have diverged.
            self.flush()
            if self._ending is None:
                self._ending = Outcome("stopped", "by_user", Text("Stopped by the user."))
        else:
            raise ValueError(f"{event.kind!r} changes nothing")

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
        parts, splits = self.parts, self.parts.data.splits
        arguments = (parts.piece_size, parts.plain_loss, parts.target_spread)
        train = yield from score(parts.model, parts.feed.rows, splits.evaluation, *arguments)
        validation = yield from score(parts.model, parts.feed.rows, splits.validation, *arguments)
        return self._evaluation(train, validation)

    def _evaluation(self, train: Score, validation: Score) -> Evaluation:
        step, seconds = self._since_evaluation
        samples = (self.step_count - step) * self.parts.batch_size
        speed = samples / (self.train_s - seconds) if self.train_s > seconds else math.nan
        self._since_evaluation = (self.step_count, self.train_s)
        return Evaluation(self.step_count, self.epoch, train, validation, self.train_s, self.evaluation_s, speed)

    def _evaluated(self, evaluation: Evaluation) -> None:
        self._evaluated_step = self.step_count
        self.evaluations.append(evaluation)
        if self.listener:
            self.listener.on_evaluation(evaluation)
        if self._ending is not None:
            return
        if not math.isfinite(evaluation.train.loss) or not math.isfinite(evaluation.validation.loss):
            self._finish_with(
                Outcome(
                    "diverged",
                    "nonfinite_evaluation",
                    Text("The loss on training or validation samples stopped being a number after update {step}.", step=self.step_count),
                )
            )
            return
        stopper = self.parts.stopper
        is_best, ends = stopper.observe(self.step_count, self.epoch, evaluation.to_row()[stopper.metric])
        if is_best:
            self.best = evaluation
            self._best_state = [tensor.detach().clone() for tensor in self._state_tensors()]
        elif ends and self.parts.stops_early:
            self._end_early(stopper.patience)

    def _end_early(self, patience: int) -> None:
        self._restore_best()
        assert self.best is not None
        self._finish_with(
            Outcome(
                "finished",
                "early_stopping",
                Text(
                    "Stopped early: no lower validation error for {patience:g} epochs; the weights of epoch {epoch:.3g} are back.",
                    patience=patience,
                    epoch=self.best.epoch,
                ),
            )
        )

    def _end(self) -> None:
        self.flush()
        if self._ending is None:
            if self.parts.stops_early and self.best is not None and self.best.step != self.step_count:
                self._restore_best()
            self._finish_with(Outcome("finished"))

    def _finish_with(self, outcome: Outcome) -> None:
        """End as soon as the present weights are evaluated."""
        self._ending = outcome

    # -- divergence ----------------------------------------------------------------------------------------------

    def _diverge(self, step: int, block: StepBlock) -> None:
        """Update `step` (counted from 1) was not finite: the guard has kept the state from before it."""
        self.step_count = step - 1
        self._evaluating = self._ending = None
        self.parts.forget_skipped_updates(step - 1)
        finite_loss = math.isfinite(block.columns["batch/loss"][-1]) and math.isfinite(block.columns["batch/penalty"][-1])
        self._announce(Event(step, "diverged", {"loss_is_finite": finite_loss}))
        self._finish_with(
            Outcome(
                "diverged",
                "nonfinite_gradient" if finite_loss else "nonfinite_loss",
                Text("A gradient stopped being a number at update {step}; the weights are those before it.", step=step)
                if finite_loss
                else Text("The loss stopped being a number at update {step}; the weights are those before it.", step=step),
            )
        )

    # -- state ---------------------------------------------------------------------------------------------------

    def _state_tensors(self) -> list[Tensor]:
        return list(self.parts.model.state_dict().values())

    @torch.no_grad()
    def _restore_best(self) -> None:
        """Put the best weights back; the last ones are kept, for an extension continues from them."""
        assert self.best is not None
        self._last_state = [tensor.clone() for tensor in self._state_tensors()]
        for tensor, best in zip(self._state_tensors(), self._best_state, strict=True):
            tensor.copy_(best)
        self._announce(Event(self.step_count, "early_stop", {"best_step": self.best.step, "best_epoch": self.best.epoch}))

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """The whole state as tensors and JSON values: what a snapshot holds."""
        tensors = {f"model.{name}": tensor.detach() for name, tensor in self.parts.model.state_dict().items()}
        tensors |= {f"optimizer.{name}": tensor for name, tensor in self.parts.optimizer_state().items()}
        names = self.parts.model.state_dict()
        if self._last_state:
            tensors |= {f"last.{name}": tensor for name, tensor in zip(names, self._last_state, strict=True)}
        if self.best is not None:
            tensors |= {f"best.{name}": tensor for name, tensor in zip(names, self._best_state, strict=True)}
        position = {
            "step": self.step_count,
            "total_steps": self.total_steps,
            "lr_override": self.lr_override,
            "train_s": self.train_s,
            "evaluation_s": self.evaluation_s,
            "evaluated_step": self._evaluated_step,
            "num_applied": self._num_applied,
            "stopper": self.parts.stopper.state_dict(),
            "best": evaluation_to_json(self.best) if self.best else None,
            "conditions": self.conditions.to_json(),
        }
        return tensors, position

    @torch.no_grad()
    def load_state(self, tensors: dict[str, Tensor], position: dict[str, Any]) -> None:
        """Put a state back: the next update is the one after it."""
        names = list(self.parts.model.state_dict())
        for name, tensor in zip(names, self._state_tensors(), strict=True):
            tensor.copy_(tensors[f"model.{name}"])
        prefix = "optimizer."
        self.parts.load_optimizer_state({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        self.step_count = position["step"]
        self.total_steps = position["total_steps"]
        self.lr_override = position["lr_override"]
        self.train_s = position["train_s"]
        self.evaluation_s = position["evaluation_s"]
        self._evaluated_step = position["evaluated_step"]
        self._since_evaluation = (self.step_count, self.train_s)
        self.parts.stopper.load_state_dict(position["stopper"])
        self.best = evaluation_from_json(position["best"]) if position["best"] else None
        self._best_state = [tensors[f"best.{name}"].to(self.conditions.device) for name in names] if self.best else []
        restored = "last." + names[0] in tensors
        self._last_state = [tensors[f"last.{name}"].to(self.conditions.device) for name in names] if restored else []
        self._evaluating = self._ending = self.outcome = None
        self._num_applied = position["num_applied"]
        self.parts.recorder.start_at(self.step_count)
        self.parts.loop.guard.reset()

    def _announce(self, event: Event) -> None:
        self.events.append(event)
        if self.listener:
            self.listener.on_event(event)


def evaluation_to_json(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as JSON values."""
    return {
        "step": evaluation.step,
        "epoch": evaluation.epoch,
        "train": vars(evaluation.train),
        "validation": vars(evaluation.validation),
        "train_s": evaluation.train_s,
        "evaluation_s": evaluation.evaluation_s,
        "samples_per_s": evaluation.samples_per_s,
    }


def evaluation_from_json(record: dict[str, Any]) -> Evaluation:
    """The evaluation that `evaluation_to_json` wrote."""
    return Evaluation(**{**record, "train": Score(**record["train"]), "validation": Score(**record["validation"])})
