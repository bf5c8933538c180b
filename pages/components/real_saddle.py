"""The way to a real saddle: networks with tiny first weights, started or found, and who has left the flat part."""

from __future__ import annotations

import streamlit as st

from core.errors import CoreError
from core.language import translator
from core.store.records import RunRecord
from core.studies.real_saddle import FLAT, VIEWED_AT, left_flat_part, real_saddle, stored_real_saddles
from core.studies.study import study_channel
from pages.components import landscape_tabs, watching
from pages.components.error_box import error_box, plain
from pages.components.language import language, prose, t
from pages.components.services import actor, services

POLL_S = 0.7
_AWAITED, _REFUSED = "real saddle that is awaited", "real saddle that was refused"


def door(label: str) -> None:
    """The button that leads to the saddle view of a real network, and what is waited for until it can be drawn."""
    st.button(
        label,
        icon=":material/arrow_forward:",
        key="real saddle",
        on_click=_await,
        help=t(
            "Four optimizers from the same tiny first weights; the surface is cut where SGD stands after update {step}",
            step=VIEWED_AT,
        ),
    )
    _news()


def _begun(*, from_zero: bool) -> str | None:
    """The newest stored comparison that serves, and is not held, else one started now; None where that is refused."""
    for record in stored_real_saddles(services().studies(actor=actor()), from_zero=from_zero):
        runs = services().runs_of(record.id, actor=actor())
        if runs and (runs[0].step >= VIEWED_AT or runs[0].state in ("queued", "running")):
            return record.id
    try:
        comparison = real_saddle(from_zero=from_zero, translate=translator(language()))
        study = services().start_comparison(comparison, actor=actor(), pace="max")
        watching.begin(study_channel(study))
    except CoreError as error:
        st.session_state[_REFUSED] = error
        return None
    return study


def _await(*, from_zero: bool = False) -> None:
    study = _begun(from_zero=from_zero)
    if study is not None:
        st.session_state[_AWAITED] = (study, from_zero)


def _news() -> None:
    """What is waited for, and why that cannot be had."""
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))
    if _AWAITED in st.session_state:
        _waiting()


@st.fragment(run_every=POLL_S)
def _waiting() -> None:
    """How far SGD is on its way to the update that is looked at; then it is shown there."""
    study, from_zero = st.session_state.get(_AWAITED, ("", False))
    runs = services().runs_of(study, actor=actor()) if study else ()
    if study and not runs and services().is_comparing(study):
        st.progress(0.0, t("The comparison begins."))
        return
    if runs and not from_zero and runs[0].active and runs[0].step < VIEWED_AT:
        step = runs[0].step
        words = t(
            "SGD trains: update {step} of {wanted}. Then the surface around it opens.", step=step, wanted=VIEWED_AT
        )
        st.progress(step / VIEWED_AT, words)
        return
    st.session_state.pop(_AWAITED, None)
    if runs:
        sgd, others = runs[0], [run.id for run in runs[1:]]
        if from_zero:
            landscape_tabs.show("saddle", sgd.id, None, others)
        else:
            landscape_tabs.show("network", sgd.id, min(VIEWED_AT, sgd.step), others, "hessian")
    st.rerun()


def counts(run: RunRecord) -> bool:
    """After how many updates each run of the comparison has left the flat part; False for another comparison's run."""
    studies = [record for record in services().studies(actor=actor()) if record.id == run.study]
    kinds = [zero for zero in (False, True) if stored_real_saddles(studies, from_zero=zero)]
    if not kinds:
        return False
    with st.container(key="real-saddle", gap="xsmall"):
        st.markdown(f"**{t('UPDATES UNTIL A LOSS BELOW {loss:g}', loss=FLAT)}**")
        goes_on = any(member.active for member in services().runs_of(studies[0].id, actor=actor()))
        st.fragment(_members, run_every=POLL_S if goes_on else None)(studies[0].id)
        st.markdown(prose("From weights of exactly 0 nobody leaves: all units of a layer stay equal."))
        if not kinds[0]:
            st.button(
                t("Start from 0"),
                key="start from 0",
                icon=":material/play_arrow:",
                on_click=_await,
                kwargs={"from_zero": True},
            )
        _news()
    return True


def _members(study: str) -> None:
    st.markdown("  \n".join(_left(member) for member in services().runs_of(study, actor=actor())))


def _left(run: RunRecord) -> str:
    name, step = plain(landscape_tabs.name_of(run)), left_flat_part(services().store, run)
    if step is not None:
        return f"{name} **{t('{count:,}', count=step)}**"
    return (
        t("{name} not in {count:,} so far", name=name, count=run.step)
        if run.active
        else t("{name} not in {count:,}", name=name, count=run.step)
    )
