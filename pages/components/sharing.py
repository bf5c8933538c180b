"""Whose a run or comparison is, and whether the class sees it; nothing in laptop mode, where there is one person."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.errors import CoreError
from core.store.records import RunRecord, StudyRecord
from core.studies.access import may_change
from pages.components.error_box import plain
from pages.components.language import t
from pages.components.services import actor, services


def owner_words(record: RunRecord | StudyRecord) -> str:
    """Whose something is, as it is shown."""
    return services().name_of(record.owner) or t("the person at the computer")


def of_run(run: RunRecord) -> None:
    """The switch of one's own run, and whose it is otherwise."""
    _row(run, lambda on: services().share(run.id, on, actor=actor()))


def of_comparison(study: StudyRecord) -> None:
    """The switch of one's own comparison, and whose it is otherwise."""
    _row(study, lambda on: services().share_comparison(study.id, on, actor=actor()))


def _row(record: RunRecord | StudyRecord, share: Callable[[bool], None]) -> None:
    if services().room is None:
        return
    if not may_change(record, actor()):
        st.caption(t("By {name}: watch it, or start your own.", name=plain(owner_words(record))), width="content")
        return
    key = f"shared {record.id} {record.visibility}"

    def switch() -> None:
        try:
            share(st.session_state[key])
        except CoreError as error:
            st.session_state["refused"] = error

    st.toggle(
        t("shared"),
        record.visibility == "class",
        key=key,
        on_change=switch,
        help=t("Whether everybody in the class sees it. The teacher does in any case."),
    )
