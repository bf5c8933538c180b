"""Change while it runs: what of a running run can change without a restart, side by side, sent together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.catalog.entry import Parameter
from core.catalog.registry import entry_class
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.training.changes import changed
from pages.components import state
from pages.components.entry_form import field, is_more
from pages.components.error_box import error_box
from pages.components.language import t
from pages.components.param_form import shape_of
from pages.components.services import actor, computed_by, services

PLACE = "knobs"
"""The first word of the paths that the fields write to; what is typed waits here until it is sent."""
OPEN = "knobs are open"
_TYPED = "knobs as typed"
_REFUSED = "change that was refused"


@dataclass(frozen=True)
class Knob:
    """A number that can change while a run goes on. `family`, `key` and `entry`, the path of what it belongs to, are ""
    for the run's own numbers."""

    family: str
    key: str
    entry: str
    path: str
    parameter: Parameter
    value: Any

    def problem(self) -> BadInput | None:
        """Why its value, judged alone, cannot be used, or None."""
        if not self.family:
            return state.problem_of_number(self.path, self.value)
        name = self.parameter.name
        return state.problem_of_field(self.family, {"key": self.key, name: self.value}, name)


def knobs(experiment: Experiment) -> Iterator[Knob]:
    """The rates, strengths, shares and limits that an experiment has, and its batch size; with their values."""
    document = experiment.to_json()
    yield from _of_entries("optimizers", [("optimizer", document["optimizer"])])
    size = Experiment.parameters()["batch_size"]
    yield Knob("", "", "", size.name, _acts_at_once(size), experiment.batch_size)
    for family in ("regularizers", "augmentations"):
        yield from _of_entries(family, ((f"{family}.{place}", item) for place, item in enumerate(document[family])))


def _of_entries(family: str, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Knob]:
    for path, entry in entries:
        cls = entry_class(family, entry["key"])
        if getattr(cls, "fixed_because", None):
            continue
        for parameter in cls.parameters():
            if parameter.usual and not is_more(parameter) and shape_of(parameter.annotation).kinds & {int, float}:
                value = entry[parameter.name]
                yield Knob(family, cls.key, path, f"{path}.{parameter.name}", _acts_at_once(parameter), value)


def _acts_at_once(parameter: Parameter) -> Parameter:
    return replace(parameter, usual=replace(parameter.usual, live=True)) if parameter.usual else parameter


# -- what is typed ---------------------------------------------------------------------------------------------------


def typed(run: str) -> dict[str, Any]:
    """What was typed for a run and not sent yet, by path."""
    owner, values = st.session_state.get(_TYPED, ("", {}))
    return values if owner == run else {}


def put(_: str, path: str, value: Any) -> None:
    """Keep a value for the run looked at; the fields write here."""
    shown = state.shown_run()
    if shown is not None:
        st.session_state[_TYPED] = (shown[0], {**typed(shown[0]), path: state.as_json(value)})


def read_again() -> None:
    """Take over what the run looked at computes by now: another tab may have changed it."""
    shown = state.shown_run()
    record = services().find(shown[0], actor=actor()) if shown else None
    if shown is None or record is None:
        return
    now = computed_by(record)
    if now.fingerprint() != shown[1].fingerprint():
        state.choose(now)
        state.show_run(record.id, now)


def asked(run: str, now: Experiment) -> dict[str, Any]:
    """What was typed for a run and is not what it computes already, by path."""
    wanted = typed(run)
    return {knob.path: wanted[knob.path] for knob in knobs(now) if wanted.get(knob.path, knob.value) != knob.value}


def send(run: str, now: Experiment) -> None:
    """Change a run, and let what is chosen follow it; what was typed is kept where that is refused.

    What was typed is read here: whoever types and presses at once means that, not what the form was drawn with.
    """
    changes = asked(run, now)
    try:
        after, notes = changed(now, changes)
        services().command(run, "set", changes, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error
        return
    del st.session_state[_TYPED]
    st.session_state[OPEN] = False
    state.choose(after, notes)
    state.show_run(run, after)


# -- on the page -----------------------------------------------------------------------------------------------------


def change_while_it_runs(run: str, now: Experiment) -> None:
    """A button that opens the form for a run, which computes `now`."""
    popover = st.popover(
        t("Change while it runs"),
        icon=":material/tune:",
        key=OPEN,
        on_change=read_again,
        help=t("Learning rate, strengths, dropout, clipping, batch size: without a restart, marked on the chart"),
    )
    if popover.open:
        with popover, st.container(key="knobs", gap="xsmall", width=330):
            _form(run, now)


def _form(run: str, now: Experiment) -> None:
    if not services().is_active(run):
        st.markdown(t("This run is over. Add epochs to it and it can be changed while it goes on; or let it branch."))
        return
    wanted = typed(run)
    fields = [replace(knob, value=wanted.get(knob.path, knob.value)) for knob in knobs(now)]
    alone = [knob.problem() for knob in fields]
    entry = "optimizer"
    for knob, problem in zip(fields, alone, strict=True):
        if knob.entry not in ("", entry):
            st.caption(t(entry_class(knob.family, knob.key).title))
        entry = knob.entry
        field(knob.parameter, f"{PLACE}:{knob.path}", knob.value, problem)
    changes = asked(run, now)
    together = None if any(alone) else _problem_together(now, changes)
    refused = together or st.session_state.pop(_REFUSED, None)
    if refused is not None:
        error_box(refused)
    st.button(
        t("Change it now"),
        type="primary",
        icon=":material/bolt:",
        disabled=not changes or any(alone) or together is not None,
        on_click=send,
        args=(run, now),
        help=t("From the next update on; a line on the chart marks it."),
    )


def _problem_together(now: Experiment, changes: Mapping[str, Any]) -> BadInput | None:
    """Why changes that can be made alone cannot be made together, or None."""
    try:
        if changes:
            changed(now, changes)
    except BadInput as error:
        return error
    return None


state.takers[PLACE] = put
