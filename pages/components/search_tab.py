"""The tab of Runs that searches settings: what varies and how it is chosen. What comes of it is shown live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.describe import choices
from core.errors import CoreError
from core.store.records import StudyRecord
from core.studies.access import may, may_delete
from core.studies.comparison import Comparison
from core.studies.search.asked import DRAWN_FIRST, LEARNT_FROM, MOST_FOLDS, MOST_SPACES, MOST_TRIALS, PRUNINGS, SAMPLERS
from core.studies.setting_words import setting_title
from pages.components import compare_state, search_state, sharing, state
from pages.components.error_box import error_box, plain
from pages.components.executor_choice import executor, executor_choice
from pages.components.language import language, show, t
from pages.components.param_form import keep
from pages.components.replaying import open_run
from pages.components.seal_line import seal_line
from pages.components.search_chart import search_chart
from pages.components.services import actor, services
from pages.components.until_over import until_over

LIVE = "search live"
NEWEST = 20
MOST_COMPARED = 4


def search_tab() -> None:
    """The whole tab."""
    _answer(st.session_state.get(LIVE) or {})
    with st.container(horizontal=True, gap="medium", key="search"):
        left = st.container(border=True, key="search-choices", gap="xsmall", width=340)
        right = st.container(key="search-seen", gap="small")
    with left:
        _choices()
    with right:
        _seen()


def _answer(fired: Mapping[str, Any]) -> None:
    """Do what was pressed in the live part, before the page is drawn."""
    opened = fired.get("open")
    run = services().find(opened["run"], actor=actor()) if opened else None
    if run is not None:
        open_run(run)
        st.switch_page("train.py")


# -- what is chosen --------------------------------------------------------------------------------------------------


def _choices() -> None:
    base = " › ".join(show(words) for words in choices(state.experiment()))
    st.markdown(f"**{t('EXPERIMENT')}**")
    st.caption(t("As it is chosen on Train: {experiment}", experiment=plain(base)))
    _spaces()
    for name, title, options in (
        ("sampler", t("HOW TRIALS ARE CHOSEN"), SAMPLERS),
        ("pruning", t("GIVE UP EARLY"), PRUNINGS),
    ):
        key = f"search {name}|{language()}"
        st.selectbox(
            title,
            list(options),
            list(options).index(keep(key, search_state.option(name))),
            key=key,
            format_func=lambda chosen, options=options: show(options[chosen]),
            on_change=_put_option,
            args=(name, key),
        )
    _number(
        "trials",
        t("trials"),
        1,
        MOST_TRIALS,
        t("all of the grid") if search_state.option("sampler") == "grid" else "32",
    )
    if search_state.option("sampler") == "tpe":
        st.caption(
            t(
                "The first {drawn} trials are drawn at random. TPE asks for {batch} at most at once, and learns from "
                "those that are over.",
                drawn=DRAWN_FIRST,
                batch=LEARNT_FROM,
            )
        )
    _number("folds", t("folds"), 2, MOST_FOLDS, t("none: the validation set decides"))
    executor_choice()
    problem = search_state.problem()
    if problem is not None:
        error_box(problem)
    st.button(
        t("Start the search"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=problem is not None,
        on_click=_start,
    )
    _stored()


def _spaces() -> None:
    """Which settings vary, and what is tried for each."""
    known, specs = search_state.settings(), search_state.specs()
    key = f"search varies|{language()}"

    def title(path: str) -> str:
        owner, words = known[path].owner, show(setting_title(path))
        return t("{entry}: {parameter}", entry=t(owner), parameter=words) if owner else words

    st.multiselect(
        t("WHAT VARIES"),
        list(known),
        default=keep(key, [path for path in specs if path in known]),
        key=key,
        format_func=title,
        max_selections=MOST_SPACES,
        placeholder=t("choose"),
        on_change=lambda: search_state.vary(st.session_state[key]),
    )
    for path in [path for path in specs if path in known]:
        typed = f"search space {path}|{language()}"
        st.text_input(
            title(path),
            keep(typed, specs[path]),
            key=typed,
            max_chars=400,
            on_change=_put_spec,
            args=(path, typed),
            help=t("Values with commas between them, or a range: lin(low,high)xN or log(low,high)xN."),
        )


def _number(name: str, title: str, low: int, high: int, otherwise: str) -> None:
    key = f"search {name}|{language()}"
    st.number_input(
        title,
        low,
        high,
        value=keep(key, search_state.option(name)),
        step=1,
        key=key,
        placeholder=otherwise,
        on_change=_put_option,
        args=(name, key),
    )


def _put_option(name: str, key: str) -> None:
    search_state.put_option(name, st.session_state[key])


def _put_spec(path: str, key: str) -> None:
    search_state.put_spec(path, st.session_state[key] or "")


def _start() -> None:
    """Start what is chosen and look at it; what is refused is said on the page."""
    try:
        study = services().start_search(search_state.asked(), actor=actor(), executor=executor())
        search_state.look_at(study)
    except CoreError as error:
        st.session_state["refused"] = error


def _stored() -> None:
    """Earlier ones, to be opened again."""
    records = {record.id: record for record in reversed(search_state.stored()[-NEWEST:])}
    if not records:
        return
    shown = search_state.shown()
    key = f"stored searches|{language()}"
    looked_at = keep(key, shown.id if shown is not None and shown.id in records else None)
    st.selectbox(
        t("Stored searches"),
        list(records),
        index=None if looked_at is None else list(records).index(looked_at),
        key=key,
        format_func=lambda study: _name(records[study]),
        placeholder=t("choose"),
        on_change=lambda: search_state.look_at(st.session_state[key]),
    )


def _name(record: StudyRecord) -> str:
    paths = [show(setting_title(str(spec).partition("=")[0])) for spec in record.document.get("vary", ())]
    return t(
        "{name}, {time}", name=record.name or ", ".join(paths), time=f"{record.created.astimezone():%Y-%m-%d %H:%M}"
    )


# -- what is shown ---------------------------------------------------------------------------------------------------


def _seen() -> None:
    record = search_state.shown()
    price = None
    if record is None:
        if search_state.problem() is not None:
            return
        price = services().search_price(search_state.asked(), actor=actor())
        st.info(
            t(
                "Every trial is a run with other settings. The lowest validation error wins; of all that are as good "
                "within one standard error the simplest is named too. A trial can be opened and branched like any run."
            )
        )
    search_chart(record.id if record else None, key=LIVE, price=price, may=may(record, actor()) if record else "change")
    if record is not None:
        if services().is_comparing(record.id):
            until_over(lambda: services().is_comparing(record.id))
        with st.container(horizontal=True, vertical_alignment="center"):
            if not services().is_comparing(record.id) and st.button(
                t("Compare the best"), icon=":material/compare_arrows:", help=t("As variants on the page Compare")
            ):
                _compare(record)
            seal_line(*services().runs_of(record.id, actor=actor()))
            sharing.of_comparison(record)
            _delete(record)


def _compare(record: StudyRecord) -> None:
    """Make the best trials the variants of a comparison; what stands in the way is said here."""
    trials = services().search_report(record.id, actor=actor())["trials"]
    complete = [trial for trial in trials if trial["state"] == "complete"]
    best = sorted(complete, key=lambda trial: trial["validation_error"])[:MOST_COMPARED]
    variants = [{"changes": trial["settings"]} for trial in best]
    try:
        compare_state.take(
            Comparison.from_json({"base": record.document["base"], "variants": variants, "rates": "hand"})
        )
    except CoreError as error:
        error_box(error)
        return
    compare_state.show_study(None)
    st.switch_page("compare.py")


def _delete(record: StudyRecord) -> None:
    if not may_delete(record, actor()):
        return
    with st.popover(t("Delete .."), icon=":material/delete:", disabled=services().is_comparing(record.id)):
        st.markdown(t("Delete this search and all its runs? This cannot be undone."))
        st.button(t("Delete"), type="primary", key="delete search", on_click=_deleted, args=(record.id,))


def _deleted(study: str) -> None:
    try:
        services().delete_search(study, actor=actor())
    except CoreError as error:
        st.session_state["refused"] = error
        return
    search_state.look_at(None)
