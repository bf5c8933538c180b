"""Find the fault: one person seals a fault into the experiment, others find it by the instruments of the run."""

from __future__ import annotations

import secrets
from functools import partial
from typing import cast

import streamlit as st

from core.catalog.faults import INSTRUMENTS, Fault, acting, sealed
from core.catalog.registry import entries
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.studies.fault_finding import Finding
from pages.components import address, lesson_state, opening, state
from pages.components.error_box import error_box
from pages.components.language import language, show, t
from pages.components.services import actor, services

_SEALED, _FOUND, _REFUSED = "seal that was made", "experiment with the fault found last", "diagnosis refused"
POLL_S = 2


def faults() -> dict[str, type[Fault]]:
    """All faults by key."""
    return cast("dict[str, type[Fault]]", dict(entries("faults")))


# -- who seals -------------------------------------------------------------------------------------------------------


def seal_one() -> None:
    """A popover that seals a fault into what is chosen; not for who is led through a lesson or looks for a fault."""
    experiment = state.experiment()
    if experiment.sealed or lesson_state.current() is not None:
        return
    opening.popover(
        "fault",
        t("Find the fault"),
        partial(_sealing, experiment),
        icon=":material/troubleshoot:",
        help=t("Seal a fault into this experiment, for others to find by the instruments"),
    )


def _sealing(experiment: Experiment) -> None:
    fitting = [key for key, cls in faults().items() if _fits(cls, experiment)]
    st.markdown(t("Who opens the link sees these choices and the run, and has to find out what is wrong with it."))
    if not fitting:
        st.caption(t("No fault fits this experiment."))
        return
    names = {"": t("surprise me"), **{key: t(faults()[key].title) for key in fitting}}
    chosen = st.selectbox(
        t("Fault"),
        list(names),
        format_func=names.__getitem__,
        key=f"fault to seal|{language()}",
    )
    if chosen:
        st.caption(t(faults()[chosen].why))
    st.button(t("Seal it"), key="seal", icon=":material/lock:", on_click=_seal, args=(experiment, chosen, fitting))
    before, made = st.session_state.get(_SEALED, ("", None))
    if made is not None and before == experiment.fingerprint():
        with_fault = experiment.replace(sealed=made)
        address.to_pass_on(t("The link with the sealed fault:"), with_fault.to_url())
        st.button(
            t("Find it here"),
            key="find it here",
            icon=":material/search:",
            on_click=state.choose,
            args=(with_fault,),
        )


def _fits(cls: type[Fault], experiment: Experiment) -> bool:
    try:
        cls().check(experiment)
    except BadInput:
        return False
    return True


def _seal(experiment: Experiment, chosen: str, fitting: list[str]) -> None:
    """Make a seal, of any fault that fits where none is chosen."""
    st.session_state[_SEALED] = experiment.fingerprint(), sealed(chosen or secrets.choice(fitting))


# -- who finds -------------------------------------------------------------------------------------------------------


def strip() -> None:
    """Above the run: that a fault is sealed in it, the diagnosis, and when that is made, what it is."""
    experiment = _with_fault()
    if experiment is None:
        return
    finding = services().finding(experiment.sealed, actor=actor())
    with st.container(border=True, key="sealed-fault", gap="xsmall"):
        if finding.is_revealed:
            _told(experiment, finding)
        else:
            _asked(experiment, finding)
        if _REFUSED in st.session_state:
            error_box(st.session_state.pop(_REFUSED))


def _with_fault() -> Experiment | None:
    """The experiment with the fault that is looked for, or that was found and is now run without it."""
    now = state.experiment()
    if now.sealed:
        st.session_state[_FOUND] = now
        return now
    found = st.session_state.get(_FOUND)
    is_its_healthy_one = found is not None and found.replace(sealed="").fingerprint() == now.fingerprint()
    return found if is_its_healthy_one else None


def _asked(experiment: Experiment, finding: Finding) -> None:
    is_seen = state.run_of_choices() is not None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(
            t(
                "**A fault is sealed in this run.** Press Start, watch the instruments, and say what is wrong. The "
                "right diagnosis gives 3 points, at the second try 2, at the third 1."
            ),
            width="stretch",
        )
        with st.popover(t("Diagnose"), icon=":material/stethoscope:", disabled=not is_seen):
            _form(experiment, finding)
        st.button(
            t("Give up"),
            key="give up",
            type="tertiary",
            disabled=not is_seen,
            on_click=_act,
            args=("give_up", experiment.sealed),
        )
    _not_it(finding)


def _not_it(finding: Finding) -> None:
    if finding.tries:
        wrong = ", ".join(t(faults()[key].title) for key, _ in finding.tries)
        st.caption(t("Not it: {wrong}. Look again.", wrong=wrong))


def _form(experiment: Experiment, finding: Finding) -> None:
    _not_it(finding)  # on a phone the form, which stays open, lies over the strip
    tried = {key for key, _ in finding.tries}
    fault = st.selectbox(
        t("What is wrong?"),
        [key for key in faults() if key not in tried],
        index=None,
        format_func=lambda key: t(faults()[key].title),
        placeholder=t("Choose a fault"),
        key=f"diagnosis {experiment.sealed} {len(tried)}",
    )
    if fault:
        st.caption(t(faults()[fault].why))
    instrument = st.selectbox(
        t("Which instrument shows it?"),
        list(INSTRUMENTS),
        index=None,
        format_func=lambda name: show(INSTRUMENTS[name]),
        placeholder=t("Choose an instrument"),
        key=f"instrument {experiment.sealed} {len(tried)}",
    )
    st.button(
        t("That is it"),
        key="diagnose",
        type="primary",
        disabled=not (fault and instrument),
        on_click=_act,
        args=("diagnose", experiment.sealed, fault, instrument),
    )


def _act(service: str, *values: str) -> None:
    """Diagnose or give up; where that is refused the page says so."""
    try:
        getattr(services(), service)(*values, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error


def _told(experiment: Experiment, finding: Finding) -> None:
    fault = finding.fault
    is_healthy = not state.experiment().sealed
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        words = (
            t("Found: {title}.", title=t(fault.title))
            if finding.is_found
            else t("It is: {title}.", title=t(fault.title))
        )
        st.markdown(f"**{words}** {t(fault.why)}", width="stretch")
        points, found = services().points(actor=actor())
        st.badge(
            t("{points} points", points=finding.points),
            color="green" if finding.points else "gray",
            help=t("Yours in all: {points} points for {found} faults found", points=points, found=found),
        )
        st.button(
            t("Back to the fault") if is_healthy else t("Run it healthy"),
            key="run it healthy",
            icon=":material/undo:" if is_healthy else ":material/healing:",
            help=None if is_healthy else t("The same experiment without the fault, beside this run"),
            on_click=state.choose if is_healthy else _run_healthy,
            args=(experiment,),
        )
    is_under_way = _is_under_way()
    st.fragment(_readings, run_every=POLL_S if is_under_way else None)(experiment, fault, is_under_way)
    num_found, num = services().finders(experiment.sealed)
    if num > 1:
        st.caption(t("Found by {found} of {num} who tried.", found=num_found, num=num))


def _readings(experiment: Experiment, fault: Fault, is_under_way: bool) -> None:
    """What the instrument shows, what it reads in both runs, and what to do: drawn anew while one of them goes on."""
    if is_under_way and not _is_under_way():
        st.rerun()  # once more, to rest
    found = services().readings(experiment, actor=actor())
    here, healthy = (
        t("not measured yet") if value is None else fault.reading_words(value)
        for value in (found.sealed, found.healthy)
    )
    read = t(
        "{quantity}: {here} with the fault, {healthy} without it.",
        quantity=_capital(t(fault.reading_title)),
        here=f"**{here}**",
        healthy=f"**{healthy}**",
    )
    if not acting(experiment).key:
        read = t("These choices leave the fault nothing to act on: the run is healthy.")
    shown, mended = f"**{t('Instrument')}** · {t(fault.choose)} {read}", f"**{t('What to do')}** · {t(fault.fix)}"
    st.markdown(f":small[{shown}]  \n:small[{mended}]")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _is_under_way() -> bool:
    run = state.run_of_choices()
    return run is not None and services().is_active(run)


def _run_healthy(experiment: Experiment) -> None:
    """Choose the same without the fault, and start it; the run with the fault stays beside it."""
    state.choose(experiment.replace(sealed=""))
    state.start_on_arrival()
