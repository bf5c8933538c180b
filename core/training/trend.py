"""Trend: what the evaluations of a run add up to so far, kept up to date one evaluation at a time.

Evaluations may be more often than epochs. What is said to hold "for n epochs running" is judged on the first evaluation
at or after the end of each epoch, the *epoch ends*; the lowest error is that of all evaluations.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from core.catalog.architectures.architecture import Architecture
from core.catalog.regularizers.pretraining import NEARLY, stages_of
from core.experiment import Experiment

if TYPE_CHECKING:
    from core.training.evaluation import Evaluation, Score

TIMES_UNCERTAINTY = 2
"""So many ± above its lowest, a validation error counts as above it (with one, healthy runs are accused)."""
FLOOR = {"classification": 0.0, "regression": 1e-3}
"""A training error that cannot fall any more."""
SHARE_OF_GUESS = 0.95
"""From this share of the guessing error on, a training error lies at the guessing line."""
EPOCHS_RUNNING = 3
"""For so many epochs running something must hold before it is said, and must have gone before it is taken back."""
UPDATES_AT_GUESS = 30
"""A network is given so many updates before it is said to stand still."""
SHARE_OF_RUN = 0.1
"""A lowest error within the last tenth of the run is recent."""


def fine_tuned_from(experiment: Experiment) -> float:
    """The epoch from which on a run trains its network as a whole: 0 without layerwise pre-training."""
    stages = stages_of(experiment.regularizers, cast(Architecture, experiment.architecture))
    return stages.share * experiment.epochs if stages else 0.0


def uncertainty(score: Score) -> float:
    """The ± of what a network gets wrong, as a fraction."""
    return uncertainty_of(score.error, score.num, is_share=score.wrong is not None)


def uncertainty_of(error: float, num: int, *, is_share: bool) -> float:
    """The ± of an error e measured on n samples, as a fraction.

    Classes: binomial, sqrt(e (1 - e) / n). Regression: the standard error of an RMSE of normally distributed errors,
    e / sqrt(2 n).
    """
    return math.sqrt(max(0.0, error * (1 - error)) / num) if is_share else error / math.sqrt(2 * num)


class Trend:
    """The latest and the lowest evaluation, for how many epochs running something has held, and the verdict so far.

    `guess_error` is the error of guessing (0..1; regression 1), None when it is not known. Up to the epoch `since` the
    network is pre-trained layer by layer: nothing is judged by its errors as a whole. `first` is the evaluation of the
    first weights, where it is not the first of `evaluations`: a fork has them from the run that it has left.
    """

    def __init__(
        self,
        task: str,
        guess_error: float | None,
        evaluations: Iterable[Evaluation] = (),
        *,
        since: float = 0.0,
        first: Evaluation | None = None,
    ) -> None:
        self.task, self.since = task, since
        self.guess_error = guess_error
        self.latest: Evaluation | None = None
        self.first = first
        """The first evaluation, of the first weights as a rule; after a pre-training that after it."""
        self.lowest: Evaluation | None = None
        """The first evaluation with the lowest validation error."""
        self.lowest_loss: Evaluation | None = None
        """The first evaluation with the lowest validation loss."""
        self.epoch_ends: list[Evaluation] = []
        self.epochs_above = 0
        """Epoch ends running with a validation error clearly above its lowest while training error falls."""
        self.epochs_at_guess = 0
        """Epoch ends running with a training error at the guessing line."""
        self.verdict = "learning"
        self._candidate = ("learning", 0)
        for evaluation in evaluations:
            self.add(evaluation)

    def add(self, evaluation: Evaluation) -> None:
        """Take the next evaluation."""
        self.latest = evaluation
        if evaluation.epoch < self.since - NEARLY:
            self.lowest = self.lowest_loss = evaluation
            self.verdict = "pretraining"
            return
        if self.verdict == "pretraining":
            self.lowest = self.lowest_loss = None
            self.verdict = "learning"
        self.first = self.first or evaluation
        if self.lowest is None or evaluation.validation.error < self.lowest.validation.error:
            self.lowest = evaluation
        if self.lowest_loss is None or evaluation.validation.loss < self.lowest_loss.validation.loss:
            self.lowest_loss = evaluation
        last_epoch = math.floor(self.epoch_ends[-1].epoch) if self.epoch_ends else 0
        if math.floor(evaluation.epoch) > last_epoch:
            self.epoch_ends.append(evaluation)
            self.epochs_above = self.epochs_above + 1 if self._is_above(evaluation, self.lowest) else 0
            self.epochs_at_guess = self.epochs_at_guess + 1 if self._is_at_guess(evaluation) else 0
            self._judge(evaluation, self.lowest)

    @property
    def has_lost(self) -> bool:
        """Whether it was better than guessing at the end of an epoch before the latest ones at the guessing line."""
        return self.epochs_at_guess < len(self.epoch_ends)

    @property
    def is_thrown(self) -> bool:
        """Whether updates have made it worse: what it had learned is lost, or its loss is above the first weights'."""
        assert self.latest is not None
        assert self.first is not None
        return self.has_lost or self.latest.train.loss > self.first.train.loss

    def copied(self) -> Trend:
        """The trend as it is now, to take other evaluations or none."""
        copied = copy.copy(self)
        copied.epoch_ends = self.epoch_ends.copy()
        return copied

    def _judge(self, now: Evaluation, lowest: Evaluation) -> None:
        """The verdict at an epoch end; it changes only to what has held for three epochs running."""
        if self.epochs_above >= EPOCHS_RUNNING:
            self.verdict = "overfitting"
        elif self.epochs_at_guess >= EPOCHS_RUNNING and now.step >= UPDATES_AT_GUESS:
            self.verdict = "not_learning"
        else:
            found = self._mild_verdict(now, lowest)
            last, count = self._candidate
            is_clear = not self.epochs_above and not self.epochs_at_guess
            self._candidate = (found, is_clear * (count + 1 if found == last else 1))
            if self._candidate[1] >= EPOCHS_RUNNING:
                self.verdict = found
            return
        self._candidate = (self.verdict, 0)

    def _mild_verdict(self, now: Evaluation, lowest: Evaluation) -> str:
        if now.step >= UPDATES_AT_GUESS and self.standstill():
            return "plateau"
        has_gap = now.gap > TIMES_UNCERTAINTY * uncertainty(now.validation)
        improves = now.epoch - lowest.epoch <= max(EPOCHS_RUNNING, SHARE_OF_RUN * now.epoch)
        return "gap_grows" if has_gap and improves else "learning"

    def _is_above(self, now: Evaluation, lowest: Evaluation) -> bool:
        rise = now.validation.error - lowest.validation.error
        falls = now.train.error < lowest.train.error or now.train.error <= FLOOR[self.task]
        return falls and rise > TIMES_UNCERTAINTY * uncertainty(now.validation)

    @property
    def is_at_guess(self) -> bool:
        """Whether the latest training error is no better than guessing."""
        return self.latest is not None and self._is_at_guess(self.latest)

    def _is_at_guess(self, now: Evaluation) -> bool:
        return self.guess_error is not None and now.train.error >= SHARE_OF_GUESS * self.guess_error

    def standstill(self) -> int:
        """For how many epochs neither error has moved beyond twice its ±: a third of the run, at least 5; else 0."""
        count = max(5, len(self.epoch_ends) // 3)
        if self.lowest is None or len(self.epoch_ends) < 2 * count:
            return 0
        span = self.epoch_ends[-count:]
        moved = any(
            max(errors) - min(errors) > TIMES_UNCERTAINTY * uncertainty(last)
            for errors, last in (
                ([item.validation.error for item in span], span[-1].validation),
                ([item.train.error for item in span], span[-1].train),
            )
        )
        return count if self.lowest.epoch < span[0].epoch and not moved else 0
