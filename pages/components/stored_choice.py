"""The stored run that a part of a page looks at: chosen among those that suit, and kept for the tab of the browser."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import streamlit as st

from core.catalog.datasets.dataset import DataSet
from core.catalog.presets import preset
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.store.records import RunRecord
from core.text import Text
from pages.components import state
from pages.components.error_box import error_box
from pages.components.landscape_tabs import told_apart
from pages.components.language import language, t
from pages.components.param_form import keep
from pages.components.parts import runs_of_link
from pages.components.seal_line import seal_line
from pages.components.services import actor, services

MOST_OFFERED = 60
"""So many of the newest runs are offered; with more a list helps nobody."""
_CHOSEN, _REFUSED = "stored run looked at", "example that was refused"

Suits = Callable[[Experiment], bool]


def experiment_of(run: RunRecord) -> Experiment:
    """The experiment of a run as it was started."""
    return Experiment.from_json(dict(run.experiment))


def look_at(run: str) -> None:
    """Look at this one."""
    st.session_state[_CHOSEN] = run


def looked_at() -> str | None:
    """The run that was chosen."""
    return st.session_state.get(_CHOSEN)


def offered(suits: Suits) -> list[RunRecord]:
    """The runs that can be looked at, newest first, then single folds; the chosen one is among them."""
    whole, folds = [], []
    for record in reversed(services().runs(actor=actor())):
        try:
            experiment = experiment_of(record)
            fits = suits(experiment)
        except BadInput:
            continue  # Its data are not known here any more.
        if fits and (record.step or record.active):
            (whole if experiment.num_folds is None else folds).append(record)
    # Behind the others: the forty-five folds of one curve would leave no place for them.
    return [record for place, record in enumerate([*whole, *folds]) if place < MOST_OFFERED or record.id == looked_at()]


def _shown(runs: Sequence[RunRecord]) -> RunRecord:
    """The chosen one of runs, newest first; else one that is no single fold, of the chosen data where it can be."""

    def claim(run: RunRecord) -> tuple[bool, ...]:
        experiment = experiment_of(run)
        return run.id == looked_at(), experiment.num_folds is None, experiment.dataset == state.experiment().dataset

    return max(runs, key=claim)


def _error(run: RunRecord) -> str:
    """The validation error of the weights that a run has ended with, before its name; nothing where there is none."""
    error = run.answer.get("validation_error")
    if error is None or not math.isfinite(error):
        return ""
    is_share = cast(DataSet, experiment_of(run).dataset).task == "classification"
    return f"{100 * error:.1f} % · " if is_share else f"{error:.3g} · "


def stored_choice(suits: Suits) -> None:
    """The list of runs."""
    runs = offered(suits)
    if not runs:
        return
    told = told_apart(runs)
    names = {run.id: f"{_error(run)}{told[run.id]}" for run in runs}
    key = f"stored run|{language()}"
    shown = _shown(runs)
    st.markdown(f"**{t('RUN')}**", help=t("Each with the validation error of its weights"))
    st.selectbox(
        t("RUN"),
        list(names),
        list(names).index(keep(key, shown.id)),
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: look_at(st.session_state[key]),
    )
    seal_line(shown)


def chosen_run(suits: Suits, example: str) -> RunRecord | None:
    """The run to look at; where there is none, a button that trains a preset."""
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    runs = offered(suits)
    if runs:
        return _shown(runs)
    st.info(t("No run is stored yet that can be looked at here."))
    st.button(
        t("Train one now, about 2 s"),
        type="primary",
        icon=":material/play_arrow:",
        on_click=_train,
        args=(example,),
    )
    return None


def _train(example: str) -> None:
    try:
        look_at(services().start(Experiment.from_json(preset(example).experiment), actor=actor(), pace="max"))
    except CoreError as error:
        st.session_state[_REFUSED] = error


# -- the address -----------------------------------------------------------------------------------------------------


def read_address(query: Mapping[str, str]) -> list[Text]:
    """Look at the run of a link; a sentence where there is none."""
    found, gone = runs_of_link([query.get("of", "")])
    for run in found:
        look_at(run)
    return gone


def address() -> dict[str, str]:
    """The run that is looked at."""
    run = looked_at()
    return {"of": run} if run else {}
