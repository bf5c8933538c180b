"""What was answered and voted in this tab, kept in the store and found there again; and what all have answered.

The address of a lesson holds its answers, too: what it says counts in this tab, and is not stored as anybody's answer.
"""

from __future__ import annotations

import streamlit as st

from core.errors import CoreError
from core.lessons.answered import given_of, kept_as, name_of, name_of_claim, reports
from core.lessons.lesson import VERDICTS, Lesson, Verdict
from core.lessons.question import Given
from core.store.records import AnswerKind, RunRecord
from core.text import Text
from pages.components.error_box import plain
from pages.components.language import language, show, t
from pages.components.services import actor, services

_ANSWERS, _VOTES, _LOOKED_UP, _TROUBLE = "answers", "votes on claims", "answers looked up", "answers not kept"


def _answers() -> dict[str, Given]:
    """The answers of this tab by the names of their questions."""
    return st.session_state.setdefault(_ANSWERS, {})


def _looked_up(name: str) -> bool:
    """Whether the store was asked for an answer before in this tab; true from then on."""
    names: set[str] = st.session_state.setdefault(_LOOKED_UP, set())
    known = name in names
    names.add(name)
    return known


def _keep(name: str, kind: AnswerKind, value: object) -> None:
    """Store an answer; where that cannot be it counts in this tab, and the page says so."""
    try:
        services().answer(name, kind, value, actor=actor())
    except CoreError as error:
        st.session_state[_TROUBLE] = Text(
            "Your answer counts in this tab only. {what} {why}", what=error.what, why=error.why
        )


def trouble() -> list[Text]:
    """Why the last answer could not be stored; told once."""
    return [st.session_state.pop(_TROUBLE)] if _TROUBLE in st.session_state else []


# -- questions -------------------------------------------------------------------------------------------------------


def give(lesson: Lesson, place: int, given: Given) -> None:
    """Answer the question of a step, with None skip it."""
    put(lesson, place, given)
    _keep(name_of(lesson, place), *kept_as(lesson, place, given))


def put(lesson: Lesson, place: int, given: Given) -> None:
    """Let an answer count in this tab."""
    _answers()[name_of(lesson, place)] = given


def ask_again(lesson: Lesson, place: int) -> None:
    """Ask the question of a step once more; the answer that is stored stays until there is another."""
    name = name_of(lesson, place)
    _looked_up(name)
    _answers().pop(name, None)


def is_answered(lesson: Lesson, place: int) -> bool:
    """Whether the question of a step was answered or skipped; what is no answer by now does not count."""
    question, name = lesson.steps[place].question, name_of(lesson, place)
    if question is None:
        return False
    if name not in _answers() and not _looked_up(name):
        stored = services().own_answer(name, actor=actor())
        if stored is not None and (stored.kind == "skip" or given_of(question, stored) is not None):
            _answers()[name] = given_of(question, stored)
    return name in _answers() and (_answers()[name] is None or question.takes(_answers()[name]))


def given_to(lesson: Lesson, place: int) -> Given:
    """What was answered to the question of a step."""
    return _answers()[name_of(lesson, place)]


def given_in(lesson: Lesson) -> dict[int, Given]:
    """The answers to the questions of a lesson by place."""
    names = {name_of(lesson, place): place for place, step in enumerate(lesson.steps) if step.question is not None}
    return {place: _answers()[name] for name, place in names.items() if name in _answers()}


def of_all(lesson: Lesson, place: int) -> list[Given]:
    """What everybody has answered, once one has answered oneself."""
    question = lesson.steps[place].question
    assert question is not None
    return [given_of(question, answer) for answer in services().answers(name_of(lesson, place), actor=actor())]


def followed(lesson: Lesson, place: int, run: str) -> None:
    """Note that a run was started after the question of a step was answered."""
    try:
        services().followed(name_of(lesson, place), run, actor=actor())
    except CoreError as error:
        st.session_state[_TROUBLE] = Text(
            "Your answer is not noted with the run. {what} {why}", what=error.what, why=error.why
        )


def expected_of(run: RunRecord) -> None:
    """Beside a stored run of one's own: what was asked before it was started, what was expected, and what happened."""
    if run.owner == actor():
        for report in reports(services().store, run, services().answers_before(run.id, actor=actor()), language()):
            st.caption(plain(f"{report.asked} {show(report.happened or report.expected)}"))


# -- votes -----------------------------------------------------------------------------------------------------------


def verdict_names() -> dict[Verdict, str]:
    """What can be said of a claim."""
    return {"right": t("right"), "condition": t("needs a condition"), "wrong": t("wrong")}


def vote(lesson: Lesson, place: int, given: Verdict) -> None:
    """Say of a claim of a lesson whether it is right."""
    name = name_of_claim(lesson, place)
    st.session_state.setdefault(_VOTES, {})[name] = given
    _keep(name, "vote", given)


def vote_of(lesson: Lesson, place: int) -> Verdict | None:
    """What was said of a claim of a lesson, or None."""
    votes, name = st.session_state.setdefault(_VOTES, {}), name_of_claim(lesson, place)
    if name not in votes and not _looked_up(name):
        stored = services().own_answer(name, actor=actor())
        if stored is not None and stored.value in VERDICTS:
            votes[name] = stored.value
    return votes.get(name)


def votes_of_all(lesson: Lesson, place: int) -> list[Verdict]:
    """What everybody has said of a claim, once one has voted oneself."""
    found = services().answers(name_of_claim(lesson, place), actor=actor())
    return [answer.value for answer in found if answer.value in VERDICTS]
