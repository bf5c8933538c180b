"""What a teacher tells everybody at once: hold, go on, stop, start the same for all, come to a step of a lesson."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

import streamlit as st

from core.describe import choices
from core.errors import CoreError
from core.lessons.capsule import is_link
from core.studies.services.teaching import Order
from core.text import Text
from pages.components import lesson_state, state
from pages.components.error_box import plain
from pages.components.language import show, t
from pages.components.lesson_bar import said
from pages.components.services import actor, services

_DONE = "what the class was told"
NEWS_S = 60.0
"""So long it stays on the page what came of an order."""


def tell(order: Order) -> None:
    """Tell all runs something, and say how many it were."""
    try:
        told = services().tell_all(order, actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error
        return
    words = {
        "pause": Text("Paused: {count}", count=told.count),
        "resume": Text("Going on: {count}", count=told.count),
        "stop": Text("Stopped: {count}", count=told.count),
    }[order]
    _say([words], *([error.what, error.why] for error in told.refused))


def start_for_all(own_seeds: bool) -> None:
    """Start what is chosen on Train for everybody who is here."""
    problem = state.problem_of_draft() or state.problem_of_combination()
    try:
        if problem is not None:
            raise problem
        begun = services().start_for_all(state.experiment(), own_seeds=own_seeds, actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error
        return
    words = (
        Text("Started: {runs}, for people who are here: {people}", runs=begun.runs, people=begun.people)
        if own_seeds
        else Text("All watch one run; people who are here: {people}", people=begun.people)
    )
    _say([words], *([f"{who.name}:", error.what] for who, error in begun.refused))


def bring_all() -> None:
    """Bring everybody to the step of the lesson that this tab has on."""
    found = lesson_state.current()
    assert found is not None
    try:
        services().bring_all(found[0].key, found[1], actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error
        return
    _say([Text("Everybody is brought there.")])


def _say(*sentences: Sequence[Text | str]) -> None:
    """Keep what came of an order, in parts of sentences: first what was done, then what was refused."""
    st.session_state[_DONE] = monotonic(), sentences


def news() -> None:
    """What came of the last order, for a while: the page is drawn anew for other reasons, too."""
    at, sentences = st.session_state.get(_DONE, (-NEWS_S, ()))
    if monotonic() - at < NEWS_S:
        for number, parts in enumerate(sentences):
            sentence = " ".join(part if isinstance(part, str) else show(part) for part in parts)
            st.markdown(f":material/{'warning' if number else 'check'}: {plain(sentence)}")


def commands() -> None:
    """What a teacher does with all at once."""
    with st.container(horizontal=True, gap="small", key="all"):
        st.button(t("Pause all"), icon=":material/pause:", on_click=tell, args=("pause",))
        st.button(
            t("Go on"), icon=":material/play_arrow:", on_click=tell, args=("resume",),
            help=t("Lets what was paused for all go on"),
        )  # fmt: skip
        with st.popover(t("Stop all .."), icon=":material/stop:"):
            st.markdown(t("Stop every run and comparison of everybody? What they have come to is kept."))
            st.button(t("Stop all"), type="primary", on_click=tell, args=("stop",))
    with st.container(border=True, gap="xsmall", key="for-all"):
        st.markdown(f"**{t('Start the same for all')}**")
        st.markdown(plain(" › ".join(show(words) for words in choices(state.experiment()))))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.button(
                t("one run, all watch"), type="primary", on_click=start_for_all, args=(False,),
                help=t("It is computed once. What was run before is replayed."),
            )  # fmt: skip
            st.button(
                t("everyone their own seed"), on_click=start_for_all, args=(True,),
                help=t("Each gets a run of their own, with seeds 0, 1, 2 ..; what they have going is paused."),
            )  # fmt: skip
            st.page_link("train.py", label=t("choose on Train"))
        found = lesson_state.current()
        if found is not None and not is_link(found[0].key):
            where = t("{title}, step {number}", title=said(found[0].title), number=found[1] + 1)
            st.button(t("Bring everybody here: {where}", where=where), icon=":material/campaign:", on_click=bring_all)
    news()
