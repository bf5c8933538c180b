"""Test sets: the choice among those that there are, fresh ones dealt by a teacher, and a refusal shown to the class."""

from __future__ import annotations

from typing import cast

import pandas as pd
import streamlit as st

from core.catalog.datasets.dataset import DataSet
from core.catalog.entry import parameter_of
from core.catalog.registry import entry_class
from core.errors import CoreError
from core.experiment import Experiment
from core.people import keeps_order
from core.store.records import RunRecord
from core.studies.dealing import Deal
from pages.components import state
from pages.components.error_box import error_box
from pages.components.language import language, t
from pages.components.param_form import is_chosen, keep
from pages.components.services import actor, services
from pages.components.stored_choice import experiment_of

_STAGED = "refusal that is shown to the class"
_REFUSED = "deal that was refused"


def test_set_choice() -> None:
    """Which test set is sealed, where there is more than the first."""
    document, parameter = state.draft(), parameter_of("test_seed", Experiment.model_fields["test_seed"])
    key = entry_class("datasets", document["dataset"]["key"]).key
    chosen, dealt = int(document["test_seed"]), services().deals(key, actor=actor())
    numbers = sorted({0, chosen, *(one.number for one in dealt)})
    if len(numbers) == 1:
        return
    box = f"test set|{language()}"
    st.selectbox(
        t(parameter.title),
        numbers,
        numbers.index(keep(box, chosen)),
        format_func=lambda number: t("{number}, dealt as new", number=number) if number else t("0, the first one"),
        key=box,
        help=t(parameter.help),
        on_change=lambda: state.put("test_seed", st.session_state[box]) if is_chosen(box) else None,
    )


def fresh_test_sets(run: RunRecord) -> None:
    """What was dealt of a run's data; a teacher deals another, and shows how a second look is refused."""
    dataset = cast(DataSet, experiment_of(run).dataset)
    dealt = services().deals(dataset.key, actor=actor())
    is_teacher = keeps_order(actor())
    if not (dealt or is_teacher):
        return
    st.divider()
    st.markdown(f"**{t('FRESH TEST SETS')}**")
    st.markdown(
        t(
            "A test set that choices were made by is used up. A teacher may deal a fresh one to everybody: as many "
            "samples, drawn anew from all, official ones too, so that its errors cannot be compared with published "
            "ones. Nobody has looked at it, but choices made before may know some of its samples."
        )
    )
    if dealt:
        _table(dealt)
    with st.container(horizontal=True, gap="small"):
        if dealt and st.button(
            t("Train with test set {number}", number=dealt[-1].number), icon=":material/show_chart:"
        ):
            state.choose(experiment_of(run).replace(test_seed=dealt[-1].number))
            st.switch_page("train.py")
        if is_teacher:
            st.button(t("Deal a fresh test set"), icon=":material/style:", on_click=_deal, args=(dataset.key,))
            st.button(
                t("Show the class a refusal"),
                icon=":material/front_hand:",
                on_click=lambda: st.session_state.update({_STAGED: run.id}),
            )
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    if st.session_state.pop(_STAGED, None) == run.id:
        st.caption(t("What is said to who looks again with other weights. Nobody looks, and nothing is counted."))
        error_box(services().staged_refusal(run.id, actor=actor()))


def _deal(dataset: str) -> None:
    try:
        services().deal(dataset, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error


def _table(dealt: tuple[Deal, ...]) -> None:
    rows = [
        {
            t("test set"): one.number,
            t("dealt"): f"{one.utc:%Y-%m-%d %H:%M} UTC",
            t("by"): services().name_of(one.owner) or t("the person at the computer"),
            t("dealt to"): t("the class") if one.audience == "class" else t("the person at the computer"),
        }
        for one in dealt
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
