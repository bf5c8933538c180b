"""Measuring: the errors of one run, measured in pieces at the boundaries between updates where they are due."""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from typing import Any

from torch import Tensor

from core.training.assembly import Assembly
from core.training.best_weights import BestWeights
from core.training.evaluation import Evaluation, Score, score


class Measuring:
    """The evaluations of a run: the latest, the best and its weights, and after which update one was demanded.

    `shown_step` names an update whose errors are only shown: no course depends on them.
    """

    def __init__(self, parts: Assembly) -> None:
        self._parts = parts
        self.best_weights = BestWeights(parts.model)
        self.evaluations: list[Evaluation] = []
        self.latest: Evaluation | None = None
        self.best: Evaluation | None = None
        self.seconds = 0.0
        self.done_step = self.demanded_step = self.shown_step = -1
        self._since = (0.0, 0.0)
        self._work: Generator[None, None, tuple[Score, Score]] | None = None

    @property
    def is_going_on(self) -> bool:
        """Whether an evaluation has begun and is not finished: the network is in evaluation mode."""
        return self._work is not None

    def is_due(self, step: int, *, is_planned: bool) -> bool:
        """Whether errors are to be measured after `step` updates."""
        return self.done_step != step and (is_planned or step in (self.demanded_step, self.shown_step))

    def piece(self, step: int, epoch: float, train_s: float) -> Evaluation | None:
        """Do the next piece of work; the evaluation when it was the last one."""
        start = time.perf_counter()
        self._work = self._work or self._scores()
        scores: tuple[Score, Score] | None = None
        try:
            next(self._work)
        except StopIteration as done:
            self._work, scores = None, done.value
        self.seconds += time.perf_counter() - start
        return None if scores is None else self._evaluation(scores[0], scores[1], step, epoch, train_s)

    def break_off(self) -> None:
        """Give up an evaluation that has begun."""
        self._work = None

    def take(self, evaluation: Evaluation, *, is_planned: bool) -> bool:
        """Keep an evaluation; whether the run's course depends on it."""
        self.evaluations.append(evaluation)
        self.latest = evaluation
        self.shown_step = -1
        counts = is_planned or evaluation.step == self.demanded_step
        if counts:
            self.done_step = evaluation.step
        return counts

    def keep_best(self, evaluation: Evaluation) -> None:
        """The present weights, which were measured, are the best so far."""
        self.best = evaluation
        self.best_weights.keep()

    def show_again(self, step: int) -> None:
        """Measure after `step` updates once more, only to be shown."""
        self.done_step, self.shown_step = -1, step

    def state(self) -> dict[str, Any]:
        """What a snapshot's position holds of it."""
        return {
            "evaluation_s": self.seconds,
            "evaluated_step": self.done_step,
            "demanded_step": self.demanded_step,
            "latest": self.latest.to_json() if self.latest else None,
            "best": self.best.to_json() if self.best else None,
        }

    def load_state(self, tensors: dict[str, Tensor], position: dict[str, Any], epoch: float) -> None:
        """Take what `state` and `best_weights.state` gave; so many passes were done then."""
        self.best_weights.load_state(tensors)
        self.seconds = position["evaluation_s"]
        self.done_step, self.demanded_step = position["evaluated_step"], position["demanded_step"]
        self.shown_step = -1
        self.latest, self.best = (
            Evaluation.from_json(position[name]) if position[name] else None for name in ("latest", "best")
        )
        self._since = (epoch, position["train_s"])
        self._work = None

    def _scores(self) -> Generator[None, None, tuple[Score, Score]]:
        parts = self._parts
        of_train, of_validation = parts.evaluated
        train = yield from score(parts.model, of_train, parts.plain_loss, parts.target_spread)
        validation = yield from score(parts.model, of_validation, parts.plain_loss, parts.target_spread)
        return train, validation

    def _evaluation(self, train: Score, validation: Score, step: int, epoch: float, train_s: float) -> Evaluation:
        before, seconds = self._since
        samples = (epoch - before) * self._parts.data.num_train
        speed = samples / (train_s - seconds) if train_s > seconds else math.nan
        self._since = (epoch, train_s)
        return Evaluation(step, epoch, train, validation, train_s, self.seconds, speed)
