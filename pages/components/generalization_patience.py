"""Early stopping: where a stored run would have ended with each patience, without training again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from core.catalog.regularizers.early_stopping import EarlyStopping
from core.experiment import Experiment
from core.figures.generalization import Ended, ended_figure
from core.language import translator
from core.store.records import RunRecord
from core.studies.patience import Ending, endings, pretrained_until, suiting
from core.text import Text
from core.training.epochs import epoch_text
from core.training.evaluation import Evaluation
from core.training.verdict import error_text, uncertainty_text
from pages.components import state
from pages.components.language import language, show, t
from pages.components.param_form import keep
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.stored_choice import chosen_run, experiment_of, look_at, stored_choice
from pages.components.until_over import until_over

EXAMPLE = "overfits_moons"
_MONITOR, _PATIENCE = "what early stopping watches", "patience looked at"
Monitor = Literal["error", "loss"]


def any_run(experiment: Experiment) -> bool:
    """Every run has errors to be looked at."""
    return True


def choices() -> None:
    """The run, and which of its curves decides."""
    stored_choice(any_run)
    key = f"early stopping watches|{language()}"
    names = {"error": t("validation error"), "loss": t("validation loss")}
    st.markdown(f"**{t('WATCHED')}**")
    st.segmented_control(
        t("WATCHED"),
        list(names),
        default=keep(key, monitor()),
        key=key,
        format_func=names.__getitem__,
        required=True,
        label_visibility="collapsed",
        on_change=lambda: st.session_state.update({_MONITOR: st.session_state[key]}),
    )
    st.caption(
        t(
            "With early stopping a run ends when the watched curve has not fallen below its lowest value for as many "
            "epochs as the patience says, and the weights of that lowest value come back."
        )
    )


def monitor() -> Monitor:
    """The curve that decides."""
    return st.session_state.get(_MONITOR, "error")


def patience() -> None:
    """One patience in the picture, all of them in a table, and a door to Train."""
    found = measured_run()
    if found is not None:
        _shown(*found)


def measured_run() -> tuple[RunRecord, list[Evaluation]] | None:
    """The run that is looked at, with its evaluations; None, and why, where there is nothing to see."""
    run = chosen_run(any_run, EXAMPLE)
    if run is None:
        return None
    evaluations = services().evaluations(run.id, actor=actor())
    if run.active and len(evaluations) < 2:
        until_over(
            lambda: services().is_active(run.id) and len(services().evaluations(run.id, actor=actor())) < 2,
            t("The run is still being trained: nothing is measured yet after its first weights."),
        )
        return None
    if len(evaluations) < 2:
        st.info(t("Nothing was measured of this run after its first weights."))
        return None
    if run.active:
        until_over(
            lambda: services().is_active(run.id),
            t("The run is still being trained: what is shown is what is known by now."),
        )
    look_at(run.id)
    return run, evaluations


@st.fragment
def _shown(run: RunRecord, evaluations: Sequence[Evaluation]) -> None:
    since = pretrained_until(experiment_of(run))
    patiences = suiting(evaluations, since=since)
    found = endings(evaluations, patiences, monitor=monitor(), since=since)
    chosen = _chosen(patiences)
    ending = next(one for one in found if one.patience == chosen)
    st.markdown(show(words(ending, evaluations)))
    still(
        ended_figure(
            Ended(
                **errors_of(evaluations),
                best=evaluations.index(ending.best),
                stopped=ending.at.epoch if ending.stopped else None,
            ),
            run.colour_slot,
            translator(language()),
            dark=st.context.theme.type == "dark",
        ),
        key="ended early",
        alt=t("Errors of the run over its epochs; what this patience would not have trained is shaded"),
    )
    st.dataframe(table(found, evaluations[-1]), hide_index=True, width="stretch")
    st.caption(
        t(
            "The weights that are kept were chosen by their validation error, so that error is a little too good. A "
            "test set that nobody has looked at tells the truth."
        )
    )
    if st.button(
        t("Train with a patience of {patience}", patience=chosen),
        icon=":material/show_chart:",
        help=t("Puts it on Train, together with everything else of this run"),
    ):
        state.choose(stopping(experiment_of(run), chosen))
        st.switch_page("train.py")


def _chosen(patiences: Sequence[int]) -> int:
    """The patience looked at; where all do the same, the only one, and no slider."""
    if len(patiences) == 1:
        return patiences[0]
    key = f"patience|{language()}"
    wanted = st.session_state.get(_PATIENCE, EarlyStopping().patience)
    return st.select_slider(
        t("patience, epochs"),
        patiences,
        keep(key, min(patiences, key=lambda one: abs(one - wanted))),
        key=key,
        on_change=lambda: st.session_state.update({_PATIENCE: st.session_state[key]}),
    )


def errors_of(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """The fields of `Errors`."""
    return {
        "epochs": [one.epoch for one in evaluations],
        "training": [one.train.error for one in evaluations],
        "validation": [one.validation.error for one in evaluations],
        "in_percent": evaluations[0].validation.wrong is not None,
    }


def stopping(experiment: Experiment, patience: int) -> Experiment:
    """The same experiment with early stopping."""
    others = [entry for entry in experiment.regularizers if not isinstance(entry, EarlyStopping)]
    stop = EarlyStopping(patience=patience, monitor=monitor())
    return experiment.model_copy(update={"regularizers": (*others, stop), "name": ""})


def words(ending: Ending, evaluations: Sequence[Evaluation]) -> Text:
    """What a patience would have chosen, and what that costs or saves."""
    best, last = ending.best, evaluations[-1]
    lowest = min(evaluations, key=lambda one: one.validation.error)
    values = {
        "patience": ending.patience,
        "best": epoch_text(best.epoch),
        "error": error_text(best.validation),
        "uncertainty": uncertainty_text(best.validation),
        "last": error_text(last.validation),
    }
    if not ending.stopped:
        return Text(
            "A patience of {patience} never runs out here: the run goes to its end, and the weights of epoch "
            "{best} come back: {error} ± {uncertainty}; its last weights have {last}.",
            **values,
        )
    values |= {"at": epoch_text(ending.at.epoch), "saved": 100 * (1 - ending.at.step / last.step)}
    if lowest.validation.error < best.validation.error:
        return Text(
            "A patience of {patience} stops at epoch {at} and keeps the weights of epoch {best}: {error} ± "
            "{uncertainty}. It is too short to see the lowest, {lowest} at epoch {epoch}, and saves {saved:.0f} % of "
            "the updates; the last weights have {last}.",
            **values,
            lowest=error_text(lowest.validation),
            epoch=epoch_text(lowest.epoch),
        )
    return Text(
        "A patience of {patience} stops at epoch {at} and keeps the weights of epoch {best}, the lowest of the "
        "whole run: {error} ± {uncertainty}. It saves {saved:.0f} % of the updates; the last weights have {last}.",
        **values,
    )


def table(found: Sequence[Ending], last: Evaluation) -> pd.DataFrame:
    """A row for each patience."""
    return pd.DataFrame(
        [
            {
                t("patience"): one.patience,
                t("stops at epoch"): show(epoch_text(one.at.epoch)) if one.stopped else t("never"),
                t("keeps epoch"): show(epoch_text(one.best.epoch)),
                t("validation error"): show(error_text(one.best.validation)),
                t("training error"): show(error_text(one.best.train)),
                t("updates saved"): f"{100 * (1 - one.at.step / last.step):.0f} %" if one.stopped else "0 %",
            }
            for one in found
        ]
    )
