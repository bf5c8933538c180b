"""What the class has answered, on the Class page: of one question at a time, as the answers come in."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.errors import CoreError
from core.lessons.answered import given_of
from core.lessons.distribution import Asked, distribution, questions, votes
from core.lessons.told import expected
from core.people import role
from core.store.records import Answer
from pages.components import class_charts, lesson_state
from pages.components.answers import verdict_names
from pages.components.error_box import plain
from pages.components.language import language, show, t
from pages.components.services import actor, services


def answered() -> None:
    """The answers to one question, as they come in."""
    teaches, present = role(actor()) == "teacher", st.session_state.get("present", False)
    given = services().asked(actor=actor())
    if present:
        given = {about: answer for about, answer in given.items() if about in services().board.shown}
    known = questions(given.values(), services().folder, language())
    if not known:
        if teaches and not present:
            st.caption(t("Answers to the questions of lessons and links appear here as they come in."))
        return
    about = choose_question(known)
    asked, found = known[about], services().answers(about, actor=actor())
    st.markdown(f"**{plain(asked.text)}**")
    if teaches and not present:
        on = about in services().board.shown
        key = f"shown {about} {on}"
        help_ = t("Until then a student sees them after answering, and this page hides them when it is presented.")
        st.toggle(t("show to all"), on, key=key, on_change=reveal, args=(about, key), help=help_)
    own(asked, found)
    spread = votes(found, verdict_names()) if asked.question is None else distribution(
        asked.question, found, language()
    )  # fmt: skip
    st.caption(t("Answered: {count}; skipped: {skipped}", count=spread.num_answered, skipped=spread.num_skipped))
    if spread.num_answered:
        class_charts.answers(spread)


def choose_question(known: Mapping[str, Asked]) -> str:
    """The question that is looked at: of the step that this tab has on, else the one answered last."""
    names = list(known)[::-1]

    def label(about: str) -> str:
        return " · ".join(filter(None, (known[about].title, known[about].text)))

    given = lesson_state.current()
    mine = f"lesson/{given[0].key}.{given[1] + 1}" if given is not None else ""
    return st.selectbox(
        t("Question"), names, names.index(mine) if mine in names else 0, format_func=label,
        key=f"question of the class|{language()}",
    )  # fmt: skip


def own(asked: Asked, found: tuple[Answer, ...]) -> None:
    """What one has answered oneself."""
    mine = next((answer for answer in found if answer.owner == actor()), None)
    if mine is None:
        return
    if asked.question is None:
        st.markdown(t("You said: {verdict}", verdict=verdict_names().get(mine.value, "")))
    else:
        st.markdown(plain(show(expected(asked.question, given_of(asked.question, mine), language()))))


def reveal(about: str, key: str) -> None:
    """Show the answers to all, or hide them again."""
    try:
        services().show_answers(about, st.session_state[key], actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error
