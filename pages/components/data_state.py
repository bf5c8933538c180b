"""What one tab of the browser looks at on the page Data: which part of it, which disturbance, which runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.text import Text
from core.training.disturbances import DISTURBANCES
from pages.components.language import language, t
from pages.components.param_form import keep
from pages.components.services import actor, services

PARTS = ("classes", "inputs", "augmentation", "generated", "invariance", "own")
MOST_RUNS = 4
SHIPPED = "shipped"
"""Stands for the run that comes with the program."""
_PART, _KIND, _RUNS, _ADDRESS = "part of Data", "disturbance", "runs disturbed", "Data in the address bar"
PARAMETERS = ("look", "against", "of")
"""Query parameters: the part, the disturbance, and the runs whose curves are shown."""


def part() -> str:
    """The part that is shown."""
    return st.session_state.get(_PART, PARTS[0])


def show_part(name: str) -> None:
    """Show another part."""
    st.session_state[_PART] = name


def choice(names: Mapping[str, str]) -> None:
    """The row of parts."""
    key = f"data parts|{language()}"
    keep(key, part())
    st.segmented_control(
        t("What is looked at"),
        PARTS,
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: show_part(st.session_state[key] or part()),
    )


def disturbance() -> str:
    """The disturbance that networks are tried with."""
    return st.session_state.get(_KIND, next(iter(DISTURBANCES)))


def show_disturbance(key: str) -> None:
    """Try another one."""
    st.session_state[_KIND] = key


def runs() -> list[str] | None:
    """Whose curves are shown: ids of runs, and SHIPPED; None: nothing was chosen yet."""
    return st.session_state.get(_RUNS)


def show_runs(ids: Sequence[str]) -> None:
    """Show the curves of these."""
    st.session_state[_RUNS] = list(ids)[:MOST_RUNS]


# -- the address -----------------------------------------------------------------------------------------------------


def read_address() -> list[Text]:
    """Take over what the address says, where it is new; sentences about what cannot be."""
    query = {name: st.query_params[name] for name in PARAMETERS if name in st.query_params}
    if query == st.session_state.get(_ADDRESS):
        return []
    st.session_state[_ADDRESS] = query
    remarks = []
    for name, options, take in (("look", PARTS, show_part), ("against", DISTURBANCES, show_disturbance)):
        if query.get(name) in options:
            take(query[name])
        elif query.get(name):
            remarks.append(
                Text("“{part}” in the link is nothing that can be chosen here.", part=f"{name}={query[name]}"[:200])
            )
    named = [run for run in query.get("of", "").split(",") if run][:MOST_RUNS]
    gone = [run for run in named if run != SHIPPED and services().find(run, actor=actor()) is None]
    remarks += [Text("There is no run “{run}” here: it may have been deleted.", run=run[:80]) for run in gone]
    if named:
        show_runs([run for run in named if run not in gone])
    return remarks


def address() -> dict[str, str | None]:
    """What stands in the address beside the experiment."""
    query = {"look": part()} if part() != PARTS[0] else {}
    if part() == "invariance":
        query["against"] = disturbance()
        if shown := runs():
            query["of"] = ",".join(shown)
    st.session_state[_ADDRESS] = query
    return dict(query)
