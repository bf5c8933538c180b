"""Runs: every stored run in a table; open, resume, rename, note, delete, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from core.errors import CoreError
from core.exports.csv import csv_bytes
from core.exports.parquet import parquet_bytes
from core.exports.tables import Columns, measurement_table, run_table
from core.store.records import RunRecord
from core.studies.access import may_change, may_delete
from core.studies.seals import seal_words
from pages.components import answers, blocks_state, landscape_tabs, replaying, sharing
from pages.components.cluster_tab import cluster_tab
from pages.components.error_box import error_box, notes_box, plain
from pages.components.language import language, prose, show, t
from pages.components.replaying import open_run
from pages.components.runs_state import TABS
from pages.components.runs_table import begun, matches, name_of, orders, sorted_runs, state_names, table
from pages.components.search_tab import search_tab
from pages.components.services import actor, services
from pages.components.stored_comparisons import comparison_matches, stored_comparisons

RESUMABLE = ("interrupted", "paused", "stopped", "failed")


def delete(runs: Sequence[RunRecord]) -> None:
    """Delete runs for good; what is refused is said on the page."""
    for run in runs:
        try:
            services().delete(run.id, actor=actor())
        except CoreError as error:
            st.session_state["refused"] = error


def confirm_delete(runs: Sequence[RunRecord]) -> None:
    """Ask before runs are deleted for good."""
    if len(runs) == 1:
        st.markdown(t("Delete the run “{name}” with its curves and snapshots?", name=plain(name_of(runs[0]))))
    else:
        st.markdown(t("Delete these runs with their curves and snapshots? Runs: {count}", count=len(runs)))
        st.markdown("\n".join(f"- {plain(name_of(run))}" for run in runs))
    st.caption(t("This cannot be undone."))
    with st.container(horizontal=True):
        if st.button(t("Delete"), type="primary", icon=":material/delete:", on_click=delete, args=(runs,)):
            st.rerun()
        if st.button(t("Keep")):
            st.rerun()


def ask_to_delete(runs: Sequence[RunRecord]) -> None:
    """Open the question."""
    st.dialog(t("Delete"))(confirm_delete)(runs)


def resumed(run: RunRecord) -> bool:
    """Go on with a run where its last snapshot is; False, with the reason shown, when that cannot be."""
    try:
        services().resume(run.id, actor=actor())
    except CoreError as error:
        error_box(error)
        return False
    open_run(run)
    return True


def rename(run: RunRecord, key: str) -> None:
    """Give a run another name."""
    edited(lambda: services().rename(run.id, st.session_state[key], actor=actor()))


def annotate(run: RunRecord, key: str) -> None:
    """Write a note to a run."""
    edited(lambda: services().note(run.id, st.session_state[key], actor=actor()))


def edited(change: Callable[[], None]) -> None:
    """Change a stored run; the page says why when that is refused."""
    try:
        change()
    except CoreError as error:
        st.session_state["refused"] = error


def measurements(run: RunRecord, kind: str) -> bytes:
    """A run's measurements as a file."""
    store = services().store
    columns = measurement_table(
        store.read_evaluations(run.id), store.read_steps(run.id), store.events(run.id), store.read_curvature(run.id)
    )
    return csv_bytes(columns) if kind == "csv" else parquet_bytes(columns)


def exported(runs: Sequence[RunRecord]) -> Columns:
    """The table for a file."""
    return run_table(runs, [begun(run) for run in runs])


def actions_for_one(run: RunRecord) -> None:
    """What can be done with one selected run."""
    with st.container(border=True, key="one-run"):
        reason = f" · {plain(show(run.reason_text))}" if run.reason_text else ""
        seal = t("Test set: {state}", state=show(seal_words(run)))
        st.markdown(f"**{plain(name_of(run))}** · {state_names()[run.state]}{reason} · {seal}")
        answers.expected_of(run)
        with st.container(horizontal=True):
            if st.button(t("Open"), type="primary", icon=":material/show_chart:", on_click=open_run, args=(run,)):
                st.switch_page("train.py")
            is_mine = may_change(run, actor())
            can_resume = is_mine and run.state in RESUMABLE
            if can_resume and st.button(t("Resume"), icon=":material/play_arrow:") and resumed(run):
                st.switch_page("train.py")
            if (
                run.step > 0
                and not run.active
                and st.button(t("Replay"), icon=":material/replay:", on_click=replaying.begin, args=(run,))
            ):
                st.switch_page("train.py")
            if run.step and st.button(t("Landscape"), icon=":material/landscape:"):
                landscape_tabs.show("network", run.id)
                st.switch_page("landscapes.py")
            blocks_state.door(run)
            if may_delete(run, actor()) and st.button(t("Delete .."), icon=":material/delete:", disabled=run.active):
                ask_to_delete([run])
            # Without "ignore" the press would run the page again, and take the file away while it is asked for.
            st.download_button(
                t("CSV"),
                lambda: measurements(run, "csv"),
                f"{run.id}.csv",
                "text/csv",
                on_click="ignore",
                icon=":material/download:",
            )
            st.download_button(
                t("Parquet"),
                lambda: measurements(run, "parquet"),
                f"{run.id}.parquet",
                "application/vnd.apache.parquet",
                on_click="ignore",
                icon=":material/download:",
            )
            sharing.of_run(run)
        name, note = f"name of {run.id}", f"note of {run.id}"
        st.text_input(
            t("Name"),
            run.name,
            key=name,
            max_chars=200,
            placeholder=name_of(run),
            on_change=rename,
            args=(run, name),
            disabled=not is_mine,
        )
        st.text_area(
            t("Note"),
            run.note,
            key=note,
            max_chars=5000,
            height=80,
            on_change=annotate,
            args=(run, note),
            placeholder=t("Whatever you want to remember about this run"),
            disabled=not is_mine,
        )


def actions_for_many(runs: Sequence[RunRecord]) -> None:
    """What can be done with several selected runs."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="many-runs"):
        st.markdown(t("Runs selected: {count}", count=len(runs)), width="stretch")
        is_barred = any(run.active or not may_delete(run, actor()) for run in runs)
        if st.button(t("Delete .."), icon=":material/delete:", disabled=is_barred):
            ask_to_delete(runs)


def empty() -> None:
    """What to do when nothing has been trained yet."""
    st.info(t("No run is stored yet. Train a network: the run appears here as soon as it starts."))
    st.page_link("train.py", label=t("Train the first network"), icon=":material/play_arrow:")


def page() -> None:
    """The whole page."""
    remarks = TABS.read_address()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(t("Runs"), width="content")
        TABS.choice()
    notes_box(remarks)
    if "refused" in st.session_state:
        error_box(st.session_state.pop("refused"))
    if TABS.shown() != "stored":
        {"search": search_tab, "cluster": cluster_tab}[TABS.shown()]()
        return
    stored = services().runs(actor=actor())
    studies = services().studies(actor=actor())
    if not stored:
        empty()
        return
    st.markdown(
        prose("Every run is kept until you delete it. Settings that differ between the runs shown are highlighted.")
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            t("Search"),
            key="search runs",
            persist_state="session",
            placeholder=t("Search: moons, adam, optimizer.lr=0.1, interrupted .."),
            label_visibility="collapsed",
            icon=":material/search:",
            width="stretch",
        )
        names = orders()
        order = st.selectbox(
            t("Sort by"),
            list(names),
            key=f"order|{language()}",
            persist_state="session",
            format_func=names.__getitem__,
            label_visibility="collapsed",
            width=180,
        )
    in_studies = {record.id for record in services().studies(actor=actor(), kind=None)}
    if in_studies:
        found = [record for record in studies if comparison_matches(record, words or "")]
        if found:
            stored_comparisons(found, stored)
        if not st.toggle(
            t("Show the runs of comparisons, folds and searches too"),
            key="runs of comparisons",
            persist_state="session",
        ):
            stored = tuple(run for run in stored if run.study not in in_studies)
        if not stored:
            return
    runs = sorted_runs([run for run in stored if matches(run, words or "")], order)
    if not runs:
        st.info(t("No run matches “{words}”. Runs hidden by the search: {count}", words=words, count=len(stored)))
        return
    busy = sum(run.state in ("queued", "running") for run in runs)
    if busy:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(t("Runs at work among these: {count}; their numbers are those of a moment ago.", count=busy))
            st.button(t("Read again"), type="tertiary", icon=":material/refresh:")
    selected = table(runs)
    if len(selected) == 1:
        actions_for_one(selected[0])
    elif selected:
        actions_for_many(selected)
    else:
        st.caption(t("Select a row to open, resume, rename, delete or export the run."))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(t("All settings as a table; runs: {count}", count=len(runs)), width="content")
        st.download_button(
            t("Table as CSV"), lambda: csv_bytes(exported(runs)), "runs.csv", "text/csv", on_click="ignore"
        )
        st.download_button(
            t("Table as Parquet"),
            lambda: parquet_bytes(exported(runs)),
            "runs.parquet",
            "application/vnd.apache.parquet",
            on_click="ignore",
        )


page()
