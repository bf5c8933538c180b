"""What a class has answered, as a picture; and which questions the names of answers stand for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.lessons.answered import kept_as, name_of, name_of_claim
from core.lessons.capsule import Capsule, same
from core.lessons.distribution import NUM_BARS, distribution, questions, votes
from core.lessons.lesson import lessons
from core.lessons.question import HANDLES, Choice, Curve, Number
from core.store.folder import DataFolder
from core.store.records import Answer, AnswerKind
from tests.experiments import points

CHOICE = Choice(kind="choice", text=same("which?"), choices=(same("this"), same("that")), answer=1)
NUMBER = Number(kind="number", text=same("how much?"), measure="validation_error", low=0.0, high=0.5)
CURVE = Curve(kind="curve", text=same("how?"), measure="train_error", high=0.8)


def answers(kind: AnswerKind, *values: Any, about: str = "lesson/x.1") -> list[Answer]:
    return [
        Answer(about, str(place), "skip" if value is None else kind, value, None, datetime.now(UTC))
        for place, value in enumerate(values)
    ]


def test_choices_are_counted_in_their_order_also_where_nobody_has_given_one():
    found = distribution(CHOICE, answers("choice", 0, 0, None), "en")
    assert [tuple(bar) for bar in found.bars] == [("this", 2), ("that", 0)]
    assert (found.num_answered, found.num_skipped) == (2, 1)


def test_numbers_fall_into_bars_from_the_lowest_to_the_highest():
    found = distribution(NUMBER, answers("number", 0.0, 0.04, 0.05, 0.5), "en")
    assert len(found.bars) == NUM_BARS
    counts = {bar.label: bar.count for bar in found.bars if bar.count}
    assert counts == {"0–5 %": 2, "5–10 %": 1, "45–50 %": 1}


def test_curves_are_drawn_as_they_were_given():
    heights = [0.8, 0.5, 0.3, 0.2, 0.1]
    found = distribution(CURVE, answers("curve", heights, None), "en")
    assert (found.curves, found.high, found.shares) == ((tuple(heights),), 0.8, HANDLES)


def test_what_is_no_answer_to_the_question_by_now_is_left_out():
    assert distribution(CHOICE, answers("choice", 7, 1), "en").num_answered == 1


def test_votes_are_counted_by_verdict():
    names = {"right": "richtig", "condition": "bedingt", "wrong": "falsch"}
    found = votes(answers("vote", "wrong", "wrong", "right"), names)  # type: ignore[arg-type]
    assert [tuple(bar) for bar in found.bars] == [("richtig", 1), ("bedingt", 0), ("falsch", 2)]


def test_questions_are_found_by_name_in_lessons_claims_and_links(data_folder: Path):
    lesson = next(lesson for lesson in lessons().values() if lesson.claims and lesson.steps[0].question)
    step, claim = name_of(lesson, 0), name_of_claim(lesson, 0)
    linked = Capsule(ask=CHOICE, of="ab" * 8).lesson(points())
    kind, value = kept_as(linked, 0, 1)
    given = [
        *answers("choice", 0, about=step),
        *answers("vote", "right", about=claim),
        *answers(kind, value, about=name_of(linked, 0)),
        *answers("choice", 0, about="lesson/none.1"),
    ]
    found = questions(given, DataFolder.find(data_folder), "zh")
    assert list(found) == [step, claim, name_of(linked, 0)]
    assert found[step].question == lesson.steps[0].question
    assert found[step].title.startswith(lesson.title.zh)
    assert (found[claim].question, found[claim].text) == (None, lesson.claims[0].article.zh)
    assert found[name_of(linked, 0)].text == "which?"
