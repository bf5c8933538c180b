"""What a class has answered to one question, as a picture: bars for choices, numbers and votes, or its curves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from core.lessons.answered import given_of, name_of, name_of_claim, question_of
from core.lessons.lesson import VERDICTS, Lesson, Verdict, lessons
from core.lessons.own import OwnLessons
from core.lessons.question import HANDLES, Choice, Curve, Number
from core.store.folder import DataFolder
from core.store.records import Answer

NUM_BARS = 10
"""Bars between the lowest and the highest number of a slider."""


class Bar(NamedTuple):
    """How many gave one answer. Which one is right is told by the run."""

    label: str
    count: int


class Distribution(NamedTuple):
    """The answers of a class: `bars`, or `curves` with heights from 0 to `high` at the shares HANDLES of the run."""

    num_answered: int
    num_skipped: int
    bars: tuple[Bar, ...] = ()
    curves: tuple[tuple[float, ...], ...] = ()
    high: float = 1.0
    shares: tuple[float, ...] = HANDLES


class Asked(NamedTuple):
    """A question that somebody has answered: where it stands, and what it asks; `question` is None for a vote."""

    title: str
    text: str
    question: Choice | Number | Curve | None


def questions(answers: Iterable[Answer], folder: DataFolder, lang: str) -> dict[str, Asked]:
    """The questions of answers by name; one that is known no more is left out."""
    known = _of_lessons(folder, lang)
    found: dict[str, Asked] = {}
    for answer in answers:
        if answer.about in known:
            found[answer.about] = known[answer.about]
        elif (question := question_of(answer, folder)) is not None:
            found[answer.about] = Asked("", question.text.say(lang), question)
    return found


def _of_lessons(folder: DataFolder, lang: str) -> dict[str, Asked]:
    known: dict[str, Asked] = {}
    for lesson in (*lessons().values(), *OwnLessons(folder.lessons).all().values()):
        for place, step in enumerate(lesson.steps):
            if step.question is not None:
                asked = Asked(_title(lesson, place, lang), step.question.text.say(lang), step.question)
                known[name_of(lesson, place)] = asked
        for place, claim in enumerate(lesson.claims):
            known[name_of_claim(lesson, place)] = Asked(lesson.title.say(lang), claim.article.say(lang), None)
    return known


def _title(lesson: Lesson, place: int, lang: str) -> str:
    return f"{lesson.title.say(lang)} {place + 1}/{len(lesson.steps)}"


def distribution(question: Choice | Number | Curve, answers: Iterable[Answer], lang: str) -> Distribution:
    """What all have answered to a question."""
    answers = list(answers)
    given = [one for one in (given_of(question, answer) for answer in answers) if one is not None]
    skipped = sum(answer.kind == "skip" for answer in answers)
    if isinstance(question, Curve):
        curves = tuple(one for one in given if isinstance(one, tuple))
        return Distribution(len(given), skipped, curves=curves, high=question.high)
    if isinstance(question, Choice):
        counts = Counter(given)
        bars = tuple(Bar(choice.say(lang), counts[place]) for place, choice in enumerate(question.choices))
        return Distribution(len(given), skipped, bars=bars)
    return Distribution(len(given), skipped, bars=_histogram(question, [float(one) for one in given]))  # type: ignore[arg-type]


def _histogram(question: Number, given: Sequence[float]) -> tuple[Bar, ...]:
    width = (question.high - question.low) / NUM_BARS
    places = Counter(min(NUM_BARS - 1, int((one - question.low) / width)) for one in given)
    edges = [100 * (question.low + width * place) for place in range(NUM_BARS + 1)]
    labels = [f"{low:.3g}–{high:.3g} %" for low, high in pairwise(edges)]
    return tuple(Bar(label, places[place]) for place, label in enumerate(labels))


def votes(answers: Iterable[Answer], names: Mapping[Verdict, str]) -> Distribution:
    """What all have voted of a claim; `names` of the verdicts."""
    counts = Counter(answer.value for answer in answers)
    bars = tuple(Bar(names[verdict], counts[verdict]) for verdict in VERDICTS)
    return Distribution(sum(bar.count for bar in bars), 0, bars=bars)
