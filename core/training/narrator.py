"""The narrator: what is happening in a run and since when, by rules that look at errors and losses after each epoch.

A saying begins when its rule has held at the end of three epochs running, and is taken back when it has not held for
three. No clock and no later epoch has a say, so that a run that is shown again is told in the same words as it was
live. How often each rule is right was measured: `core.training.narrator_record`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from core.text import Text
from core.training.epochs import epoch_text
from core.training.trend import EPOCHS_RUNNING, Trend, uncertainty
from core.training.verdict import error_text, points_text, uncertainty_text

if TYPE_CHECKING:
    from core.training.evaluation import Evaluation

NUM_LATEST = 10
"""So many of the latest epochs the rules look at; before there are as many, most say nothing."""


@dataclass(frozen=True)
class Saying:
    """What was said: `kind` is a key of RULES, `text` has the numbers of the `epoch` at whose end it was said.

    `until` is the epoch at whose end it was taken back, None while it holds.
    """

    kind: str
    epoch: float
    text: Text
    until: float | None = None


class Narrator:
    """Follows a run from epoch to epoch; `sayings` are all that was ever said, in the order in which it was."""

    def __init__(self) -> None:
        self.sayings: list[Saying] = []
        self._num_seen = 0
        self._lowest: Evaluation | None = None
        self._running = dict.fromkeys(RULES, 0)

    def follow(self, trend: Trend) -> Narrator:
        """Look at the epochs of the run that were not looked at before. Returns self."""
        for place in range(self._num_seen, len(trend.epoch_ends)):
            now = trend.epoch_ends[place]
            if self._lowest is None or now.validation.error < self._lowest.validation.error:
                self._lowest = now
            assert trend.first is not None
            latest = trend.epoch_ends[max(0, place + 1 - NUM_LATEST) : place + 1]
            # A fork begins with weights that have learned already; where its parent is gone, nobody knows its first.
            scale = trend.first.train.loss if trend.first.epoch < trend.since + 1 else math.nan
            self._look(Past(trend.task, trend.first, scale, self._lowest, latest))
        self._num_seen = len(trend.epoch_ends)
        return self

    def diverged(self, epoch: float) -> Narrator:
        """The run has ended there with a number that was not finite. Returns self."""
        if not any(saying.kind == "diverging" for saying in self.at()):
            self.sayings.append(Saying("diverging", epoch, Text("A loss or a gradient was not a finite number.")))
        return self

    def at(self, epoch: float = math.inf) -> tuple[Saying, ...]:
        """What held at an epoch; at the latest one as a rule."""
        said = [saying for saying in self.sayings if saying.epoch <= epoch]
        return tuple(saying for saying in said if saying.until is None or saying.until > epoch)

    def _look(self, past: Past) -> None:
        said = {saying.kind: place for place, saying in enumerate(self.sayings) if saying.until is None}
        for kind, rule in RULES.items():
            is_new = rule.holds(past) != (kind in said)
            self._running[kind] = self._running[kind] + 1 if is_new else 0
            if self._running[kind] < EPOCHS_RUNNING:
                continue
            self._running[kind] = 0
            if kind in said:
                self.sayings[said[kind]] = replace(self.sayings[said[kind]], until=past.now.epoch)
            else:
                self.sayings.append(Saying(kind, past.now.epoch, rule.sentence(past)))


@dataclass(frozen=True, eq=False)
class Past:
    """What a rule may look at: the first weights, the epoch of the lowest validation error, the latest epochs.

    `scale` is the training loss of the first weights, with which losses are compared; NaN where it is not known, and
    then nothing is said that depends on it.
    """

    task: str
    first: Evaluation
    scale: float
    lowest: Evaluation
    latest: Sequence[Evaluation]

    @property
    def now(self) -> Evaluation:
        """The epoch that has just ended."""
        return self.latest[-1]

    @property
    def is_early(self) -> bool:
        """Whether there are too few epochs for what takes a while to see."""
        return len(self.latest) < NUM_LATEST

    @property
    def fall(self) -> float:
        """By how much training loss has fallen from the first half of the latest epochs to the second."""
        losses = [end.train.loss for end in self.latest]
        half = len(losses) // 2
        return fmean(losses[:half]) - fmean(losses[half:])

    @property
    def rises(self) -> list[float]:
        """By how much training loss rose at each of the latest epochs at which it did."""
        losses = [end.train.loss for end in self.latest]
        return [after - before for before, after in pairwise(losses) if after > before]


@dataclass(frozen=True, eq=False)
class Rule:
    """A kind of saying: its name, the rule in words, whether it holds, and the sentence with its numbers."""

    name: Text
    text: Text
    holds: Callable[[Past], bool]
    sentence: Callable[[Past], Text]


# -- the rules --------------------------------------------------------------------------------------------------------

STILL, MANY = 0.03, 0.25
"""Shares of the loss of the first weights: a fall below the one is none, rises beyond the other are many."""
HIGH_LOSS = 0.8
"""A loss that stands still above this share of that of the first weights has hardly begun to fall."""
HIGH_ERROR = {"classification": 0.1, "regression": 0.5}
"""The training error above which a run is not done: a share of wrong answers, or a relative error."""
SMALL_GAP = 3
"""A gap of at most so many ± is small."""
CHANCE = 1.5
"""A gap of less than so many ± may be none."""
ONSET = 1.5
"""So many ± above its lowest a validation error tells of overfitting that begins; the verdict waits for two."""


def _overfits(past: Past) -> bool:
    now, beyond = past.now, uncertainty(past.now.validation)
    is_above = now.validation.error - past.lowest.validation.error > ONSET * beyond
    return is_above and now.gap > SMALL_GAP * beyond and now.train.loss < past.lowest.train.loss


def _underfits(past: Past) -> bool:
    now = past.now
    has_small_gap = abs(now.gap) <= SMALL_GAP * uncertainty(now.validation)
    is_high = now.train.error > HIGH_ERROR[past.task]
    return is_high and has_small_gap and not past.is_early and past.fall < STILL * past.scale


def _is_on_a_plateau(past: Past) -> bool:
    return _stands_still(past) and past.now.train.loss > HIGH_LOSS * past.scale


def _stands_still(past: Past) -> bool:
    return not past.is_early and abs(past.fall) < STILL * past.scale and not _rises(past)


def _rises(past: Past) -> bool:
    return sum(past.rises) > MANY * past.scale


def _has_too_high_a_rate(past: Past) -> bool:
    return not past.is_early and _rises(past)


def _diverges(past: Past) -> bool:
    return past.now.train.loss > past.scale


def _is_noise(past: Past) -> bool:
    return abs(past.now.gap) < CHANCE * uncertainty(past.now.validation)


# -- their words ------------------------------------------------------------------------------------------------------


def _overfitting_text(past: Past) -> Text:
    return Text(
        "Validation error {now} ± {uncertainty}, of all epoch ends lowest at {epoch} ({lowest}); training loss has "
        "fallen since, from {before:.3g} to {after:.3g}.",
        **_validation(past),
        epoch=epoch_text(past.lowest.epoch),
        lowest=error_text(past.lowest.validation),
        before=past.lowest.train.loss,
        after=past.now.train.loss,
    )


def _underfitting_text(past: Past) -> Text:
    return Text(
        "Training error {train}, {first} at the beginning; validation error {now} ± {uncertainty}. Training loss has "
        "changed by {change} within {num} epochs.",
        **_validation(past),
        **_standing(past),
        train=error_text(past.now.train),
        first=error_text(past.first.train),
    )


def _plateau_text(past: Past) -> Text:
    return Text(
        "Training loss {loss:.3g}, {first:.3g} at the beginning; it has changed by {change} within {num} epochs.",
        **_standing(past),
        **_losses(past),
    )


def _rate_text(past: Past) -> Text:
    return Text(
        "Training loss rose in {rises} of the last {num} epochs, by {sum:.3g} in all; it is {loss:.3g}, {first:.3g} at "
        "the beginning.",
        **_losses(past),
        rises=len(past.rises),
        num=NUM_LATEST - 1,
        sum=sum(past.rises),
    )


def _divergence_text(past: Past) -> Text:
    return Text("Training loss {loss:.3g}, {first:.3g} at the beginning.", **_losses(past))


def _noise_text(past: Past) -> Text:
    return Text(
        "The gap is {gap}, and validation error {now} ± {uncertainty} on {num} samples.",
        **_validation(past),
        gap=points_text(past.task, past.now.gap),
        num=past.now.validation.num,
    )


def _validation(past: Past) -> dict[str, Text]:
    return {"now": error_text(past.now.validation), "uncertainty": uncertainty_text(past.now.validation)}


def _standing(past: Past) -> dict[str, str | int]:
    return {"change": f"{-past.fall:+.2g}".replace("-", "−"), "num": NUM_LATEST}


def _losses(past: Past) -> dict[str, float]:
    return {"loss": past.now.train.loss, "first": past.scale}


_LATEST = {"num": NUM_LATEST, "still": 100 * STILL, "many": 100 * MANY, "loss": 100 * HIGH_LOSS, "gap": SMALL_GAP}
RULES = {
    "diverging": Rule(
        Text("divergence"),
        Text("Training loss is above that of the first weights, or a loss or gradient was not a finite number."),
        _diverges,
        _divergence_text,
    ),
    "rate_too_high": Rule(
        Text("learning rate too high"),
        Text(
            "Within the last {num} epochs training loss has risen, all rises together, by more than {many:g} % of the "
            "loss of the first weights.",
            **_LATEST,
        ),
        _has_too_high_a_rate,
        _rate_text,
    ),
    "overfitting": Rule(
        Text("onset of overfitting"),
        Text(
            "Validation error is above its lowest by more than {onset:g} times its ±, training loss is below its value "
            "there, and the gap is more than {gap} times the ±. (The verdict waits for twice the ± above the lowest.)",
            **_LATEST,
            onset=ONSET,
        ),
        _overfits,
        _overfitting_text,
    ),
    "underfitting": Rule(
        Text("underfitting"),
        Text(
            "Training error is above {classes:g} % (numbers: a relative error of {numbers:g}), the gap at most {gap} "
            "times the ± of the validation error, and training loss no longer falls: from the first to the second half "
            "of the last {num} epochs by less than {still:g} % of the loss of the first weights.",
            **_LATEST,
            classes=100 * HIGH_ERROR["classification"],
            numbers=HIGH_ERROR["regression"],
        ),
        _underfits,
        _underfitting_text,
    ),
    "plateau": Rule(
        Text("plateau"),
        Text(
            "Training loss is above {loss:g} % of that of the first weights and stands still: from the first to the "
            "second half of the last {num} epochs it changes by less than {still:g} % of that, and the rate is not "
            "called too high.",
            **_LATEST,
        ),
        _is_on_a_plateau,
        _plateau_text,
    ),
    "noise": Rule(
        Text("gap within the noise"),
        Text(
            "The gap, in whichever direction, is smaller than {chance:g} times the ± of the validation error: it may "
            "be chance.",
            chance=CHANCE,
        ),
        _is_noise,
        _noise_text,
    ),
}
"""Every kind of saying, the most urgent first."""
