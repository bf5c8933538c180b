"""Feature selection: the best inputs of a table, chosen inside the folds, and outside of them, which is a mistake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import streamlit as st

from core.catalog.registry import entry_class
from core.errors import BadInput
from core.figures.inputs import ErrorsByNumber, KeptByFold, errors_by_number_figure, kept_figure
from core.language import translator
from core.store.records import StudyRecord
from core.studies.comparison import Comparison
from core.studies.inputs_kept import FOLDS, ByNumber, InputsAsked, by_number, kept_words, leak_words
from core.studies.kfold import FoldMeans
from core.text import Text
from pages.components.language import language, show, t
from pages.components.param_form import is_chosen, keep
from pages.components.seal_line import seal_line
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.stored_or_started import stored_or_started

_CHOSEN = "inputs that are kept"
PREFIX = "inputs"


def chosen() -> InputsAsked:
    """What is chosen."""
    return st.session_state.setdefault(_CHOSEN, InputsAsked())


def put(name: str, value: Any) -> None:
    """Choose something else."""
    st.session_state[_CHOSEN] = InputsAsked.of({**dict(chosen()), name: value})


def read_address(query: Mapping[str, str]) -> list[Text]:
    """Take over a link; a sentence about what cannot be."""
    named = {name: value for name, value in query.items() if name.startswith(f"{PREFIX}.")}
    try:
        st.session_state[_CHOSEN] = InputsAsked.from_url(PREFIX, named)
    except BadInput as error:
        return [error.text]
    return []


def address() -> dict[str, str]:
    """What stands in the address: what is not usual."""
    return chosen().to_url(PREFIX)


# -- what is chosen --------------------------------------------------------------------------------------------------


def choices() -> None:
    """The table, the way of choosing, and how many inputs are kept."""
    _pills(t("DATA"), "data", "datasets")
    st.caption(t(entry_class("datasets", chosen().data).why))
    _pills(t("CHOSEN"), "method", "selections")
    st.caption(t(entry_class("selections", chosen().method).why))
    numbers = chosen().numbers
    key = f"inputs kept {numbers}|{language()}"
    st.select_slider(
        t("inputs kept"),
        numbers,
        keep(key, chosen().closest),
        key=key,
        help=t("Looked at closely on the right; all of these are trained."),
        on_change=_put_from,
        args=("kept", key),
    )
    st.button(
        t("Other folds"),
        icon=":material/casino:",
        type="tertiary",
        help=t("Draws the folds anew, and new noise: split seed {seed}", seed=chosen().seed + 1),
        on_click=lambda: put("seed", chosen().seed + 1),
    )
    st.caption(
        t(
            "Logistic regression with each of {folds} folds. Inside: the inputs are chosen anew with every fold, on "
            "the samples that train. Outside: they are chosen once, on all samples, before there are folds. That is a "
            "common mistake.",
            folds=FOLDS,
        )
    )


def _put_from(name: str, key: str) -> None:
    if is_chosen(key):
        put(name, st.session_state[key])


def _pills(label: str, name: str, family: str) -> None:
    options = get_args(InputsAsked.model_fields[name].annotation)
    key = f"inputs {name}|{language()}"
    st.markdown(f"**{label}**")
    st.pills(
        label,
        options,
        default=keep(key, getattr(chosen(), name)),
        key=key,
        required=True,
        format_func=lambda option: t(entry_class(family, option).title),
        label_visibility="collapsed",
        on_change=_put_from,
        args=(name, key),
    )


# -- what is shown ---------------------------------------------------------------------------------------------------


def inputs() -> None:
    """The errors by the number of inputs, and which inputs are kept."""
    stored_or_started(chosen().comparison, t("Run it inside and outside"), _errors)
    _kept()


def _errors(comparison: Comparison, record: StudyRecord, is_over: bool) -> None:
    asked, runs = chosen(), services().runs_of(record.id, actor=actor())
    found = by_number(services().store, comparison, runs)
    if is_over and asked.closest in found.both:
        st.markdown(show(leak_words(asked, found)))
    if not (found.inside or found.outside):
        if not is_over:
            st.skeleton(height=420)
        return
    still(
        errors_by_number_figure(_by_number(asked, found), translator(language()), dark=_dark()),
        key="errors by number of inputs",
        alt=t("Training and validation error by the number of inputs, chosen inside and outside the folds"),
    )
    st.caption(t("Mean over {folds} folds ± one standard error of validation error.", folds=FOLDS))
    seal_line(*runs)


def _by_number(asked: InputsAsked, found: ByNumber) -> ErrorsByNumber:
    def errors(means: FoldMeans) -> tuple[float, float, float]:
        return means.mean_train_error, means.mean_validation_error, means.standard_error

    inside, outside = (
        {number: errors(means) for number, means in part.items()} for part in (found.inside, found.outside)
    )
    return ErrorsByNumber(inside, outside, asked.guessing, asked.closest)


def _kept() -> None:
    asked = chosen()
    with st.spinner(t("The inputs are being chosen.")):
        found = services().inputs_kept(asked.model_copy(update={"kept": asked.closest}), actor=actor())
    st.markdown(f"**{t('WHICH INPUTS ARE KEPT')}** {show(kept_words(asked, found))}")
    still(
        kept_figure(
            KeptByFold(asked.names, found.inside_scores.mean(axis=0), found.inside, found.outside),
            translator(language()),
            dark=_dark(),
        ),
        key="inputs kept by fold",
        alt=t("The score of each input, and the folds that keep it"),
    )


def _dark() -> bool:
    return st.context.theme.type == "dark"
