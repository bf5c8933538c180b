"""Compare: variants of one experiment compete fairly, live; and any can be branched to ask "what if"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.errors import CoreError
from core.exports.csv import csv_bytes
from core.language import translator
from core.store.records import RunRecord
from core.studies.access import may
from core.studies.comparison import Comparison
from core.studies.comparison_report import comparison_report
from core.studies.lanes import stored_lanes
from core.studies.outcomes import branches_of
from core.studies.race_columns import csv_columns
from core.studies.race_meta import branch_meta
from core.studies.race_table import study_table
from core.studies.study import study_channel
from pages.components import address, compare_state, lesson_state, own_lessons, sharing, state, watching
from pages.components.compare_chart import compare_chart
from pages.components.compare_facts import race_data
from pages.components.compare_head import same_for_all, setup, trouble, welcome
from pages.components.compare_labels import compare_labels
from pages.components.error_box import error_box, notes_box
from pages.components.executor_choice import executor
from pages.components.language import language, show, t
from pages.components.seal_line import seal_line
from pages.components.services import actor, live_token, services

# Key of the live component; under it Streamlit keeps what was pressed there, for one run of the page.
LIVE = "compare live"
_ATTACHED = "comparison attached"


def attach() -> None:
    """A new tab or a reload finds the comparison of its address, else one that is running, else the newest one."""
    asked = compare_state.read_address()
    if asked:
        st.session_state[_ATTACHED] = True
        if compare_state.shown_study() != asked:
            found = any(record.id == asked for record in services().studies(actor=actor()))
            if found:
                compare_state.open_study(asked)
        return
    if _ATTACHED in st.session_state:
        return
    st.session_state[_ATTACHED] = True
    if compare_state.chosen():
        return
    running = services().running_comparison(actor=actor())
    newest = running or next(reversed(services().studies(actor=actor())), None)
    if newest is not None:
        compare_state.open_study(newest.id)


def start(pace: str, *, target: float | None, one_update: bool = False) -> None:
    """Start what is chosen, with a target if one was chosen, and look at it; what is refused is said on the page."""
    try:
        comparison = compare_state.draft().comparison()
        study = services().start_comparison(
            comparison, actor=actor(), pace=pace, paused=one_update, executor=executor()
        )
        if one_update:
            services().command_comparison(study, "step", actor=actor())
        if target is not None:
            services().command_comparison(study, "target", {"target": target}, actor=actor())
        watching.begin(study_channel(study))
    except CoreError as error:
        st.session_state["refused"] = error
        return
    compare_state.show_study(study)


def answer(fired: Mapping[str, Any]) -> None:
    """Do what was pressed in the live part, before the page is drawn, so that one run of the page shows the result."""
    if fired.get("leave"):
        st.session_state["present"] = False
    if fired.get("start"):
        asked = fired["start"]
        start(asked["pace"], target=asked.get("target"), one_update=bool(asked.get("one_update")))
    if fired.get("again"):
        start(fired["again"]["pace"], target=aim_of(compare_state.shown_study()))


def aim_of(study: str | None) -> float | None:
    """The target error that somebody has chosen for a stored comparison."""
    return services().study(study, actor=actor()).facts.get("aim") if study else None


# -- what is shown ---------------------------------------------------------------------------------------------------


def forks_of(runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """What the browser is told of the runs that branched from these, directly or not."""
    store = services().store
    found: list[dict[str, Any]] = []
    for run in branches_of(store, runs, actor=actor()):
        meta = branch_meta(store, run)
        words = {path: show(value) for path, value in meta["settings"].items()}
        found.append({**meta, "name": run.name or t("branch"), "settings": words})
    return found


def lanes_of(comparison: Comparison, runs: Sequence[RunRecord]) -> list[dict[str, Any]]:
    """Which run belongs to which variant, in the order in which they were made."""
    lanes = stored_lanes(comparison, runs)
    return [{"run": run.id, "variant": lane.variant, "seed": lane.seed} for run, lane in lanes]


def seen() -> None:
    """The live part: controls, verdict, pictures, table, branches."""
    made = compare_state.draft()
    problem = trouble()
    if problem is not None:
        return
    comparison = made.comparison()
    study = compare_state.study_of(comparison)
    runs = services().runs_of(study, actor=actor()) if study else ()
    waits = study is None and lesson_state.waits_for_answer("compare")
    blocked = t("Answer the question of the lesson first, or skip it.") if waits else ""
    with st.container(key="race-pictures"):
        compare_chart(
            study,
            race_data(comparison),
            lanes=lanes_of(comparison, runs),
            forks=forks_of(runs),
            token=live_token(),
            labels=compare_labels(t),
            key=LIVE,
            lang=language(),
            present=st.session_state.get("present", False),
            blocked=blocked,
            may=may(services().study(study, actor=actor()), actor()) if study else "change",
            caption=show(made.caption) if made.caption and not waits else "",  # it says what will happen
            measure=st.query_params.get("measure") == "1",
            price=None if study else services().price(comparison, actor=actor()),
        )
    if not st.session_state.get("present", False):
        take_along(comparison, study)


def take_along(comparison: Comparison, study: str | None) -> None:
    """Files and the link."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="take-along"):
        address.share(
            t("The address that rebuilds this comparison"),
            t("Whoever opens this address can start the same comparison:"),
            comparison.to_url(),
        )
        own_lessons.as_lesson(comparison)
        if study is None:
            return
        sharing.of_comparison(services().study(study, actor=actor()))
        # A file is made when it is asked for, outside of the page's run: by then nobody knows whose tab it was.
        lang, who = language(), actor()
        st.download_button(
            t("report"),
            lambda: report(study, lang, who),
            f"comparison-{study}.html",
            "text/html",
            on_click="ignore",
            icon=":material/description:",
            help=t("One file with pictures and numbers that opens without a network"),
        )
        st.download_button(
            t("CSV"),
            lambda: table_csv(study, lang, who),
            f"comparison-{study}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        seal_line(*services().runs_of(study, actor=actor()))


def report(study: str, lang: str, who: str) -> bytes:
    """The comparison as one file that opens offline."""
    bench = services()
    return comparison_report(bench.store, bench.study(study, actor=who), bench.runs_of(study, actor=who), lang)


def table_csv(study: str, lang: str, who: str) -> bytes:
    """The table of the comparison: what differs and what came out, a row a variant and a row a branch."""
    bench = services()
    table = study_table(bench.store, bench.study(study, actor=who), bench.runs_of(study, actor=who))
    return csv_bytes(csv_columns(table, translator(lang)))


def page() -> None:
    """The whole page."""
    attach()
    answer(st.session_state.get(LIVE) or {})
    present = st.session_state.get("present", False)
    with st.container(key="comparing", gap="xsmall"):
        with st.container(key="above", gap="small"):
            if not present:
                # Always there, so that what follows keeps its place: a popover that moves opens again by itself.
                with st.container(gap="small"):
                    if compare_state.shown_study() is None and lesson_state.step() is None:
                        welcome()
                same_for_all()
            notes_box(state.notes())
            if "refused" in st.session_state:
                error_box(st.session_state.pop("refused"))
        if not present:
            with st.container(key="compare-setup", gap="xsmall"):
                setup()
        with st.container(key="presentation" if present else "compare", gap="small"):
            seen()


page()
