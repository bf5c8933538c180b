"""Measuring: the errors of one run, measured in pieces at the boundaries between updates where they are due.

Several runs that are due may be measured in one go. No bit of their errors depends on that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from typing import Any

from torch import Tensor

from core.training.assembly import Assembly
from core.training.best_weights import BestWeights
from core.training.evaluation import Evaluation, Score, score, scores
from core.training.stacking.answers import Again, Answers

MOST_AT_ONCE = 16
"""Runs that are measured in one go: a command waits for a piece of all of them."""
Pair = tuple[Score, Score]
"""On training and on validation samples."""


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
        self._work: _Work | None = None

    @property
    def num_samples(self) -> tuple[int, int]:
        """On how many training and validation samples errors are measured."""
        splits = self._parts.data.splits
        return len(splits.evaluation), len(splits.validation)

    @property
    def is_going_on(self) -> bool:
        """Whether an evaluation has begun and is not finished."""
        return self._work is not None

    def is_due(self, step: int, *, is_planned: bool) -> bool:
        """Whether errors are to be measured after `step` updates."""
        return self.done_step != step and (is_planned or step in (self.demanded_step, self.shown_step))

    def piece(self, step: int, epoch: float, train_s: float) -> Evaluation | None:
        """Do the next piece of work; the evaluation when it was the last one."""
        self._work = self._work or _Work([self])
        found = self._work.piece(self)
        if found is None:
            return None
        self._work = None
        return self._evaluation(*found, step, epoch, train_s)

    def begin_with(self, others: Sequence[Measuring], again: Again) -> None:
        """Begin an evaluation, and with it those of other runs of its kind; whoever does a piece does it for all."""
        several = [self, *(other for other in others if other.num_samples == self.num_samples)][:MOST_AT_ONCE]
        if self._parts.row_losses is not None:
            work = _Work(several, again)
            for one in several:
                one._work = work

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

    def _evaluation(self, train: Score, validation: Score, step: int, epoch: float, train_s: float) -> Evaluation:
        before, seconds = self._since
        samples = (epoch - before) * self._parts.data.num_train
        speed = samples / (train_s - seconds) if train_s > seconds else math.nan
        self._since = (epoch, train_s)
        return Evaluation(step, epoch, train, validation, train_s, self.seconds, speed)


class _Work:
    """Finds the scores of several runs, of one kind, by their weights as they are when it begins."""

    def __init__(self, several: Sequence[Measuring], again: Again | None = None) -> None:
        self._several = list(several)
        self._pieces = _pairs([one._parts for one in several], again)
        self._found: list[Pair] = []

    def piece(self, one: Measuring) -> Pair | None:
        """Do the next piece if there is one left; what was found for one of the runs when all is done.

        Each run is charged its share of the time. Where an error cannot be said to be the fault of that one, all go on
        by themselves: the error comes again to whose fault it is.
        """
        if not self._found:
            start = time.perf_counter()
            try:
                next(self._pieces)
            except StopIteration as done:
                self._found = done.value
            except Exception:
                is_alone = len(self._several) == 1
                for each in self._several:
                    if each._work is self:
                        each._work = None if is_alone else _Work([each])
                if is_alone:
                    raise
            share = (time.perf_counter() - start) / len(self._several)
            for each in self._several:
                each.seconds += share
        return self._found[self._several.index(one)] if self._found else None


def _pairs(several: Sequence[Assembly], again: Again | None) -> Generator[None, None, list[Pair]]:
    parts = several[0]
    if parts.row_losses is not None:
        answers = again.of(several) if again else Answers(several)
        spreads = [one.target_spread for one in several]
        train, validation = answers.samples
        trains = yield from scores(answers, train, parts.row_losses, spreads)
        validations = yield from scores(answers, validation, parts.row_losses, spreads)
        return list(zip(trains, validations, strict=True))
    of_train, of_validation = parts.evaluated
    spread = parts.target_spread
    train = yield from score(parts.model, of_train, parts.plain_loss, spread)
    validation = yield from score(parts.model, of_validation, parts.plain_loss, spread)
    return [(train, validation)]
