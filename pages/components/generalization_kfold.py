"""K-fold: which samples are in which fold, a run for every fold, live, and the mean of what they come to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import pandas as pd
import streamlit as st

from core.catalog.datasets.dataset import DataSet
from core.errors import BadInput, CoreError
from core.figures.folds import HEIGHT, MOST_NUMBERED, fold_counts_figure, folds_figure
from core.language import translator
from core.store.records import STATE_NAMES, StudyRecord
from core.studies.access import may, may_delete
from core.studies.comparison import Comparison
from core.studies.error_words import PLAIN, PRECISELY
from core.studies.folds_view import FoldsView
from core.studies.kfold import fold_means, fold_runs, once_on_all
from core.studies.lanes import stored_lanes
from core.studies.outcomes import is_share
from core.training.folds import MOST_LEFT_OUT
from core.training.splits import split_sizes
from pages.components import download, kfold_state, lesson_state, state
from pages.components.choices import data_choice, network_choice, number, optimizer_choice, regularizer_choice
from pages.components.error_box import error_box, plain
from pages.components.executor_choice import executor, executor_choice
from pages.components.folds_chart import folds_chart
from pages.components.language import language, show, t
from pages.components.param_form import is_chosen, keep
from pages.components.samples import PATIENCE_S, as_soon_as_drawn
from pages.components.seal_line import seal_line
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.until_over import until_over

LIVE = "kfold live"
OFFERED = (2, 3, 5, 10, 20)
NEWEST = 20
_REFUSED = "K-fold that was refused"


def choices() -> None:
    """How many folds, of what, and what is trained with each."""
    _num_folds()
    data_choice()
    number("split_seed")
    network_choice()
    regularizer_choice()
    optimizer_choice()
    number("epochs")
    number("seed")
    executor_choice()
    _stored()


def _num_folds() -> None:
    """The number of folds; of few samples also one that leaves each out once."""
    pool = cast(DataSet, state.experiment().dataset).facts().num_train_pool
    options = sorted({*OFFERED, kfold_state.num_folds(), *([pool] if pool <= MOST_LEFT_OUT else [])})
    key = f"folds|{language()}"

    def take() -> None:
        if is_chosen(key):
            kfold_state.choose(st.session_state[key])

    st.markdown(f"**{t('FOLDS')}**")
    st.pills(
        t("FOLDS"),
        options,
        default=keep(key, kfold_state.num_folds()),
        key=key,
        required=True,
        format_func=lambda num: t("{num}: leave one out", num=num) if num == pool else str(num),
        label_visibility="collapsed",
        on_change=take,
    )
    st.caption(
        t(
            "The samples are divided into so many parts. Each validates once, while a new network learns from the "
            "others."
        )
    )


def _stored() -> None:
    """Earlier ones, to be opened again."""
    records = {record.id: record for record in reversed(kfold_state.stored()[-NEWEST:])}
    if not records:
        return
    key = f"stored K-fold|{language()}"
    st.selectbox(
        t("Open a stored K-fold"),
        list(records),
        index=None,
        key=key,
        format_func=lambda id: _name(records[id]),
        placeholder=t("choose"),
        on_change=lambda: _open(records.get(st.session_state[key]), key),
    )


def _open(record: StudyRecord | None, key: str) -> None:
    st.session_state[key] = None
    if record is None:
        return
    try:
        kfold_state.open_study(record)
    except BadInput as error:
        st.session_state[_REFUSED] = error


def _name(record: StudyRecord) -> str:
    return t(
        "{name}, {folds} folds, {time}",
        name=record.name or record.document["variants"][0]["name"],
        folds=record.document["folds"],
        time=f"{record.created.astimezone():%Y-%m-%d %H:%M}",
    )


# -- what is shown ---------------------------------------------------------------------------------------------------


def kfold() -> None:
    """The folds, the live part, what came out, and what to do with it."""
    _answer(st.session_state.get(LIVE) or {})
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    if download.is_to_be_asked():
        download.ask()
        return
    try:
        comparison = kfold_state.chosen()
    except BadInput as error:
        error_box(error)
        return
    if not st.session_state.get("present", False):
        as_soon_as_drawn(
            lambda: services().folds(comparison.base, patience_s=PATIENCE_S, actor=actor()),
            _folds,
        )
    record = kfold_state.record_of(comparison)
    _live(comparison, record)
    if record is None:
        return
    if services().is_comparing(record.id):
        # The live part tells of an end that it has seen coming: not of one that came before it was drawn.
        until_over(lambda: services().is_comparing(record.id))
    _results(comparison, record)


def _answer(fired: Mapping[str, Any]) -> None:
    """Do what was pressed in the live part, before the page is drawn."""
    if fired.get("leave"):
        st.session_state["present"] = False
    asked = fired.get("start") or fired.get("again")
    if not asked:
        return
    one_update = bool(asked.get("one_update"))
    try:
        study = services().start_comparison(
            kfold_state.chosen(), actor=actor(), pace=asked["pace"], paused=one_update, executor=executor()
        )
        if one_update:
            services().command_comparison(study, "step", actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error
        return
    kfold_state.show(study)


def _folds(view: FoldsView | None) -> None:
    """Which samples are in which fold, and how many of each class."""
    if view is None:
        st.skeleton(height=HEIGHT)
        return
    if view.shown is None:
        st.error(plain(show(view.problem)) if view.problem else "")
        return
    figures: dict[str, tuple[Callable[..., Any], str]] = {
        "folds": (folds_figure, t("Which samples validate with which fold; all others train."))
    }
    if view.shown.num_folds <= MOST_NUMBERED:
        counts = partial(fold_counts_figure, dark=st.context.theme.type == "dark")
        figures["counts"] = (counts, t("How many samples of each class every fold holds"))
    with st.container(horizontal=True, gap="medium"):
        for name, (figure, words) in figures.items():
            with st.container(width="stretch", key=f"kfold-{name}", gap="xxsmall"):
                st.caption(words)
                still(
                    figure(view.shown, translator(language())),
                    key=f"kfold {name}",
                    alt=words,
                )
    st.caption(
        t(
            "Coloured validates, grey trains. The folds are scikit-learn's, drawn by the split seed; the test set is "
            "in none of them."
        )
    )
    if view.shown.num_folds == len(view.shown.folds):
        st.caption(t("A single sample validates with each fold: only the mean of all of them says something."))


def _live(comparison: Comparison, record: StudyRecord | None) -> None:
    """Controls and curves."""
    runs = services().runs_of(record.id, actor=actor()) if record else ()
    sizes = split_sizes(comparison.base)
    each = max(1, -(-sizes.num_train // comparison.base.batch_size))
    folds_chart(
        record.id if record else None,
        key=LIVE,
        lanes=[{"run": run.id, "number": lane.number} for run, lane in stored_lanes(comparison, runs)],
        size={
            "epochs": comparison.base.epochs,
            "num_steps": comparison.base.epochs * each,
            "steps_per_epoch": each,
            "single": sizes.num_validation == 1,
        },
        blocked=t("Mend what is marked; until then the last usable choice is shown.")
        if state.problem_of_draft()
        else "",
        price=t("{lanes} runs, {updates} updates each", lanes=comparison.folds, updates=comparison.base.epochs * each),
        may=may(record, actor()) if record else "change",
    )


def _results(comparison: Comparison, record: StudyRecord) -> None:
    """A row a fold, the mean with its spread, and what is done with the networks."""
    found = fold_runs(services().store, comparison, services().runs_of(record.id, actor=actor()))
    means = fold_means(comparison, found)
    scale = PRECISELY if is_share(comparison) else PLAIN
    if math.isfinite(means.mean_validation_error) and not services().is_comparing(record.id):
        rows = [
            *((str(one.fold), one.train_error, one.validation_error, show(STATE_NAMES[one.state])) for one in found),
            (t("mean"), means.mean_train_error, means.mean_validation_error, ""),
            (t("standard deviation"), means.std_train_error, means.std_validation_error, ""),
        ]
        with st.expander(t("Every fold"), expanded=len(found) <= MOST_NUMBERED):
            st.table(
                pd.DataFrame(
                    {
                        t("fold"): [row[0] for row in rows],
                        t("training error"): [scale.one(row[1]) for row in rows],
                        t("validation error"): [scale.one(row[2]) for row in rows],
                        t("state"): [row[3] for row in rows],
                    }
                ),
                hide_index=True,
            )
            seal_line(*services().runs_of(record.id, actor=actor()))
    if st.session_state.get("present", False):
        return
    once = once_on_all(kfold_state.settings_of(comparison))
    is_generated = cast(DataSet, once.dataset).facts().num_validation is not None
    question = t("Which of the {folds} networks do I keep?", folds=comparison.folds)
    # A lesson asks that, too, before it is told.
    st.expander(question, expanded=lesson_state.current() is None).markdown(
        t(
            "None. Their mean says how well these settings do, so that settings can be compared. With the settings "
            "that you choose train one network, once, on all samples: it has seen more than any of these. {num} "
            "samples validate there: {why}.",
            num=split_sizes(once).num_validation,
            why=t("they are drawn beside those that train") if is_generated else t("fewer would draw no curve at all"),
        )
    )
    with st.container(horizontal=True, gap="small"):
        if st.button(t("Train once on all"), type="primary", icon=":material/show_chart:"):
            state.choose(once)
            state.start_on_arrival()
            st.switch_page("train.py")
        is_free = may_delete(record, actor()) and not services().is_comparing(record.id)
        if is_free and st.button(t("Delete this K-fold"), icon=":material/delete:"):
            services().delete_comparison(record.id, actor=actor())
            st.rerun()
