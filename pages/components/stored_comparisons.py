"""Stored comparisons on the Runs page: each is one experiment, however many runs it has; open it or delete it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.errors import CoreError
from core.store.records import STATE_NAMES, RunRecord, StudyRecord
from core.studies.access import may_delete
from core.studies.race_meta import state_of
from pages.components import compare_state, sharing
from pages.components.error_box import plain
from pages.components.language import show, t
from pages.components.services import actor, services

IN_A_ROW = 10


def comparison_name(record: StudyRecord) -> str:
    """A comparison's name, or its variants while nobody has named it."""
    names = [str(variant.get("name", "")) for variant in record.document.get("variants", ())]
    return record.name or " / ".join(names)


def comparison_matches(record: StudyRecord, words: str) -> bool:
    """Whether a comparison's name, note or one of its variants contains every word."""
    names = [str(variant.get("name", "")) for variant in record.document.get("variants", ())]
    text = " ".join([record.id, comparison_name(record), record.note, *names]).lower()
    return all(word in text for word in words.lower().split())


def stored_comparisons(studies: Sequence[StudyRecord], runs: Sequence[RunRecord]) -> None:
    """The table of comparisons, newest first, and what can be done with the selected one."""
    newest = list(reversed(studies))
    of_study: dict[str, list[RunRecord]] = {record.id: [] for record in newest}
    for run in runs:
        if run.study in of_study:
            of_study[run.study].append(run)
    with st.container(key="comparisons-table"):
        event = st.dataframe(
            pd.DataFrame(table_of(newest, of_study)),
            key=f"comparisons {len(newest)} {newest[0].id}",
            hide_index=True,
            height="content" if len(newest) <= IN_A_ROW else 390,
            column_config={
                t("comparison"): st.column_config.TextColumn(width="large", pinned=True),
                t("begun"): st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            },
            on_select="rerun",
            selection_mode="single-row",
            placeholder="–",
            alt=t("Comparisons in this table: {count}", count=len(newest)),
        )
    chosen = [newest[place] for place in event.selection.rows if place < len(newest)]
    if chosen:
        actions(chosen[0])


def table_of(studies: Sequence[StudyRecord], of_study: Mapping[str, Sequence[RunRecord]]) -> dict[str, list[Any]]:
    """One row a comparison: name, state, number of variants and runs, what came out best."""
    return {
        t("comparison"): [comparison_name(record) for record in studies],
        t("state"): [show(STATE_NAMES[state_words(record, of_study[record.id])]) for record in studies],
        t("variants"): [len(record.document.get("variants", ())) for record in studies],
        t("runs"): [len(of_study[record.id]) for record in studies],
        t("begun"): [record.created for record in studies],
        t("note"): [record.note for record in studies],
    }


def state_words(record: StudyRecord, runs: Sequence[RunRecord]) -> Any:
    """The state of a comparison: running while this process is at work on it, else that of its runs."""
    return "running" if services().is_comparing(record.id) else state_of(runs)


def actions(record: StudyRecord) -> None:
    """Open or delete a comparison."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="one-comparison"):
        st.markdown(f"**{plain(comparison_name(record))}**", width="stretch")
        if st.button(t("Open in Compare"), type="primary", icon=":material/show_chart:") and compare_state.open_study(
            record.id
        ):
            st.switch_page("compare.py")
        sharing.of_comparison(record)
        if not may_delete(record, actor()):
            return
        with st.popover(t("Delete .."), icon=":material/delete:", disabled=services().is_comparing(record.id)):
            st.markdown(t("Delete this comparison and all its runs? This cannot be undone."))
            st.button(t("Delete"), type="primary", key="delete comparison", on_click=_delete, args=(record.id,))


def _delete(study: str) -> None:
    try:
        services().delete_comparison(study, actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error
    if compare_state.shown_study() == study:
        compare_state.show_study(None)
