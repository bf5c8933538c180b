"""What is measured of a stored run in the background: wait for it, see how far it is, give it up, try again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from core.errors import CoreError
from core.store.records import RunRecord
from core.studies.measured_runs import Measuring
from pages.components.error_box import error_box, plain
from pages.components.language import show, t
from pages.components.services import services

T = TypeVar("T")
LOOK_AGAIN_S = 0.5
_GIVEN_UP, _ASKED = "measurement that was given up", "measurement asked for last"


def when_measured(run: RunRecord, measure: Callable[[], Measuring[T]], doing: str) -> T | None:
    """The result once it is there; until then what is awaited. It is asked for where the run is over."""
    if run.active:
        _wait_for(run)
        return None
    if st.session_state.get(_GIVEN_UP) == (doing, run.id):
        st.caption(t("Given up."))
        st.button(t("Measure again"), icon=":material/refresh:", on_click=lambda: st.session_state.pop(_GIVEN_UP, None))
        return None
    try:
        measuring = measure()
    except CoreError as error:
        error_box(error)
        return None
    _instead_of_others(measuring)
    if measuring.problem is not None:
        st.error(plain(show(measuring.problem)))
        st.button(t("Measure again"), icon=":material/refresh:", on_click=measuring.cancel)
    elif measuring.result is None:
        _progress(run, measuring, doing)
    return measuring.result


def _instead_of_others(measuring: Measuring[T]) -> None:
    """Give up what this tab had asked for before, where it is not over: nobody here waits for it any more."""
    before = st.session_state.get(_ASKED)
    if before is not None and before is not measuring and not before.is_over.is_set():
        before.cancel()
    st.session_state[_ASKED] = measuring


def _wait_for(run: RunRecord) -> None:
    def part() -> None:
        if not services().is_active(run.id):
            st.rerun()
        st.caption(t("The run is still being trained: it is measured when it is over."))

    st.fragment(part, run_every=LOOK_AGAIN_S)()


def _progress(run: RunRecord, measuring: Measuring[T], doing: str) -> None:
    def give_up() -> None:
        st.session_state[_GIVEN_UP] = doing, run.id
        measuring.cancel()

    def part() -> None:
        if measuring.is_over.is_set():
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(measuring.progress, doing)
            st.button(t("Cancel"), on_click=give_up)

    st.fragment(part, run_every=LOOK_AGAIN_S)()
