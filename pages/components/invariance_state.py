"""What one tab of the browser tries on the page Data: by which disturbance, and which runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.text import Text
from core.training.disturbances import DISTURBANCES
from pages.components.parts import nothing_to_choose, runs_of_link

MOST_RUNS = 4
SHIPPED = "shipped"
"""Stands for the run that comes with the program."""
_KIND, _RUNS = "disturbance", "runs disturbed"


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


def read_address(query: Mapping[str, str]) -> list[Text]:
    """Take over a link; sentences about what cannot be."""
    remarks = []
    if query.get("against") in DISTURBANCES:
        show_disturbance(query["against"])
    elif query.get("against"):
        remarks.append(nothing_to_choose("against", query["against"]))
    named = query.get("of", "").split(",")[:MOST_RUNS]
    here, gone = runs_of_link(run for run in named if run != SHIPPED)
    if any(named):
        show_runs([run for run in named if run == SHIPPED or run in here])
    return remarks + gone


def address() -> dict[str, str]:
    """The disturbance, and the runs that were chosen."""
    return {"against": disturbance()} | ({"of": ",".join(shown)} if (shown := runs()) else {})
