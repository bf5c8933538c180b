"""The third tab of Landscapes: how the loss bends at a network, and whether that is a saddle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import streamlit as st

from core.errors import CoreError
from core.landscape.asked import CurvatureRequest
from core.store.records import RunRecord
from pages.components import landscape_tabs, real_saddle, watching
from pages.components.error_box import error_box
from pages.components.language import language, prose, t
from pages.components.network_choices import moment, offered
from pages.components.network_tab import empty
from pages.components.param_form import keep
from pages.components.parts import in_panes
from pages.components.saddle_chart import saddle_chart
from pages.components.saddle_labels import saddle_labels
from pages.components.services import actor, live_token, services
from pages.components.surface_asides import rarity

CHART = "saddle chart"
MOST_SNAPSHOTS = 12
POLL_S = 1.5
_SEEN, _AGAIN, _TRAIL = "what the saddle chart shows", "curvature anew", "snapshots whose curvature is asked for"
_COUNT = "how often a curvature was asked for"


class Seen(NamedTuple):
    """What is shown: what was asked for, and on which channel it is told."""

    request: CurvatureRequest
    channel: str


def answer(fired: Mapping[str, Any]) -> None:
    """Do what was pressed in the pictures, before the page is drawn."""
    run = landscape_tabs.run()
    if fired.get("leave") is not None:
        st.session_state["present"] = False
    if fired.get("again") is not None:
        st.session_state[_AGAIN] = True
    if fired.get("trail") is not None and run is not None:
        st.session_state[_TRAIL] = (run.id, None)
    if fired.get("cut") is not None and run is not None:
        landscape_tabs.show("network", run.id, fired["cut"]["step"], (), "hessian")
        st.rerun()


def saddle_tab() -> None:
    """The whole tab."""
    answer(st.session_state.get(CHART) or {})
    run = landscape_tabs.run()
    if run is None:
        empty()
        real_saddle.door(t("Show me a real saddle"))
        return
    in_panes(lambda: choices(run), lambda: seen(run))


def choices(run: RunRecord) -> None:
    """The network, the moment, and how often is looked."""
    network(run)
    moment(run)
    if run.active and landscape_tabs.step() is None:
        going_on(run.id)
    watching.choice(run)
    if not real_saddle.counts(run):
        real_saddle.door(t("Show me a real saddle"))


def seen(run: RunRecord) -> None:
    """The curvature, and where it is chosen how rare minima are."""
    pictures(run)
    is_presented = st.session_state.get("present", False)
    if not is_presented and st.toggle(t("How rare minima are"), key=f"saddle rarity|{language()}"):
        rarity()


def network(run: RunRecord) -> None:
    """Which run is looked at."""
    names = landscape_tabs.told_apart(offered(run))
    key = f"saddle run|{language()}"
    st.markdown(f"**{t('NETWORK')}**")
    st.selectbox(
        t("Network looked at"),
        list(names),
        list(names).index(keep(key, run.id)),
        format_func=names.__getitem__,
        key=key,
        label_visibility="collapsed",
        on_change=lambda: landscape_tabs.look_at(st.session_state[key]),
    )


@st.fragment(run_every=POLL_S)
def going_on(run: str) -> None:
    """What can be measured while a run goes on; when it is over the page measures its end."""
    record = services().find(run, actor=actor())
    if record is None or not record.active:
        st.rerun()
    if st.button(t("Measure where it is now"), width="stretch"):
        landscape_tabs.go_to(record.step)
        st.rerun()


def pictures(run: RunRecord) -> None:
    """The curvature at the update looked at, at snapshots if asked for, and while the run goes on."""
    above = st.container(key="above-saddle")
    seen: Seen | None = st.session_state.get(_SEEN)
    channel, trail = None, ()
    try:
        # The end of a run that goes on is a moment that has passed when its curvature is known.
        if landscape_tabs.step() is not None or not run.active:
            asked = CurvatureRequest(run.id, landscape_tabs.step())
            if seen is None or seen.request != asked or st.session_state.pop(_AGAIN, False):
                # Asked once: what a person has cancelled does not begin again by itself.
                seen = st.session_state[_SEEN] = Seen(asked, measured(asked))
            channel = seen.channel
        trail = snapshots(run)
    except CoreError as error:
        with above:
            error_box(error)
    saddle_chart(
        run.id,
        channel,
        trail,
        count=st.session_state.get(_COUNT, 0),
        token=live_token(),
        labels=saddle_labels(t),
        key=CHART,
        lang=language(),
        present=st.session_state.get("present", False),
    )
    if not st.session_state.get("present", False):
        st.caption(prose("All of it is about the mean loss of the network on a fixed sample of its training data."))


def measured(request: CurvatureRequest) -> str:
    """Ask for a measurement; the channel on which it is told."""
    channel = services().landscape(request, actor=actor())
    st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
    return channel


def snapshots(run: RunRecord) -> tuple[str, ...]:
    """The channels on which the curvature of the run's snapshots is told, once that was asked for."""
    of, channels = st.session_state.get(_TRAIL, (None, ()))
    if of != run.id:
        return ()
    if channels is None:
        steps = spread([entry.step for entry in services().store.snapshots(run.id)])
        asked = [CurvatureRequest(run.id, step) for step in steps]
        channels = tuple(map(measured, asked))
        st.session_state[_TRAIL] = (run.id, channels)
    return channels


def spread(steps: Sequence[int], most: int = MOST_SNAPSHOTS) -> list[int]:
    """At most so many of these, from the first to the last, evenly in their order."""
    count = min(len(steps), most)
    return [steps[round(place * (len(steps) - 1) / max(1, count - 1))] for place in range(count)]
