"""Data, fourth part: how the error of trained networks grows when every sample is turned, shifted, … by one amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import streamlit as st

from core.catalog.datasets.dataset import DataSet
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.figures.invariance import CurveShown, Invariance, invariance_figure
from core.figures.theme import distinct
from core.language import translator
from core.store.records import RunRecord
from core.studies.invariance import InvarianceCurve, has_training, twin
from core.studies.measured_runs import Measuring
from core.training.disturbances import DISTURBANCES, Disturbance, suiting
from pages.components import data_state
from pages.components.error_box import error_box, plain
from pages.components.landscape_tabs import told_apart
from pages.components.language import language, show, t
from pages.components.param_form import keep
from pages.components.services import actor, services

LOOK_AGAIN_S = 0.5
MOST_OFFERED = 60
"""So many of the newest runs are offered; with more a list helps nobody."""
_REFUSED = "twin that was refused"


def kind_of(run: RunRecord) -> str:
    """The kind of input of a run's data; "" where its data are not known here any more."""
    try:
        return cast(DataSet, experiment_of(run).dataset).input_kind
    except BadInput:
        return ""


def experiment_of(run: RunRecord) -> Experiment:
    """The experiment of a run as it was started."""
    return Experiment.from_json(dict(run.experiment))


def offered() -> list[RunRecord]:
    """The runs that can be tried with the chosen disturbance, newest first."""
    found = [record for record in reversed(services().runs(actor=actor())) if record.step or record.active]
    return [record for record in found[:MOST_OFFERED] if data_state.disturbance() in suiting(kind_of(record))]


def chosen(among: Sequence[RunRecord]) -> list[RunRecord]:
    """The runs whose curves are shown; the newest one while nothing was chosen."""
    wanted = data_state.runs()
    return list(among[:1]) if wanted is None else [run for run in wanted if run.id in {one.id for one in among}]


def choices() -> None:
    """The disturbance, and the runs."""
    key = f"disturbance|{language()}"
    keep(key, data_state.disturbance())
    st.markdown(f"**{t('WHAT IS CHANGED')}**")
    st.pills(
        t("WHAT IS CHANGED"),
        list(DISTURBANCES),
        key=key,
        required=True,
        format_func=lambda name: show(DISTURBANCES[name].title),
        label_visibility="collapsed",
        on_change=lambda: data_state.show_disturbance(st.session_state[key]),
    )
    among = offered()
    shown = chosen(among)
    names = told_apart([*among, *(run for run in shown if run.id not in {one.id for one in among})])
    runs_key = f"runs disturbed|{language()}"
    keep(runs_key, [run.id for run in shown])
    st.markdown(f"**{t('NETWORKS')}**")
    st.multiselect(
        t("NETWORKS"),
        list(names),
        format_func=names.__getitem__,
        key=runs_key,
        max_selections=data_state.MOST_RUNS,
        placeholder=t("choose runs"),
        label_visibility="collapsed",
        on_change=lambda: data_state.show_runs(st.session_state[runs_key]),
    )


def invariance() -> None:
    """The curves, how far those are that are still measured, what they say, and the twins to be trained."""
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    among = offered()
    if not among:
        st.info(t("No network is trained yet on data that can be changed like this. Train one on images first."))
        if st.button(t("Open Train"), icon=":material/show_chart:"):
            st.switch_page("train.py")
        return
    runs = chosen(among)
    names = told_apart(among)
    trained = [run for run in runs if not run.active]
    try:
        curves = {run.id: services().invariance(run.id, data_state.disturbance(), actor=actor()) for run in trained}
    except CoreError as error:
        error_box(error)
        return
    training = [run for run in runs if run.active]
    measuring = [found for found in curves.values() if not found.is_over.is_set()]

    def part() -> None:
        is_trained = any(not services().is_active(run.id) for run in training)
        if is_trained or (measuring and all(found.is_over.is_set() for found in measuring)):
            st.rerun()
        for run in training:
            st.caption(t("{name} is still being trained: its curve follows.", name=plain(names[run.id])))
        progress(curves, names)
        figure(trained, curves, names)

    st.fragment(part, run_every=LOOK_AGAIN_S if training or measuring else None)()
    for run in runs:
        twin_button(run, among, names)


def progress(curves: Mapping[str, Measuring[InvarianceCurve]], names: Mapping[str, str]) -> None:
    """A bar for each curve that is measured, with a button that gives it up; why one could not be."""
    for run, found in curves.items():
        if found.problem is not None:
            st.error(plain(f"{names[run]}: {show(found.problem)}"))
        elif found.is_cancelled:
            st.caption(t("{name}: given up. Choose the run anew to measure it.", name=plain(names[run])))
        elif not found.is_over.is_set():
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.progress(found.progress, t("Measuring {name}", name=plain(names[run])))
                st.button(t("Cancel"), key=f"cancel curve {run}", on_click=give_up, args=(run, found))


def give_up(run: str, found: Measuring[InvarianceCurve]) -> None:
    """Measure no further, and show the curve no more."""
    found.cancel()
    data_state.show_runs([one.id for one in data_state.runs() or [] if one.id != run])


def figure(
    runs: Sequence[RunRecord], curves: Mapping[str, Measuring[InvarianceCurve]], names: Mapping[str, str]
) -> None:
    """The curves that are there, and a sentence for each."""
    disturbance = DISTURBANCES[data_state.disturbance()]
    ready = [run for run in runs if run.id in curves and curves[run.id].result is not None]
    slots = dict(zip([run.id for run in runs], distinct([run.colour_slot for run in runs]), strict=True))
    in_percent = all(cast(DataSet, experiment_of(run).dataset).task == "classification" for run in ready)
    record = Invariance(
        disturbance.axis,
        disturbance.amounts,
        disturbance.none,
        [CurveShown(names[run.id], slots[run.id], cast(Any, curves[run.id].result).errors) for run in ready],
        in_percent,
    )
    st.plotly_chart(
        invariance_figure(record, translator(language()), dark=st.context.theme.type == "dark"),
        key="invariance",
        config={"displayModeBar": False},
        alt=t("Validation error against how much every sample is changed, a line for each network"),
    )
    for run in ready:
        st.markdown(words(run, curves[run.id], disturbance, plain(names[run.id])))


def words(run: RunRecord, found: Measuring[InvarianceCurve], disturbance: Disturbance, name: str) -> str:
    """What a curve says: unchanged, at worst, and whether the network has seen such changes in training."""
    curve = found.result
    assert curve is not None
    plain_error = curve.errors[disturbance.amounts.index(disturbance.none)]
    worst = int(curve.errors.argmax())
    seen = (
        t("It has seen this change in training.")
        if has_training(experiment_of(run), disturbance.key)
        else t("It has never seen this change in training.")
    )
    if cast(DataSet, experiment_of(run).dataset).task != "classification":
        return t(
            "**{name}**: relative error {plain:.2f} unchanged, {worst:.2f} at {amount:g}. {seen}",
            name=name,
            plain=plain_error,
            worst=curve.errors[worst],
            amount=disturbance.amounts[worst],
            seen=seen,
        )
    return t(
        "**{name}**: {plain:.1f} % ± {points:.1f} of {num:,} samples wrong unchanged, {worst:.0f} % at {amount:g}. "
        "{seen}",
        name=name,
        plain=100 * plain_error,
        points=100 * curve.standard_error,
        num=curve.num,
        worst=100 * curve.errors[worst],
        amount=disturbance.amounts[worst],
        seen=seen,
    )


def twin_button(run: RunRecord, among: Sequence[RunRecord], names: Mapping[str, str]) -> None:
    """Train the same network with this change in training, or without it, and show both."""
    disturbance = DISTURBANCES[data_state.disturbance()]
    experiment = twin(experiment_of(run), disturbance.key)
    known = next((one for one in among if experiment_of(one).fingerprint() == experiment.fingerprint()), None)
    if known is not None and known.id in {one.id for one in chosen(among)}:
        return
    values = {"name": plain(names[run.id]), "augmentation": t(disturbance.training.title)}
    has = has_training(experiment_of(run), disturbance.key)
    st.button(
        t("{name} without “{augmentation}” in training", **values)
        if has
        else t("{name} with “{augmentation}” in training", **values),
        key=f"twin of {run.id}",
        icon=":material/add:" if known is None else ":material/visibility:",
        help=t("Trains now, to its end, and shows its curve beside this one")
        if known is None
        else t("It is trained already: show its curve beside this one"),
        on_click=show_twin,
        args=(experiment, known.id if known is not None else None, [one.id for one in chosen(among)]),
    )


def show_twin(experiment: Experiment, known: str | None, shown: Sequence[str]) -> None:
    """Show a run's twin beside what is shown, trained now where it is not stored."""
    try:
        other = known or services().start(experiment, actor=actor(), pace="max")
    except CoreError as error:
        st.session_state[_REFUSED] = error
        return
    data_state.show_runs([*shown[: data_state.MOST_RUNS - 1], other])
