"""Every lesson is whole: what it names exists, both languages say it, and each step opens on its page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from core.catalog.faults import acting
from core.lessons.lesson import FOLDER, Claim, Lesson, Step, lessons
from core.lessons.question import Words
from core.text import Text
from pages.components.choices import PARTS
from tests.contract.test_translations import REJECTED

LESSONS = list(lessons().values())
HAN = re.compile(r"[\u4e00-\u9fff]")
by_key = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.key)


def words_of(part: object) -> Iterator[Words]:
    """Everything that a lesson says."""
    if isinstance(part, Words):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from words_of(item)
    elif hasattr(part, "__pydantic_fields__"):
        for name in type(part).model_fields:  # type: ignore[attr-defined]
            yield from words_of(getattr(part, name))


def is_sentence(text: str) -> bool:
    """Whether a text has words that must be translated, and not only names and numbers."""
    return len(re.findall(r"\b[a-z]{2,}\b", text)) > 0


def test_the_course_has_the_lessons_whose_pages_exist():
    assert len(LESSONS) == len(list(FOLDER.glob("*.toml"))) >= 9
    assert [lesson.place for lesson in LESSONS] == sorted({lesson.place for lesson in LESSONS})


def test_the_choices_that_a_step_may_leave_are_those_of_train():
    named = {name for lesson in LESSONS for step in lesson.steps for name in step.show}
    assert named
    assert named <= set(PARTS)


def test_what_is_sealed_in_a_lesson_has_something_to_act_on():
    shown = [part.experiment for lesson in LESSONS for part in (*lesson.steps, *lesson.claims)]
    found = [experiment for experiment in shown if experiment is not None and experiment.sealed]
    assert found
    assert all(acting(experiment).key for experiment in found)


@by_key
def test_a_lesson_has_three_to_eight_steps_a_question_and_a_claim(lesson: Lesson):
    assert 3 <= len(lesson.steps) <= 8
    assert any(step.question for step in lesson.steps)
    assert lesson.claims
    assert all(re.fullmatch(r"[OPN]\d+(\.\d+)?", claim.source) for claim in lesson.claims)


@by_key
def test_what_a_step_or_a_claim_shows_can_be_run(lesson: Lesson):
    """The loader has checked the names; a page stands behind each."""
    shown: list[Step | Claim] = [*lesson.steps, *lesson.claims]
    assert {part.page for part in shown} <= {"train", "compare", "landscapes", "generalization"}


@by_key
def test_both_languages_say_it(lesson: Lesson):
    said = list(words_of(lesson))
    assert len(said) > 6
    assert [words.en for words in said if HAN.search(words.en)] == []
    assert [words.zh for words in said if is_sentence(words.en) and not HAN.search(words.zh)] == []


@by_key
def test_the_words_are_those_that_were_agreed_on(lesson: Lesson):
    said = list(words_of(lesson))
    assert [words.zh for words in said for word in REJECTED if word in words.zh.replace("提前停止", "")] == []
    assert [words.en for words in said if re.search(r"\bsteps?\b|\baccuracy\b", words.en)] == [], "say update, error"


@by_key
def test_no_two_answers_of_a_question_are_alike(lesson: Lesson):
    for step in lesson.steps:
        choices = getattr(step.question, "choices", ())
        assert len({words.en for words in choices}) == len({words.zh for words in choices}) == len(choices)


def test_a_lesson_is_a_text_for_markdown_without_placeholders():
    """Lessons are no templates: a brace would be shown as it is, and is a mistake."""
    said = [text for lesson in LESSONS for words in words_of(lesson) for text in (words.en, words.zh)]
    assert [text for text in said if "{" in text or Text(text).render() != text] == []
