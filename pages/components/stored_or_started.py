"""A comparison that a part of a page asks for: what it costs and a button, then its runs live, then what came out."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import BadInput, CoreError
from core.store.records import StudyRecord
from core.studies.comparison import Comparison
from core.studies.lanes import same_comparisons
from core.studies.previews import duration
from pages.components import compare_state
from pages.components.error_box import error_box
from pages.components.language import show, t
from pages.components.samples import as_soon_as_drawn
from pages.components.services import actor, services

LOOK_AGAIN_S = 1.0
BROKEN_OFF = ("stopped", "interrupted", "failed")
_REFUSED = "comparison that was refused"


def stored_or_started(
    asked: Callable[[], Comparison],
    start: str,
    draw: Callable[[Comparison, StudyRecord, bool], None],
    after: Callable[[Comparison, StudyRecord], None] | None = None,
) -> None:
    """What is stored of exactly the asked comparison, or what starts it, named `start`.

    `draw` is called again and again while its runs go on, with whether all came to their ends; `after` once they have.
    """
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    try:
        comparison = asked()
        comparison.check()
    except BadInput as error:
        error_box(error)
        return
    record = stored(comparison)
    if record is None:
        _offer(comparison, start)
        return

    def part() -> None:
        going = services().is_comparing(record.id)
        if was_going != going:
            st.rerun()
        if going:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.caption(show(services().runner.races.doing(record.id)))
                _order("stop", t("Stop"), record.id)
        elif num_left:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                said = t("Broken off: {num} of {all} runs did not come to their ends.", num=num_left, all=len(runs))
                st.markdown(said, width="content")
                _order("resume", t("Go on"), record.id)
        draw(comparison, record, not going and not num_left)

    was_going = services().is_comparing(record.id)
    runs = services().runs_of(record.id, actor=actor())
    num_left = sum(run.state in BROKEN_OFF for run in runs)
    st.fragment(part, run_every=LOOK_AGAIN_S if was_going else None)()
    if was_going:
        return
    if after is not None and not num_left:
        after(comparison, record)
    # Compare has no folds: it would ask for other runs than these.
    if comparison.folds is None and st.button(t("Open in Compare"), icon=":material/arrow_forward:"):
        compare_state.take(comparison)
        compare_state.show_study(record.id)
        st.switch_page("compare.py")


def stored(comparison: Comparison) -> StudyRecord | None:
    """The newest that is stored of exactly this comparison."""
    same = same_comparisons(services().studies(actor=actor(), kind=None), comparison)
    return same[-1] if same else None


def _offer(comparison: Comparison, start: str) -> None:
    st.markdown(
        t(
            "{points} points, {runs} runs in all. They train side by side, and stay in Runs.",
            points=len(comparison.variants),
            runs=len(comparison.variants) * comparison.repeats,
        )
    )
    st.button(start, type="primary", icon=":material/play_arrow:", on_click=_start, args=(comparison,))
    as_soon_as_drawn(lambda: services().price_s(comparison, actor=actor()), _price)


def _price(seconds: float | None) -> None:
    if seconds is None:
        st.caption(t("What it takes is being measured."))
    elif seconds:
        st.caption(t("About {time} of compute.", time=show(duration(seconds))))


def _start(comparison: Comparison) -> None:
    try:
        services().start_comparison(comparison, actor=actor(), pace="max")
    except CoreError as error:
        st.session_state[_REFUSED] = error


def _order(kind: str, label: str, study: str) -> None:
    icon = ":material/stop:" if kind == "stop" else ":material/play_arrow:"
    st.button(label, icon=icon, on_click=_command, args=(study, kind))


def _command(study: str, kind: str) -> None:
    try:
        services().command_comparison(study, kind, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error
