"""Where the runs of a comparison or search are to train: asked only where there is a choice."""

from __future__ import annotations

import streamlit as st

from core.executors.choice import LOCAL, RAY, has_ray
from core.people import keeps_order
from pages.components.language import language, t
from pages.components.param_form import keep
from pages.components.services import actor

_CHOSEN = "executor"


def executor() -> str:
    """What is chosen."""
    return st.session_state.get(_CHOSEN, LOCAL)


def executor_choice(*, in_a_row: bool = False) -> None:
    """Ask; nothing where Ray is not installed, or for students. `in_a_row`: with the title beside it."""
    if not has_ray() or not keeps_order(actor()):
        return
    names = {LOCAL: t("in this program"), RAY: t("on the cluster")}
    key = f"{_CHOSEN}|{language()}"

    def choose() -> None:
        st.session_state[_CHOSEN] = st.session_state[key]

    title, told = t("WHERE RUNS TRAIN"), t("On a cluster many runs train at once; the tab Cluster of Runs shows it.")
    if in_a_row:
        st.markdown(f":small[**{title}**]", width="content", help=told)
    st.selectbox(
        title,
        list(names),
        list(names).index(keep(key, executor())),
        key=key,
        format_func=names.__getitem__,
        on_change=choose,
        label_visibility="collapsed" if in_a_row else "visible",
        help=None if in_a_row else told,
        width=180 if in_a_row else "stretch",
    )
