"""The lesson bar: above whatever page one is on, the text of a step, its question, what came out, and the way on."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.lessons.capsule import is_link
from core.lessons.lesson import Lesson, lessons
from core.lessons.question import Words
from pages.components import answers, lesson_state
from pages.components.error_box import notes_box, plain
from pages.components.language import language, t
from pages.components.lesson_question import ask


def number_of(lesson: Lesson) -> int | None:
    """The number of a lesson in the course, from 1; None for one that was written here."""
    return list(lessons()).index(lesson.key) + 1 if lesson.key in lessons() else None


def said(words: Words) -> str:
    """What stands there in the reader's language, letter by letter."""
    return plain(words.say(language()))


def bar(page: str) -> DeltaGenerator | None:
    """The bar of the lesson that is given, above a page; a slim one in presentation mode.

    Returns where the news is to be told when the page has been drawn, or None where nothing is waited for.
    """
    found = lesson_state.current()
    # It stands in a container that stays, so that the live part below keeps its place in the page.
    with st.container(key="lesson", gap="xsmall"):
        notes_box([*lesson_state.notes(), *answers.trouble()])
        if found is None:
            return None
        lesson, place = found
        if st.session_state.get("present", False):
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="lesson-slim"):
                st.badge(f"{place + 1}/{len(lesson.steps)}", color="gray")
                slot = ask(lesson, place, page)
                _on(lesson, place)
            return slot
        with st.container(border=True, key="lesson-bar", gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _title(lesson, place)
                _ways(lesson, place, page)
            st.markdown(said(lesson.steps[place].text))
            return ask(lesson, place, page)


def _title(lesson: Lesson, place: int) -> None:
    number = number_of(lesson)
    own = t("MY LESSON") if lesson_state.own().may_write else t("LESSON OF THE CLASS")
    words = t("LESSON {number}", number=number) if number else t("TASK") if is_link(lesson.key) else own
    st.markdown(f"**{words}** {said(lesson.title)}", width="content")
    if not is_link(lesson.key):
        st.badge(f"{place + 1}/{len(lesson.steps)}", color="gray", help=t("Where the lesson is, and how long"))
    st.space("stretch")


def _ways(lesson: Lesson, place: int, page: str) -> None:
    """All choices, back, again, on, and out."""
    key, step = lesson.key, lesson.steps[place]
    if lesson_state.controls():
        every, more = t("show all choices"), lesson_state.show_all_choices
        st.button(every, icon=":material/tune:", key="lesson choices", type="tertiary", on_click=more)
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
    elif not is_link(lesson.key):
        st.button(t("finish"), icon=":material/check:", key="lesson finish", on_click=lesson_state.finish)


def _way(label: str, icon: str, key: str, lesson: str, place: int) -> None:
    st.button(
        label, icon=f":material/{icon}:", key=key, type="tertiary", on_click=lesson_state.go, args=(lesson, place)
    )
