"""Runs: every stored run in a table; open, resume, rename, note, delete, export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import pandas as pd
import streamlit as st

from core.describe import choices
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.exports.csv import csv_bytes
from core.exports.parquet import parquet_bytes
from core.exports.tables import Columns, differing, measurement_table, run_table
from core.store.records import STATE_NAMES, RunRecord
from core.studies.access import may_change, may_delete
from core.studies.outcomes import begun_experiment
from core.studies.seals import seal_words
from pages.components import answers, blocks_state, landscape_tabs, replaying, sharing
from pages.components.cluster_tab import cluster_tab
from pages.components.error_box import error_box, notes_box, plain
from pages.components.language import language, prose, show, t
from pages.components.replaying import open_run
from pages.components.runs_state import TABS
from pages.components.search_tab import search_tab
from pages.components.services import actor, services
from pages.components.stored_comparisons import comparison_matches, stored_comparisons

RESUMABLE = ("interrupted", "paused", "stopped", "failed")
HIGHLIGHT = "background-color: rgba(230, 159, 0, 0.22)"


def begun(run: RunRecord) -> Experiment:
    """What a run computes at first; a branch what it was changed to."""
    return begun_experiment(services().store, run)


def name_of(run: RunRecord) -> str:
    """A run's name, or what it trains while nobody has named it."""
    if run.name:
        return run.name
    try:
        experiment = begun(run)
        data, augmentation, network, regularizer, optimizer, *rest = choices(experiment)
    except BadInput:
        return run.id
    told = [regularizer] if experiment.regularizers else []
    told += [augmentation] if experiment.augmentations else []
    return " › ".join(show(words) for words in (network, *told, optimizer, data, *rest))


def state_names() -> dict[str, str]:
    """The states a run can be in, as words."""
    return {state: show(name) for state, name in STATE_NAMES.items()}


def orders() -> dict[str, str]:
    """Ways to sort the table."""
    return {
        "newest": t("newest first"),
        "best": t("best validation error"),
        "last": t("last validation error"),
        "name": t("name"),
    }


def sorted_runs(runs: Sequence[RunRecord], order: str) -> list[RunRecord]:
    """The runs in one of the orders; a run without the number comes last."""

    def error(value: float | None) -> tuple[bool, float]:
        missing = value is None or value != value
        return missing, 0.0 if missing else float(value or 0.0)

    if order == "best":
        return sorted(runs, key=lambda run: error(run.best_validation_error))
    if order == "last":
        return sorted(runs, key=lambda run: error(run.last_validation_error))
    if order == "name":
        return sorted(runs, key=lambda run: name_of(run).lower())
    return sorted(runs, key=lambda run: run.created, reverse=True)


def matches(run: RunRecord, words: str) -> bool:
    """Whether a run's name, note, state or settings contain every word."""
    settings = " ".join(f"{name}={value}" for name, value in begun(run).to_url().items())
    text = " ".join([run.id, name_of(run), run.note, run.state, state_names()[run.state], settings]).lower()
    return all(word in text for word in words.lower().split())


def is_classification(run: RunRecord) -> bool:
    """Whether a run's error is a share of wrong answers; else it is a relative error, which is no percentage."""
    return Experiment.from_json(dict(run.experiment)).dataset.task == "classification"  # pyright: ignore[reportAttributeAccessIssue]


def error_columns(runs: Sequence[RunRecord]) -> dict[str, list[float | None]]:
    """Best and last validation error and training error: in per cent for classes, plain for regressions."""
    columns: dict[str, list[float | None]] = {}
    shares = [is_classification(run) for run in runs]
    kinds = (
        (True, 100.0, t("best validation error, %"), t("last validation error, %"), t("training error, %")),
        (False, 1.0, t("best relative error"), t("last relative error"), t("relative training error")),
    )
    for kind, factor, best, last, train in kinds:
        if kind in shares:
            for name, field in (
                (best, "best_validation_error"),
                (last, "last_validation_error"),
                (train, "last_train_error"),
            ):
                values = [
                    getattr(run, field) if share == kind else None for run, share in zip(runs, shares, strict=True)
                ]
                columns[name] = [None if value is None else factor * value for value in values]
    return columns


def table_of(runs: Sequence[RunRecord]) -> tuple[pd.DataFrame, list[str]]:
    """The table as shown, and the names of its columns of settings that differ."""
    names = state_names()
    settings = differing([begun(run) for run in runs])
    columns = {
        t("name"): [name_of(run) for run in runs],
        **({t("by"): [sharing.owner_words(run) for run in runs]} if services().room is not None else {}),
        t("state"): [names[run.state] for run in runs],
        **error_columns(runs),
        t("test set"): [show(seal_words(run)) for run in runs],
        **settings,
        t("epoch"): [run.epoch for run in runs],
        t("updates"): [run.step for run in runs],
        t("seconds in updates"): [run.train_s for run in runs],
        t("begun"): [run.created for run in runs],
        t("note"): [run.note for run in runs],
    }
    return pd.DataFrame(columns), list(settings)


def unusual(column: pd.Series) -> list[str]:
    """The style of a settings column: what most runs have stays plain, the others are highlighted."""
    common = column.mask(column == "").mode().iloc[0]
    return ["" if value in (common, "") else HIGHLIGHT for value in column]


def table(runs: Sequence[RunRecord]) -> list[RunRecord]:
    """Draw the table; returns the selected runs."""
    frame, differing = table_of(runs)
    styled = frame.style.apply(unusual, subset=differing) if differing else frame.style
    formats: dict[str, Any] = {name: st.column_config.NumberColumn(format="%.2f") for name in error_columns(runs)}
    formats[t("name")] = st.column_config.TextColumn(width="medium", pinned=True)
    formats[t("epoch")] = formats[t("seconds in updates")] = st.column_config.NumberColumn(format="%.1f")
    formats[t("begun")] = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss")
    with st.container(key="runs-table"):
        event = st.dataframe(
            styled,
            # Rows are selected by their place: other rows make another table, so a selection never slips to them.
            key=f"runs {sha256(repr([run.id for run in runs]).encode()).hexdigest()[:12]}",
            hide_index=True,
            column_config=formats,
            on_select="rerun",
            selection_mode="multi-row",
            placeholder="–",
            alt=t("Runs in this table: {count}", count=len(runs)),
        )
    return [runs[place] for place in event.selection.rows if place < len(runs)]


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
    searches = services().searches(actor=actor())
    if studies or searches:
        found = [record for record in studies if comparison_matches(record, words or "")]
        if found:
            stored_comparisons(found, stored)
        ids = {record.id for record in (*studies, *searches)}
        if not st.toggle(
            t("Show the runs of comparisons and searches too"), key="runs of comparisons", persist_state="session"
        ):
            stored = tuple(run for run in stored if run.study not in ids)
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
