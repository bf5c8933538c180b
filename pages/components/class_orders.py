"""What a teacher tells everybody at once: hold, go on, stop, start the same for all, come to a step of a lesson."""

from __future__ import annotations

import streamlit as st

from core.describe import choices
from core.errors import CoreError
from core.lessons.capsule import is_link
from core.studies.services.teaching import Order
from pages.components import lesson_state, state
from pages.components.error_box import plain
from pages.components.language import show, t
from pages.components.lesson_bar import said
from pages.components.services import actor, services

_DONE = "what the class was told"


def tell(order: Order) -> None:
    """Tell all runs something, and say how many it were."""
    try:
        told = services().tell_all(order, actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error
        return
    words = {
        "pause": t("Paused: {count}", count=told.count),
        "resume": t("Going on: {count}", count=told.count),
        "stop": t("Stopped: {count}", count=told.count),
    }[order]
    st.session_state[_DONE] = [words, *(f"{show(error.what)} {show(error.why)}" for error in told.refused)]


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
    told = [
        t("Started: {runs}, for people who are here: {people}", runs=begun.runs, people=begun.people)
        if own_seeds
        else t("All watch one run; people who are here: {people}", people=begun.people)
    ]
    st.session_state[_DONE] = [*told, *(f"{who.name}: {show(error.what)}" for who, error in begun.refused)]


def bring_all() -> None:
    """Bring everybody to the step of the lesson that this tab has on."""
    found = lesson_state.current()
    assert found is not None
    try:
        services().bring_all(found[0].key, found[1], actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error
        return
    st.session_state[_DONE] = [t("Everybody is brought there.")]


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
    for number, sentence in enumerate(st.session_state.pop(_DONE, [])):
        st.markdown(f":material/{'warning' if number else 'check'}: {plain(sentence)}")
