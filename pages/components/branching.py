"""Branch here: leave the run looked at after some update with one thing changed; and the tree of what has branched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.describe import title
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.figures.theme import SLOTS
from core.store.records import RunRecord
from core.training.changes import carried_over, change_words, changed, computed
from pages.components import state
from pages.components.compare_facts import Option, branch_options
from pages.components.error_box import error_box, plain
from pages.components.language import language, show, t
from pages.components.services import actor, computed_by, services

OPEN = "branching is open"
BESIDE = "run beside the one looked at"
_REFUSED = "branch that was refused"


def beside(run: str) -> str | None:
    """The run whose curves stand behind those of `run`: the one looked at before it, else the one it has left."""
    shown, before = st.session_state.get(BESIDE, (None, None))
    if shown == run:
        return before
    record = services().find(run, actor=actor())
    return record.parent if record else None


def put_beside(run: str, other: str | None) -> None:
    """Draw another run behind `run`."""
    st.session_state[BESIDE] = (run, other)


def look_at(run: RunRecord, other: str) -> None:
    """Show a run, and another one behind it."""
    now = computed_by(run)
    put_beside(run.id, other)
    state.choose(now)
    state.show_run(run.id, now)


# -- the form --------------------------------------------------------------------------------------------------------


def branch_here(run: str) -> None:
    """A button that opens the form."""
    popover = st.popover(
        t("Branch here"),
        icon=":material/fork_right:",
        key=OPEN,
        on_change="rerun",
        help=t("What if: go on from any update with one thing changed, beside this run"),
    )
    record = services().find(run, actor=actor()) if popover.open else None
    if record is not None:
        with popover, st.container(key="branching", gap="small", width=330):
            _form(record)


def _form(record: RunRecord) -> None:
    step_key = _update(record)
    before = _experiment_at(record, st.session_state[step_key])
    _change(before)
    after, problem = before, None
    try:
        changes = _typed(before)
        after = changed(before, changes)[0] if changes else before
    except BadInput as error:
        problem = error
    if problem is None:
        st.caption(show(carried_over(before, after)))
    refused = problem or st.session_state.pop(_REFUSED, None)
    if refused is not None:
        error_box(refused)
    st.button(
        t("Branch"),
        type="primary",
        icon=":material/fork_right:",
        disabled=problem is not None,
        on_click=_branch,
        args=(record, step_key),
    )


def _update(record: RunRecord) -> str:
    """After which update, None being now; the key of the box.

    A run that is over has nothing left to do at its end: half of it is offered.
    """
    active = services().is_active(record.id)
    last = int(record.answer["steps"]) if record.state == "diverged" else record.step
    key = f"branch of {record.id} after update|{active}"
    st.number_input(
        t("after update"),
        min_value=0,
        max_value=None if active else last,
        value=None if active else last // 2,
        step=1,
        placeholder=t("now"),
        key=key,
        help=t("Any update up to the last one; what has been trained up to there is shared."),
    )
    return key


def _experiment_at(record: RunRecord, step: int | None) -> Experiment:
    """What a run computed after an update."""
    events = services().store.events(record.id)
    passed = [event for event in events if step is None or event.step <= step]
    return computed(Experiment.from_json(dict(record.experiment)), passed)


def _change(before: Experiment) -> None:
    """What changes, and to what."""
    options = {option.path: option for option in branch_options(before)}
    path = st.selectbox(
        t("what changes"),
        [*options, ""],
        format_func=lambda path: options[path].label if path else t("nothing: it goes on as it would have"),
        key=_what_key(),
    )
    option = options.get(path)
    if option is None:
        return
    if option.choices is None:
        st.text_input(option.label, option.value, key=_value_key(option))
        return
    labels = [choice["label"] for choice in option.choices]
    st.selectbox(option.label, range(len(labels)), format_func=labels.__getitem__, key=_value_key(option))


def _what_key() -> str:
    return f"branch changes|{language()}"


def _value_key(option: Option) -> str:
    return f"branch {option.path} to|{option.value}|{language()}"


def _typed(before: Experiment) -> dict[str, Any]:
    """What is to change, as typed now; {} where that is what it computes already."""
    option = next((option for option in branch_options(before) if option.path == st.session_state[_what_key()]), None)
    if option is None:
        return {}
    value = st.session_state.get(_value_key(option), option.value if option.choices is None else 0)
    value = state.as_json(value.replace(",", ".")) if option.choices is None else option.choices[value]["value"]
    changes = {option.path: value}
    return changes if changed(before, changes)[0].fingerprint() != before.fingerprint() else {}


def _branch(parent: RunRecord, step_key: str) -> None:
    """Let a run branch, and look at the branch with its parent behind it; what is refused is said in the form.

    The fields are read here: whoever types and presses at once means what was typed, not what the form was drawn with.
    """
    step = st.session_state[step_key]
    before = _experiment_at(parent, step)
    try:
        changes = _typed(before)
        made = services().fork(parent.id, step, changes, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error
        return
    st.session_state[OPEN] = False
    record = services().store.get_run(made, actor=actor())
    words = show(change_words(before, changed(before, changes)[0], changes)) if changes else t("unchanged")
    name = t("{change} from update {step}", change=words, step=record.fork_step)
    services().rename(made, name, actor=actor())
    look_at(record, parent.id)


# -- the tree --------------------------------------------------------------------------------------------------------


def branch_tree(run: str, family: Sequence[RunRecord]) -> None:
    """The runs that have one beginning in common, each after the one it has left; pressed, one is looked at."""
    depths: dict[str, int] = {}
    with st.container(horizontal=True, gap="small", key="branches"):
        for member in family:
            depth = depths[member.id] = depths.get(member.parent or "", -1) + 1
            name = plain(member.name or show(title(computed_by(member))))
            slot = member.colour_slot % len(SLOTS)
            with st.container(key=f"branch-{slot}-{'kin' if depth else 'first'}-{member.id}", width="content"):
                st.button(
                    f"{'└' * depth}{' ' if depth else ''}{f'**{name}**' if member.id == run else name}",
                    key=f"look at {member.id}",
                    type="tertiary",
                    on_click=look_at,
                    args=(member, run),
                    disabled=member.id == run,
                )
