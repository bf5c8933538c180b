"""Where a teacher calls the class: a student's tab goes there by itself, says so, and offers the way back.

A tab that is opened later is not taken anywhere; a call that is not old is offered to it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import streamlit as st

from core.experiment import Experiment
from core.studies.board import Call
from pages.components import lesson_state, replaying, state
from pages.components.language import t
from pages.components.services import actor, services

_SEEN, _OFFERED, _FOLLOWED = "number of the last call", "call that is offered", "call that was followed"
OFFERED_S = 300.0
"""So long a call is offered to tabs that are opened after it."""


class _Followed(NamedTuple):
    """A call that this tab has followed, and what stood in it before."""

    call: Call
    page: str
    experiment: Experiment
    draft: dict[str, Any]
    shown: tuple[str, Experiment] | None
    lesson: tuple[str, int] | None


def is_called() -> bool:
    """Whether there is a call that this tab has not heard."""
    call = services().call(actor=actor())
    return call is not None and call.number != st.session_state.get(_SEEN)


def hear(page: str) -> None:
    """Follow a new call, from a page; called once by the frame before it decides which page is drawn."""
    call = services().call(actor=actor())
    number = call.number if call is not None else 0
    before = st.session_state.get(_SEEN)
    st.session_state[_SEEN] = number
    if call is None or number == before:
        return
    if before is not None:
        follow(call, page)
    elif services().board.age_s(call) < OFFERED_S and call.run_of(actor()) != st.query_params.get("run"):
        st.session_state[_OFFERED] = call


def follow(call: Call, page: str) -> None:
    """Go where a call leads, and keep what stands here; nothing where it leads nowhere for this person."""
    st.session_state.pop(_OFFERED, None)
    run = services().find(call.run_of(actor()) or "", actor=actor())
    if run is None and lesson_state.find(call.lesson) is None:
        return
    earlier: _Followed | None = st.session_state.get(_FOLLOWED)
    if earlier is not None and _is_there(earlier.call, page):
        st.session_state[_FOLLOWED] = earlier._replace(call=call)
    else:
        found = lesson_state.current()
        lesson = (found[0].key, found[1]) if found else None
        st.session_state[_FOLLOWED] = _Followed(
            call, page, state.experiment(), state.draft(), state.shown_run(), lesson
        )
    if run is None:
        lesson_state.go(call.lesson, call.place)
        return
    st.session_state["attached"] = True  # the Train page need not look for a run of its own
    (replaying.open_run if run.active else replaying.begin)(run)
    lesson_state.want_page("train")


def go_back() -> None:
    """Show again what stood here before the call, or before the first of several that were followed one by one."""
    followed: _Followed = st.session_state.pop(_FOLLOWED)
    lesson_state.leave()
    if followed.lesson is not None:
        lesson_state.go(*followed.lesson)
    state.choose(followed.experiment)
    state.put_draft(followed.draft)
    if followed.shown is not None:
        state.show_run(*followed.shown)
    else:
        state.forget_run()
    lesson_state.want_page(followed.page)


def line(page: str) -> None:
    """That the teacher has brought this tab where it is, with the way back; or an offer to go there."""
    offered: Call | None = st.session_state.get(_OFFERED)
    followed: _Followed | None = st.session_state.get(_FOLLOWED)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="call"):
        if offered is not None:
            words = t("Your teacher has brought the class to a lesson.") if offered.lesson else t(
                "Your teacher has started a run for everybody."
            )  # fmt: skip
            st.markdown(f":material/campaign: {words}", width="content")
            st.button(t("go there"), key="follow the call", on_click=follow, args=(offered, page))
            st.button(t("not now"), key="no call", type="tertiary", on_click=_decline)
        elif followed is not None and _is_there(followed.call, page):
            words = t("Your teacher brought everybody here.") if followed.call.lesson else t(
                "Your teacher started this for everybody."
            )  # fmt: skip
            st.markdown(f":material/campaign: {words}", width="content")
            st.button(t("back to mine"), key="back from the call", type="tertiary", on_click=go_back)


def _is_there(call: Call, page: str) -> bool:
    if call.lesson:
        found = lesson_state.current()
        if found is None or (found[0].key, found[1]) != (call.lesson, call.place):
            return False
        return page == found[0].steps[found[1]].page
    shown = state.shown_run()
    return page == "train" and shown is not None and shown[0] == call.run_of(actor())


def _decline() -> None:
    st.session_state.pop(_OFFERED, None)
