"""Data, fourth part: how the error of trained networks grows when every sample is turned, shifted, … by one amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import streamlit as st

from core import describe
from core.catalog.datasets.dataset import DataSet
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.figures.invariance import HEIGHT, CurveShown, Invariance, invariance_figure
from core.figures.theme import distinct
from core.language import translator
from core.store.records import RunRecord
from core.studies.invariance import InvarianceCurve, has_training, seen_by, twin
from core.studies.measured_runs import Measuring
from core.training.disturbances import DISTURBANCES, Disturbance, suiting
from pages.components import invariance_state
from pages.components.error_box import error_box, plain
from pages.components.invariance_state import SHIPPED
from pages.components.landscape_tabs import told_apart
from pages.components.language import language, show, t
from pages.components.param_form import keep
from pages.components.services import actor, services
from pages.components.still import still
from pages.components.stored_choice import MOST_OFFERED

LOOK_AGAIN_S = 0.5
_REFUSED = "twin that was refused"


@dataclass(frozen=True, eq=False)
class Network:
    """A network whose curve can be shown: that of a stored run, or the one that is shipped."""

    id: str
    name: str
    experiment: Experiment
    slot: int
    is_trained: bool

    @property
    def task(self) -> str:
        """What its data ask for."""
        return cast(DataSet, self.experiment.dataset).task


def offered() -> list[Network]:
    """What can be tried with the chosen disturbance: runs, newest first, and at the end the shipped one."""
    from core.studies.blocks_shipped import shipped

    disturbance, shown = invariance_state.disturbance(), invariance_state.runs() or []
    found: list[tuple[RunRecord, Experiment]] = []
    for record in reversed(services().runs(actor=actor())):
        try:
            experiment = Experiment.from_json(dict(record.experiment))
        except BadInput:
            continue  # Its data are not known here any more.
        is_offered = len(found) < MOST_OFFERED or record.id in shown
        if (record.step or record.active) and is_offered and disturbance in suiting_of(experiment):
            found.append((record, experiment))
    names = told_apart([record for record, _ in found])
    experiment = shipped().experiment
    called = show(describe.title(experiment))
    # Nothing but what it has seen in training tells a run from the shipped one.
    alike = {one.id: what for one, what in found if names[one.id] == called}
    names |= {run: f"{called} · {show(describe.choices(what)[1])}" for run, what in alike.items()}
    runs = [Network(one.id, names[one.id], what, one.colour_slot, not one.active) for one, what in found]
    name = t("shipped with this program: {title}", title=called)
    return [*runs, Network(SHIPPED, name, experiment, 0, is_trained=True)]


def suiting_of(experiment: Experiment) -> Mapping[str, Disturbance]:
    """The disturbances that make sense for an experiment's data."""
    return suiting(cast(DataSet, experiment.dataset).input_kind)


def chosen(among: Sequence[Network]) -> list[Network]:
    """What is shown; while nothing was chosen the newest run that is over, or the shipped one where there is none."""
    wanted = invariance_state.runs()
    if wanted is None:
        return [next(one for one in among if one.is_trained)]
    return [one for run in wanted for one in among if one.id == run]


def choices() -> None:
    """The disturbance, and the runs."""
    key = f"disturbance|{language()}"
    st.markdown(f"**{t('WHAT IS CHANGED')}**")
    st.pills(
        t("WHAT IS CHANGED"),
        list(DISTURBANCES),
        key=key,
        default=keep(key, invariance_state.disturbance()),
        required=True,
        format_func=lambda name: show(DISTURBANCES[name].title),
        label_visibility="collapsed",
        on_change=lambda: invariance_state.show_disturbance(st.session_state[key]),
    )
    among = offered()
    runs_key = f"runs disturbed|{language()}"
    names = {one.id: one.name for one in among}
    st.markdown(f"**{t('NETWORKS')}**")
    st.multiselect(
        t("NETWORKS"),
        list(names),
        default=keep(runs_key, [one.id for one in chosen(among)]),
        format_func=names.__getitem__,
        key=runs_key,
        max_selections=invariance_state.MOST_RUNS,
        placeholder=t("choose runs"),
        label_visibility="collapsed",
        on_change=lambda: invariance_state.show_runs(st.session_state[runs_key]),
    )
    if len(chosen(among)) == invariance_state.MOST_RUNS:
        st.caption(t("At most {most} curves at once.", most=invariance_state.MOST_RUNS))


def invariance() -> None:
    """The curves, how far those are that are still measured, what they say, and the twins to be trained."""
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    among = offered()
    shown = chosen(among)
    try:
        curves = {one.id: curve_of(one) for one in shown if one.is_trained}
    except CoreError as error:
        error_box(error)
        return
    training = [one for one in shown if not one.is_trained]
    measuring = [found for found in curves.values() if not found.is_over.is_set()]

    def part() -> None:
        is_trained = any(not services().is_active(one.id) for one in training)
        if is_trained or (measuring and all(found.is_over.is_set() for found in measuring)):
            st.rerun()
        measured = [(one, curves[one.id]) for one in shown if one.id in curves]
        # In a container that stays, so that the figure keeps its place below.
        with st.container(key="not-measured-yet", gap="small"):
            for one in training:
                being_trained(one)
            for one, found in measured:
                progress(one, found)
        ready = [(one, found.result) for one, found in measured if found.result]
        if (measuring or training) and not ready:
            st.skeleton(height=HEIGHT)
        else:
            figure(ready)

    st.fragment(part, run_every=LOOK_AGAIN_S if training or measuring else None)()
    if not st.session_state.get("present", False):
        for one in shown:
            twin_button(one, among, shown)


def curve_of(one: Network) -> Measuring[InvarianceCurve]:
    """The curve of a network against the chosen disturbance, measured from now on if it is not there."""
    return services().invariance("" if one.id == SHIPPED else one.id, invariance_state.disturbance(), actor=actor())


def being_trained(one: Network) -> None:
    """How far a network is that is trained, with a button that ends that."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = t("{name} is still being trained: its curve follows.", name=plain(one.name))
        st.caption(f"{name} {show(services().runner.doing(one.id))}", width="stretch")
        ending = t("Ends its training; the curve is that of what it has learned by then.")
        st.button(t("Stop"), key=f"stop training {one.id}", help=ending, on_click=end_training, args=(one.id,))


def end_training(run: str) -> None:
    """Stop a run. What is refused is said."""
    try:
        services().command(run, "stop", actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error


def progress(one: Network, found: Measuring[InvarianceCurve]) -> None:
    """A bar for a curve that is measured, with a button that gives it up; why it could not be."""
    name = plain(one.name)
    if found.problem is not None:
        st.error(f"{name}: {plain(show(found.problem))}")
    elif found.is_cancelled:
        st.caption(t("{name}: given up. Choose the run anew to measure it.", name=name))
    elif not found.is_over.is_set():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(found.progress, t("Measuring {name}", name=name))
            st.button(t("Cancel"), key=f"cancel curve {one.id}", on_click=give_up, args=(one, found))


def give_up(one: Network, found: Measuring[InvarianceCurve]) -> None:
    """Measure no further, and show the curve no more."""
    found.cancel()
    invariance_state.show_runs([run for run in invariance_state.runs() or [] if run != one.id])


def figure(curves: Sequence[tuple[Network, InvarianceCurve]]) -> None:
    """The curves that are there, and a sentence for each."""
    disturbance = DISTURBANCES[invariance_state.disturbance()]
    slots = distinct([one.slot for one, _ in curves])
    record = Invariance(
        disturbance.axis,
        disturbance.amounts,
        disturbance.none,
        [CurveShown(one.name, slot, curve.errors) for (one, curve), slot in zip(curves, slots, strict=True)],
        in_percent=all(one.task == "classification" for one, _ in curves),
    )
    still(
        invariance_figure(record, translator(language()), dark=st.context.theme.type == "dark"),
        key="invariance",
        alt=t("Validation error against how much every sample is changed, a line for each network"),
    )
    for one, curve in curves:
        st.markdown(words(one, curve, disturbance))


def words(one: Network, curve: InvarianceCurve, disturbance: Disturbance) -> str:
    """What a curve says: unchanged, at worst, and whether the network has seen such changes in training."""
    worst = int(curve.errors.argmax())
    seen = seen_by(one.experiment, disturbance.key)
    said = {
        "name": plain(one.name),
        "amount": disturbance.said(disturbance.amounts[worst]),
        "seen": t("It has seen this change in training, by {names}.", names=", ".join(t(entry.title) for entry in seen))
        if seen
        else t("It has never seen this change in training."),
    }
    undisturbed = curve.errors[disturbance.amounts.index(disturbance.none)]
    if one.task != "classification":
        return t(
            "**{name}**: relative error {plain:.2f} unchanged, {worst:.2f} at {amount}. {seen}",
            plain=undisturbed,
            worst=curve.errors[worst],
            **said,
        )
    if undisturbed == 0:
        # None wrong of n: with 95 % certainty at most 3/n ("rule of three"), where the usual ± would be 0.
        return t(
            "**{name}**: none of {num:,} samples wrong unchanged, so that in truth up to {most:.2g} % may be; "
            "{worst:.0f} % at {amount}. {seen}",
            most=min(100.0, 300 / curve.num),
            num=curve.num,
            worst=100 * curve.errors[worst],
            **said,
        )
    return t(
        "**{name}**: {plain:.1f} % ± {points:.1f} of {num:,} samples wrong unchanged, {worst:.0f} % at {amount}. "
        "{seen}",
        plain=100 * undisturbed,
        points=100 * curve.uncertainty,
        num=curve.num,
        worst=100 * curve.errors[worst],
        **said,
    )


def twin_button(one: Network, among: Sequence[Network], shown: Sequence[Network]) -> None:
    """Train the same network with this change in training, or without it, and show both."""
    disturbance = DISTURBANCES[invariance_state.disturbance()]
    experiment = twin(one.experiment, disturbance.key)
    known = next((other for other in among if other.experiment.fingerprint() == experiment.fingerprint()), None)
    if known in shown:
        return
    values = {"name": plain(one.name), "augmentation": t(disturbance.training.title)}
    st.button(
        t("{name} without “{augmentation}” in training", **values)
        if has_training(one.experiment, disturbance.key)
        else t("{name} with “{augmentation}” in training", **values),
        key=f"twin of {one.id}",
        icon=":material/add:" if known is None else ":material/visibility:",
        help=t("Trains now, to its end, and shows its curve beside this one")
        if known is None
        else t("It is trained already: show its curve beside this one"),
        on_click=show_twin,
        args=(experiment, known, [other.id for other in shown], one.id),
    )


def show_twin(experiment: Experiment, known: Network | None, shown: Sequence[str], of: str) -> None:
    """Show the twin of a run beside it, trained now where it is not stored, and as many others as there is room for."""
    try:
        other = known.id if known is not None else services().start(experiment, actor=actor(), pace="max")
    except CoreError as error:
        st.session_state[_REFUSED] = error
        return
    others = [run for run in shown if run != of][: invariance_state.MOST_RUNS - 2]
    invariance_state.show_runs([*(run for run in shown if run == of or run in others), other])
