"""What one tab of the browser has chosen of K-fold: how many folds, and which stored K-fold is shown."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.errors import BadInput
from core.experiment import Experiment
from core.store.records import StudyRecord
from core.studies.comparison import Comparison
from core.studies.kfold import folded
from core.studies.lanes import same_comparisons
from core.studies.study import KFOLD
from core.text import Text
from pages.components import state
from pages.components.parts import nothing_to_choose
from pages.components.services import actor, services

USUAL = 5
_FOLDS, _SHOWN = "number of folds", "K-fold that is shown"


def num_folds() -> int:
    """The chosen number of folds."""
    return st.session_state.get(_FOLDS, USUAL)


def choose(num: int) -> None:
    """Choose another number of folds."""
    st.session_state[_FOLDS] = num


def chosen() -> Comparison:
    """The K-fold of what is chosen. BadInput where its data have no such folds."""
    return folded(state.experiment(), num_folds())


def show(study: str) -> None:
    """Look at a K-fold that was just started."""
    st.session_state[_SHOWN] = study


def stored() -> tuple[StudyRecord, ...]:
    """The K-folds that may be seen, newest last."""
    return services().studies(actor=actor(), kind=KFOLD)


def record_of(comparison: Comparison) -> StudyRecord | None:
    """The stored K-fold of exactly what is chosen: the one that was opened, else the newest."""
    same = same_comparisons(stored(), comparison)
    opened = [record for record in same if record.id == st.session_state.get(_SHOWN)]
    return next(reversed([*same, *opened]), None)


def open_study(record: StudyRecord) -> None:
    """Choose what a stored K-fold was made of, and show it. BadInput where that is not known here any more."""
    comparison = Comparison.from_json(record.document)
    assert comparison.folds is not None
    state.choose(settings_of(comparison))
    choose(comparison.folds)
    show(record.id)


def settings_of(comparison: Comparison) -> Experiment:
    """The experiment whose folds were run, without them."""
    return comparison.base.replace(num_folds=None, fold=1)


# -- the address -----------------------------------------------------------------------------------------------------


def read_address(query: Mapping[str, str]) -> list[Text]:
    """Take the number of folds and the study; sentences about what cannot be read."""
    remarks = []
    if "folds" in query:
        if query["folds"].isascii() and query["folds"].isdigit() and len(query["folds"]) <= 4:
            choose(int(query["folds"]))
        else:
            remarks.append(nothing_to_choose("folds", query["folds"]))
    if "study" in query:
        found = [record for record in stored() if record.id == query["study"]]
        if found:
            try:
                open_study(found[0])
            except BadInput as error:
                remarks.append(error.text)
        else:
            remarks.append(
                Text("There is no K-fold “{study}” here: it may have been deleted.", study=query["study"][:80])
            )
    return remarks


def address() -> dict[str, str]:
    """The number of folds where it is not the usual one, and the study that is shown."""
    query = {"folds": str(num_folds())} if num_folds() != USUAL else {}
    try:
        record = record_of(chosen())
    except BadInput:
        return query
    return query | ({"study": record.id} if record is not None else {})
