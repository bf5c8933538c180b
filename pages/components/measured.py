"""What is measured of a stored run in the background: wait for it, see how far it is, give it up, try again."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

from core.store.records import RunRecord
from core.studies.measured_runs import Measuring
from pages.components.error_box import plain
from pages.components.language import show, t
from pages.components.services import services

T = TypeVar("T")
LOOK_AGAIN_S = 0.5


def when_measured(run: RunRecord, measuring: Measuring[T] | None, doing: str) -> T | None:
    """The result once it is there; until then what is awaited. `measuring` None: the run is still being trained."""
    if measuring is None:
        _wait_for(run)
    elif not measuring.is_over.is_set():
        _progress(measuring, doing)
    elif measuring.problem is not None:
        st.error(plain(show(measuring.problem)))
    elif measuring.result is None:
        st.caption(t("Given up."))
        st.button(t("Measure again"), icon=":material/refresh:")
    else:
        return measuring.result
    return None


def _wait_for(run: RunRecord) -> None:
    def part() -> None:
        if not services().is_active(run.id):
            st.rerun()
        st.caption(t("The run is still being trained: it is measured when it is over."))

    st.fragment(part, run_every=LOOK_AGAIN_S)()


def _progress(measuring: Measuring[T], doing: str) -> None:
    def part() -> None:
        if measuring.is_over.is_set():
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(measuring.progress, doing)
            st.button(t("Cancel"), on_click=measuring.cancel)

    st.fragment(part, run_every=LOOK_AGAIN_S)()
