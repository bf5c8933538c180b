"""What is chosen of a real network: runs, picture, update, the two directions of the plane, and how it is measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import streamlit as st

from core.experiment import Experiment
from core.figures.theme import distinct
from core.landscape.asked import MOST_SAMPLES
from core.store.records import RunRecord
from core.studies.alike import unlike
from core.studies.fairness_words import by_design
from pages.components import landscape_tabs, network_state
from pages.components.error_box import plain
from pages.components.language import language, t
from pages.components.param_form import keep
from pages.components.services import actor, services

MOST_OFFERED = 60
"""So many of the newest runs are offered; with more a list helps nobody."""
MOST_BESIDE = 12


def experiment_of(run: RunRecord) -> Experiment:
    """The experiment of a run as it was started."""
    return Experiment.from_json(dict(run.experiment))


def offered(run: RunRecord) -> list[RunRecord]:
    """The runs that can be looked at, newest first."""
    found = [record for record in reversed(services().runs(actor=actor())) if record.step][:MOST_OFFERED]
    return found if any(record.id == run.id for record in found) else [run, *found]


def comparable(run: RunRecord) -> list[RunRecord]:
    """Other runs of the same network on the same samples: those of its comparison first, then the newest."""
    own = experiment_of(run)
    found = [other for other in offered(run) if other.id != run.id and not unlike(own, experiment_of(other))]
    return sorted(found, key=lambda other: run.study is None or other.study != run.study)


def beside(run: RunRecord) -> list[RunRecord]:
    """The other runs that are chosen, as far as they still exist."""
    found = [services().find(other, actor=actor()) for other in network_state.choices().others]
    return [other for other in found if other is not None and other.id != run.id]


def runs_on_map(run: RunRecord) -> list[RunRecord]:
    """Which run is looked at, and whose paths stand beside its own; these."""
    st.markdown(f"**{t('RUNS ON THIS MAP')}**")
    names = landscape_tabs.told_apart(offered(run))
    key = f"landscape run|{language()}"
    st.selectbox(
        t("Network looked at"),
        list(names),
        list(names).index(keep(key, run.id)),
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: landscape_tabs.look_at(st.session_state[key]),
    )
    chosen = beside(run)
    ids = [other.id for other in chosen]
    rows = [*chosen, *(other for other in comparable(run) if other.id not in ids)][:MOST_BESIDE]
    drawn = dict(zip(ids, distinct([one.colour_slot for one in (run, *chosen)])[1:], strict=True))
    with st.container(gap=None, key="runs-beside"):
        for other in rows:
            slot = drawn.get(other.id, other.colour_slot)
            tick(other, names.get(other.id) or landscape_tabs.name_of(other), slot, ids)
    if rows:
        st.caption(first_weights(run, chosen))
    else:
        st.caption(t("Other runs of this network on these samples would be offered here."))
    return chosen


def tick(other: RunRecord, name: str, slot: int, ids: Sequence[str]) -> None:
    """Whether a run's path is shown."""
    key = f"beside {other.id}|{language()}"

    def change() -> None:
        rest = [run for run in network_state.choices().others if run != other.id]
        network_state.put(others=(*rest, other.id) if st.session_state[key] else tuple(rest))

    with st.container(key=f"on-map-{slot % 8}-{other.id}"):
        st.checkbox(
            plain(name),
            keep(key, other.id in ids),
            key=key,
            disabled=other.id not in ids and len(ids) >= network_state.MOST_OTHERS,
            on_change=change,
        )


def first_weights(run: RunRecord, others: Sequence[RunRecord]) -> str:
    """Whether all begin at one place."""
    if not others:
        return t("Tick others to see their paths on the same sheet.")
    own = experiment_of(run)
    same = all(by_design("first_weights", own, experiment_of(other)) is None for other in others)
    return t("Same first weights: yes") if same else t("Same first weights: no")


def picture() -> None:
    """A surface, or one of two lines."""
    names = {"surface": t("surface"), "between": t("two runs"), "update": t("last update")}
    key = f"landscape picture|{language()}"
    st.segmented_control(
        t("PICTURE"),
        network_state.PICTURES,
        default=keep(key, network_state.choices().picture),
        format_func=names.__getitem__,
        key=key,
        on_change=lambda: network_state.put(picture=st.session_state[key] or network_state.choices().picture),
    )


def moment(run: RunRecord) -> None:
    """After which update: one that is stored, or any other."""
    last = max(run.step, 0)
    step = landscape_tabs.step()
    now = last if step is None else step

    def go(to: int | None) -> None:
        # The end of a run that is over is its last update, also when it is trained on.
        landscape_tabs.go_to(None if to is None or (to == last and not run.active) else to)

    stored = sorted({*(entry.step for entry in services().store.snapshots(run.id)), min(now, last), last})
    st.markdown(f"**{t('MOMENT')}**")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        if len(stored) > 1:
            slider = f"landscape moment {run.id}|{language()}"
            st.select_slider(
                t("stored"),
                stored,
                keep(slider, min(now, last)),
                key=slider,
                format_func=lambda place: t("{count:,}", count=place),
                on_change=lambda: go(st.session_state[slider]),
                label_visibility="collapsed",
                width="stretch",
            )
        box = f"landscape update {run.id}|{language()}"
        st.number_input(
            t("update"),
            0,
            max(last, now),
            keep(box, now),
            step=1,
            key=box,
            help=t("Any update up to the last one; where no snapshot is stored it is trained again, bit for bit."),
            on_change=lambda: go(st.session_state[box]),
            width=120,
        )


def plane() -> None:
    """Along which two directions."""
    names = {
        "random": t("two random directions"),
        "pca": t("where the runs went"),
        "hessian": t("steepest bend down and steepest bend up"),
        "ends": t("start, end, lowest"),
    }
    key = f"landscape plane|{language()}"
    st.radio(
        t("CUT ALONG"),
        list(names),
        list(names).index(keep(key, network_state.choices().plane)),
        format_func=names.__getitem__,
        key=key,
        on_change=lambda: network_state.put(plane=st.session_state[key]),
        help=t(
            "Random: each filter as long as the network's own (Li et al., 2018). Where the runs went: the main axes of "
            "their snapshots. Bends: the eigenvectors of the most negative and the most positive curvature."
        ),
    )


def more(run: RunRecord) -> None:
    """How fine, on which samples, and what belongs to the height."""
    now, experiment = network_state.choices(), experiment_of(run)
    with st.expander(t("more: grid, samples, seed ..")):
        if now.picture == "surface":
            grid = f"landscape grid|{language()}"
            st.segmented_control(
                t("points a side"),
                network_state.RESOLUTIONS,
                default=keep(grid, now.resolution),
                key=grid,
                on_change=lambda: network_state.put(resolution=st.session_state[grid] or now.resolution),
            )
        number(t("training samples measured"), "samples", now.samples, low=1, high=MOST_SAMPLES, step=128)
        if now.picture == "surface":
            number(t("seed of samples and directions"), "seed", now.seed, low=0, high=network_state.MOST_SEED, step=1)
        if has_batch_norm(experiment):
            names = {"frozen": t("as training has kept them"), "estimated": t("of the sample, at every point anew")}
            norm = f"landscape norm|{language()}"
            st.radio(
                t("statistics of batch normalization"),
                list(names),
                list(names).index(keep(norm, now.batch_norm)),
                format_func=names.__getitem__,
                key=norm,
                on_change=lambda: network_state.put(batch_norm=st.session_state[norm]),
            )
        if now.picture == "surface" and any(term.kind == "penalty" for term in experiment.regularizers):
            key = f"landscape penalty|{language()}"
            st.checkbox(
                t("with the penalty"),
                keep(key, now.with_penalty),
                key=key,
                help=t("Adds the penalty of the weights to the height"),
                on_change=lambda: network_state.put(with_penalty=st.session_state[key]),
            )


def number(label: str, name: str, value: int, *, low: int, high: int, step: int) -> None:
    """A number box for one of the choices."""
    key = f"landscape {name} of the network|{language()}"
    st.number_input(
        label,
        low,
        high,
        keep(key, value),
        step=step,
        key=key,
        on_change=lambda: network_state.put(**{name: st.session_state[key]}),
    )


def has_batch_norm(experiment: Experiment) -> bool:
    """Whether a layer of the network normalizes over the batch."""
    network = cast(Any, experiment.architecture)
    parts = [network, *getattr(network, "blocks", ())]
    return any(getattr(part, "normalization", None) == "batch" for part in parts)
