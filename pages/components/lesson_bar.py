"""The lesson bar: above whatever page one is on, the text of a step, its question, what came out, and the way on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons.lesson import Choice, Lesson, Number, Step, Words, lessons
from pages.components import compare_state, lesson_state, state
from pages.components.error_box import notes_box, plain
from pages.components.language import language, t
from pages.components.services import services

POLL_S = 2


def number_of(lesson: Lesson) -> int | None:
    """The number of a lesson in the course, from 1; None for one that was written here."""
    return list(lessons()).index(lesson.key) + 1 if lesson.key in lessons() else None


def said(words: Words) -> str:
    """What stands there in the reader's language, letter by letter."""
    return plain(words.say(language()))


def bar(page: str) -> DeltaGenerator | None:
    """The bar of the lesson that is given, above a page; a slim one in presentation mode.

    Returns where `news` is to be told when the page has been drawn, or None where nothing is waited for.
    """
    found = lesson_state.current()
    # It stands in a container that stays, so that the live part below keeps its place in the page.
    with st.container(key="lesson", gap="xsmall"):
        notes_box(lesson_state.notes())
        if found is None:
            return None
        lesson, place = found
        if st.session_state.get("present", False):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="lesson-slim"):
                st.badge(f"{place + 1}/{len(lesson.steps)}", color="gray")
                slot = _question(lesson, place, page)
                _on(lesson, place)
            return slot
        with st.container(border=True, key="lesson-bar", gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _title(lesson, place)
                _ways(lesson, place, page)
            st.markdown(said(lesson.steps[place].text))
            return _question(lesson, place, page)


def _title(lesson: Lesson, place: int) -> None:
    number = number_of(lesson)
    words = t("LESSON {number}", number=number) if number else t("MY LESSON")
    st.markdown(f"**{words}** {said(lesson.title)}", width="content")
    st.badge(f"{place + 1}/{len(lesson.steps)}", color="gray", help=t("Where the lesson is, and how long"))
    st.space("stretch")


def _ways(lesson: Lesson, place: int, page: str) -> None:
    """Back, again, on, and out."""
    key, step = lesson.key, lesson.steps[place]
    if place:
        _way(t("previous"), "chevron_left", "lesson before", key, place - 1)
    if page == step.page:
        _way(t("show it again"), "replay", "lesson again", key, place)
    else:
        _way(t("back to the lesson"), "undo", "lesson back", key, place)
    _on(lesson, place)
    st.button(t("leave"), icon=":material/close:", key="lesson leave", type="tertiary", on_click=lesson_state.leave)


def _on(lesson: Lesson, place: int) -> None:
    if place + 1 < len(lesson.steps):
        st.button(
            t("next"),
            icon=":material/chevron_right:",
            key="lesson next",
            shortcut="n",
            on_click=lesson_state.go,
            args=(lesson.key, place + 1),
        )
    else:
        st.button(t("finish"), icon=":material/check:", key="lesson finish", on_click=lesson_state.finish)


def _way(label: str, icon: str, key: str, lesson: str, place: int) -> None:
    st.button(
        label, icon=f":material/{icon}:", key=key, type="tertiary", on_click=lesson_state.go, args=(lesson, place)
    )


# -- the question ----------------------------------------------------------------------------------------------------


def _question(lesson: Lesson, place: int, page: str) -> DeltaGenerator | None:
    """The question with its answers, only on the page that it is about; once answered, where to tell the news."""
    step, key = lesson.steps[place], lesson.key
    question = step.question
    if question is None or page != step.page:
        return None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="lesson-question"):
        st.markdown(f"**{said(question.text)}**", width="content")
        if lesson_state.is_answered(lesson, place):
            return st.container(key="lesson-news", width="content")
        if isinstance(question, Choice):
            for number, choice in enumerate(question.choices):
                st.button(said(choice), key=f"answer {number}", on_click=lesson_state.answer, args=(key, place, number))
        else:
            expected = _slider(question, f"expected {key} {place}")
            st.button(
                t("That is what I expect"), key="answer", on_click=lesson_state.answer, args=(key, place, expected)
            )
        st.button(t("skip"), key="lesson skip", type="tertiary", on_click=lesson_state.answer, args=(key, place, None))
    return None


def _slider(question: Number, key: str) -> float:
    """The number that is expected; the slider begins in the middle."""
    middle = round((question.low + question.high) / 2, 2)
    return st.slider(
        t("expected"), question.low, question.high, middle, 0.01, "percent", key=key, width=260,
        label_visibility="collapsed",
    )  # fmt: skip


def is_under_way(page: str) -> bool:
    """Whether what the page looks at is still being computed."""
    if page == "train":
        run = state.run_of_choices()
        return run is not None and services().is_active(run)
    study = _study() if page == "compare" else None
    return study is not None and services().is_comparing(study)


def outcome(page: str) -> Mapping[str, Any] | None:
    """What is over on the page: the final numbers of the run on Train, else nothing more; None before it is over."""
    if is_under_way(page):
        return None
    if page == "train":
        run = services().find(state.run_of_choices() or "")
        return None if run is None or run.active else run.answer
    return {} if page == "landscapes" or _study() is not None else None


def _study() -> str | None:
    """The stored comparison that computes what is chosen on Compare, looked at there."""
    if compare_state.problem() is not None:
        return None
    return compare_state.study_of(compare_state.draft().comparison())


def news(page: str) -> None:
    """What was expected, and what happened as soon as it is over: told after the page, which decides what it shows."""
    found = lesson_state.current()
    if found is not None and lesson_state.is_answered(*found):
        waits = is_under_way(page)
        st.fragment(_news, run_every=POLL_S if waits else None)(*found, page, waits)


def _news(lesson: Lesson, place: int, page: str, waits: bool) -> None:
    over = outcome(page)
    if over is not None and waits:
        st.rerun()  # once more, to rest
    step, given = lesson.steps[place], lesson_state.answer_of(lesson.key, place)
    st.markdown(_expected(step, given) if over is None else _told(step, given, over))


def _expected(step: Step, given: lesson_state.Answer) -> str:
    if given is None:
        return t("skipped")
    if isinstance(step.question, Choice):
        return t("You expect: {answer}.", answer=said(step.question.choices[int(given)]))
    return t("You expect {percent:.0f} %.", percent=100 * given)


def _told(step: Step, given: lesson_state.Answer, over: Mapping[str, Any]) -> str:
    question = step.question
    if isinstance(question, Choice):
        right = said(question.choices[question.answer])
        if given is None:
            return t("It is: {answer}.", answer=right)
        if given == question.answer:
            return t("As you expected: {answer}.", answer=right)
        expected = said(question.choices[int(given)])
        return t("You expected: {expected}. It is: {answer}.", expected=expected, answer=right)
    assert question is not None
    measured = over.get(question.measure)
    if measured is None:
        return t("The run ended without a number.")
    if given is None:
        return t("It came to {measured:.1f} %.", measured=100 * measured)
    return t("You expected {percent:.0f} %; it came to {measured:.1f} %.", percent=100 * given, measured=100 * measured)
