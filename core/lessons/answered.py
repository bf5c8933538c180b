"""How answers are kept in the store: under which name, in which form, and which question they answer.

A step of the course has a name that stays (`lesson/fitting.2`, the second step). What was written here or came with a
link may change at any time: it is named by a hash (`task/…`) of what is asked of which experiment. An answer to
a link is kept with its question, which stands in no file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from pydantic import ValidationError

from core.exports.tables import experiment_of
from core.lessons.capsule import is_link
from core.lessons.lesson import Lesson, lessons
from core.lessons.own import OwnLessons
from core.lessons.question import QUESTIONS, Choice, Curve, Given, Number
from core.lessons.told import Ended, asked, expected, told
from core.store.folder import DataFolder
from core.store.records import Answer, AnswerKind, RunRecord
from core.store.store import Store
from core.studies.report import ending_numbers
from core.text import Text

TASK = "task/"
HASH_LETTERS = 24


def name_of(lesson: Lesson, place: int) -> str:
    """The name of the question of a step."""
    if lesson.key in lessons():
        return f"lesson/{lesson.key}.{place + 1}"
    step = lesson.steps[place]
    if is_link(lesson.key):
        return _hashed(lesson.key + step.model_dump_json(include={"question"}))
    return _hashed(step.model_dump_json(exclude={"text", "show", "expect", "looks"}))


def name_of_claim(lesson: Lesson, place: int) -> str:
    """The name of the vote on a claim."""
    if lesson.key in lessons():
        return f"claim/{lesson.key}.{place + 1}"
    return _hashed(lesson.claims[place].model_dump_json())


def _hashed(written: str) -> str:
    return f"{TASK}{hashlib.sha256(written.encode()).hexdigest()[:HASH_LETTERS]}"


def kept_as(lesson: Lesson, place: int, given: Given) -> tuple[AnswerKind, Any]:
    """The kind and the value under which an answer is kept."""
    question = lesson.steps[place].question
    assert question is not None
    kind: AnswerKind = "skip" if given is None else question.kind
    if is_link(lesson.key):
        return kind, {"given": given, "ask": question.model_dump(mode="json")}
    return kind, given


def given_of(question: Choice | Number | Curve, answer: Answer) -> Given:
    """What was answered; None for what was skipped and for what is no answer to the question by now."""
    value = answer.value
    given = question.from_json(value["given"] if isinstance(value, dict) else value)
    return given if answer.kind == question.kind and question.takes(given) else None


def question_of(answer: Answer, folder: DataFolder) -> Choice | Number | Curve | None:
    """The question that was answered; None for a vote, and where it is known no more."""
    if isinstance(answer.value, dict):
        try:
            return QUESTIONS.validate_python(answer.value.get("ask"))
        except ValidationError:
            return None
    own = OwnLessons(folder.lessons).all() if answer.about.startswith(TASK) else {}
    for lesson in (*lessons().values(), *own.values()):
        for place, step in enumerate(lesson.steps):
            if step.question is not None and name_of(lesson, place) == answer.about:
                return step.question
    return None


def ended(store: Store, run: RunRecord) -> Ended:
    """What is known of a run that is over."""
    planned = experiment_of(run).epochs
    return Ended(ending_numbers(store, run), planned, store.read_evaluations(run.id))


class Report(NamedTuple):
    """An answer beside the run that followed; `happened` is None until it is over."""

    answer: Answer
    asked: str
    expected: Text
    happened: Text | None


def reports(store: Store, run: RunRecord, answers: Iterable[Answer], lang: str = "en") -> list[Report]:
    """What was asked and expected in some answers before a run was started, and what happened."""
    found = []
    for answer in answers:
        question = question_of(answer, store.folder)
        if question is not None:
            given = given_of(question, answer)
            happened = None if run.active else told(question, given, ended(store, run), lang)
            found.append(Report(answer, asked(question, lang), expected(question, given, lang), happened))
    return found


def as_json(found: list[Report]) -> list[dict[str, Any]]:
    """Reports as fields of a JSON document, in English."""
    return [
        {
            "about": report.answer.about,
            "by": report.answer.owner,
            "kind": report.answer.kind,
            "value": report.answer.value,
            "asked": report.asked,
            "expected": str(report.expected),
            "happened": None if report.happened is None else str(report.happened),
        }
        for report in found
    ]
