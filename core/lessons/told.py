"""What is told of an answer: what was expected, what happened once it is over, and what the others have answered."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from core.lessons.question import HANDLES, Choice, Curve, Given, Number
from core.store.records import Evaluation
from core.text import Text

METRICS = {"validation_error": "validation/error", "train_error": "train/error"}
"""The metric of an evaluation for each measure that a question asks for."""


@dataclass(frozen=True)
class Ended:
    """What is known of what was run, once it is over: of a run its numbers, its planned epochs and its evaluations."""

    numbers: Mapping[str, Any] = field(default_factory=dict)
    epochs: int = 0
    evaluations: Sequence[Evaluation] = ()


class Miss(NamedTuple):
    """How far a curve lay from what was expected: on average, and most, with the epoch where that was."""

    mean: float
    expected: float
    measured: float
    epoch: float


def miss(curve: Curve, heights: Sequence[float], ended: Ended) -> Miss | None:
    """How far the measured curve lay from the heights expected at HANDLES; None without a measurement there."""
    metric, first = METRICS[curve.measure], HANDLES[0] * ended.epochs
    rows = [
        (row.epoch, row.values[metric])
        for row in ended.evaluations
        if first <= row.epoch <= ended.epochs and np.isfinite(row.values.get(metric, np.nan))
    ]
    if not rows:
        return None
    epochs, errors = np.array(rows).T
    expected = np.interp(epochs, ended.epochs * np.array(HANDLES), heights)
    distances = np.abs(expected - errors)
    worst = int(distances.argmax())
    return Miss(float(distances.mean()), float(expected[worst]), float(errors[worst]), float(epochs[worst]))


def asked(question: Choice | Number | Curve, lang: str) -> str:
    """The question in a language."""
    return question.text.say(lang)


def expected(question: Choice | Number | Curve, given: Given, lang: str) -> Text:
    """What somebody expects, before it is over."""
    if given is None:
        return Text("skipped")
    if isinstance(question, Choice):
        return Text("You expect: {answer}.", answer=question.choices[given].say(lang))  # type: ignore[index]
    if isinstance(question, Curve):
        return Text("You expect the dashed curve.")
    return Text("You expect {percent:.0f} %.", percent=100 * given)  # type: ignore[operator]


def told(question: Choice | Number | Curve, given: Given, ended: Ended, lang: str) -> Text:
    """What was expected, and what happened."""
    if isinstance(question, Choice):
        return _told_of_choice(question, given, lang)
    measured = ended.numbers.get(question.measure)
    if measured is None:
        return Text("The run ended without a number.")
    if given is None:
        return Text("It came to {measured:.1f} %.", measured=100 * measured)
    if isinstance(question, Curve):
        return _told_of_curve(question, given, ended)  # type: ignore[arg-type]
    return Text(
        "You expected {percent:.0f} %; it came to {measured:.1f} %.",
        percent=100 * given,  # type: ignore[operator]
        measured=100 * measured,
    )


def _told_of_choice(question: Choice, given: Given, lang: str) -> Text:
    expected = question.choices[given].say(lang) if given is not None else ""  # type: ignore[index]
    if question.answer is None:
        return Text("You expected: {expected}.", expected=expected) if expected else Text("skipped")
    right = question.choices[question.answer].say(lang)
    if given is None:
        return Text("It is: {answer}.", answer=right)
    if given == question.answer:
        return Text("As you expected: {answer}.", answer=right)
    return Text("You expected: {expected}. It is: {answer}.", expected=expected, answer=right)


def _told_of_curve(question: Curve, heights: Sequence[float], ended: Ended) -> Text:
    missed = miss(question, heights, ended)
    if missed is None:
        return Text("The run ended without a number.")
    return Text(
        "On average {mean:.1f} points away from what you expected; most at epoch {epoch:.0f}: "
        "expected {expected:.0f} %, measured {measured:.1f} %.",
        mean=100 * missed.mean,
        epoch=missed.epoch,
        expected=100 * missed.expected,
        measured=100 * missed.measured,
    )


def of_the_class(question: Choice | Number | Curve, givens: Sequence[Given], lang: str) -> Text | None:
    """What all have answered; None while it is one person alone."""
    given = [one for one in givens if one is not None]
    if len(given) < 2:
        return None
    if isinstance(question, Choice):
        counts = Counter(given)
        parts = [f"{counts[place]} × {choice.say(lang)}" for place, choice in enumerate(question.choices)]
        return Text("{count} answered: {parts}.", count=len(given), parts=", ".join(parts))
    if isinstance(question, Curve):
        return Text("{count} have drawn a curve.", count=len(given))
    return Text(
        "{count} answered: from {low:.0f} % to {high:.0f} %, half of them at most {middle:.0f} %.",
        count=len(given),
        low=100 * min(given),  # type: ignore[type-var]
        high=100 * max(given),  # type: ignore[type-var]
        middle=100 * statistics.median(given),  # type: ignore[type-var]
    )


def votes_of_the_class(votes: Sequence[str], names: Mapping[Any, str]) -> Text | None:
    """What all have voted, each verdict with its name; None while it is one person alone."""
    if len(votes) < 2:
        return None
    parts = ", ".join(f"{votes.count(verdict)} × {name}" for verdict, name in names.items())
    return Text("{count} voted: {parts}.", count=len(votes), parts=parts)
