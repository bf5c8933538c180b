"""After how many updates the curvature of a run is measured while it trains: chosen in a tab, for what runs there."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from core.errors import Refused
from core.store.records import RunRecord
from core.studies.access import may_change
from pages.components.language import language, t
from pages.components.param_form import keep
from pages.components.services import actor, services

CHOICES = (0, 10, 50, 200)
_EVERY = "curvature every so many updates"


def begin(channel: str) -> None:
    """Watch a run or a comparison that was started in this tab, if that was chosen."""
    every = st.session_state.get(_EVERY, 0)
    if every:
        _tell(channel, every)


def _tell(channel: str, every: int) -> None:
    with suppress(Refused):  # It has ended in this very moment: there is nothing left to be measured.
        services().command(channel, "curvature", {"every": every}, actor=actor())


def choice(run: RunRecord) -> None:
    """The choice: for a run that goes on at once, else for the next one that is started in this tab."""
    active = services().is_active(run.id) and may_change(run, actor())
    meta = services().hub.meta(run.id) if active else {}
    now = meta.get("curvature_every", 0) if active else st.session_state.get(_EVERY, 0)
    key = f"curvature every|{run.id if active else ''}|{language()}"

    def change() -> None:
        every = st.session_state[key] or 0
        st.session_state[_EVERY] = every
        if active:
            _tell(run.id, every)

    st.segmented_control(
        t("MEASURE WHILE IT TRAINS, after every"),
        (*CHOICES, *(() if now in CHOICES else (now,))),
        default=keep(key, now),
        format_func=lambda every: t("{every} updates", every=every) if every else t("off"),
        key=key,
        on_change=change,
        help=t(
            "Both ends of the spectrum on a fixed sample, starting from those found before: a few gradients each time. "
            "The run computes the same with and without it."
        ),
    )
    st.caption(t("For this run.") if active else t("For the next run that is started in this tab."))
