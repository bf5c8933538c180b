"""The second tab of Landscapes: the loss around a real network, and the paths of runs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import streamlit as st

from core.catalog.presets import presets
from core.errors import CoreError
from core.experiment import Experiment
from core.figures.theme import distinct
from core.landscape.asked import Asked, LandscapeRequest, LineRequest, SurfaceRequest
from core.store.records import RunRecord
from pages.components import landscape_tabs, network_state, replaying
from pages.components.error_box import error_box, plain
from pages.components.language import language, t
from pages.components.network_chart import Shown, network_chart
from pages.components.network_choices import beside, comparable, moment, more, picture, plane, runs_on_map
from pages.components.network_labels import network_labels
from pages.components.parts import in_panes
from pages.components.services import actor, live_token, services
from pages.components.surface_chart import letters

CHART = "network chart"
TRAINING_S = 20.0
"""So long the page waits for the network that it trains when there is none yet."""
_SEEN, _AGAIN, _REFUSED = "what the network chart shows", "network chart anew", "network that was refused"


class Seen(NamedTuple):
    """What is shown: what was asked for, on which channel it is told, and how often it was asked for."""

    request: LandscapeRequest
    channel: str
    count: int


def answer(fired: Mapping[str, Any]) -> None:
    """Do what was pressed in the pictures, before the page is drawn."""
    if fired.get("leave") is not None:
        st.session_state["present"] = False
    if fired.get("again") is not None:
        st.session_state[_AGAIN] = True
    rests = fired.get("replay")
    found = services().find(rests["run"], actor=actor()) if rests else None
    if rests and found is not None and not found.active:  # what goes on cannot be replayed
        replaying.note(rests)
        landscape_tabs.go_to(landscape_tabs.step())


def network_tab() -> None:
    """The whole tab."""
    answer(st.session_state.get(CHART) or {})
    run = landscape_tabs.run()
    if run is None:
        empty()
        return
    in_panes(lambda: choices(run), lambda: pictures(run, beside(run)))


def choices(run: RunRecord) -> None:
    """The runs, the picture, the moment and the plane."""
    runs_on_map(run)
    picture()
    if network_state.choices().picture != "between":
        moment(run)
    if network_state.choices().picture == "surface":
        plane()
    more(run)


def empty() -> None:
    """What to do where nothing has been trained."""
    st.info(t("No network is trained yet, so there is no surface to be seen. Train one, or let one be trained here."))
    with st.container(horizontal=True):
        if st.button(t("Train a network here"), type="primary", icon=":material/play_arrow:"):
            train()
            st.rerun()
        if st.button(t("Open Train"), icon=":material/show_chart:"):
            st.switch_page("train.py")
    if _REFUSED in st.session_state:
        error_box(st.session_state.pop(_REFUSED))


def train() -> None:
    """Train the first starting point; what is not over soon is looked at while it goes on."""
    first = next(iter(presets().values()))
    try:
        run = services().start(Experiment.from_json({"preset": first.key}), actor=actor(), pace="max")
        landscape_tabs.look_at(run)
        with st.spinner(t("Training the first network")):
            services().wait(run, TRAINING_S, actor=actor())
    except CoreError as error:
        st.session_state[_REFUSED] = error
    except TimeoutError:
        return


# -- the pictures ----------------------------------------------------------------------------------------------------


def request(run: RunRecord, others: Sequence[RunRecord]) -> LandscapeRequest | None:
    """What the choices ask for; None where a second run is wanted and none is ticked. BadInput for what cannot be."""
    now, step = network_state.choices(), landscape_tabs.step()
    ids = (run.id, *(other.id for other in others))
    if now.picture == "surface":
        asked = Asked(now.plane, now.resolution, now.samples, now.seed, now.with_penalty, now.batch_norm)
        return SurfaceRequest(ids, step, asked)
    if now.picture == "update":
        return LineRequest(ids[:1], step, now.samples, now.batch_norm)
    return LineRequest(ids[:2], None, now.samples, now.batch_norm) if others else None


def pictures(run: RunRecord, others: Sequence[RunRecord]) -> None:
    """What is asked for, as it is computed."""
    above = st.container(key="above-network")
    seen: Seen | None = st.session_state.get(_SEEN)
    try:
        asked = request(run, others)
        if asked is None:
            second_run(run)
            return
        if seen is None or seen.request != asked or st.session_state.pop(_AGAIN, False):
            # Asked once: what a person has cancelled does not begin again by itself.
            seen = Seen(asked, services().landscape(asked, actor=actor()), seen.count + 1 if seen else 1)
            st.session_state[_SEEN] = seen
    except CoreError as error:
        with above:
            error_box(error)
    if seen is None:
        return
    records = [found for run in runs_of(seen.request) if (found := services().find(run, actor=actor())) is not None]
    names = list(landscape_tabs.told_apart(records).values())
    slots = distinct([record.colour_slot for record in records])
    if isinstance(seen.request, LineRequest) and len(others) > 1 and len(records) > 1:
        above.caption(t("The line leads to the first of those ticked: {name}", name=plain(names[1])))
    network_chart(
        seen.channel,
        kind=kind_of(seen.request),
        resolution=seen.request.asked.resolution if isinstance(seen.request, SurfaceRequest) else 0,
        runs=[Shown(*row) for row in zip([r.id for r in records], names, letters(names), slots, strict=True)],
        active=any(record.active for record in records),
        count=seen.count,
        moment=replaying.moment(run.id),
        token=live_token(),
        labels=network_labels(t),
        key=CHART,
        lang=language(),
        present=st.session_state.get("present", False),
    )


def second_run(run: RunRecord) -> None:
    """What to do where a line needs another run, in the place of the picture."""
    with st.container(border=True, height=460, horizontal_alignment="center", vertical_alignment="center"):
        st.markdown(
            t("Tick a second run: the line leads from the network looked at to it.")
            if comparable(run)
            else t(
                "No other run of this network on these samples is stored. Train one with another seed, or branch off."
            ),
            width="content",
        )


def runs_of(asked: LandscapeRequest) -> tuple[str, ...]:
    """The runs that a picture shows."""
    return asked.runs if isinstance(asked, SurfaceRequest | LineRequest) else (asked.run,)


def kind_of(asked: LandscapeRequest) -> str:
    """What the browser calls a picture."""
    if isinstance(asked, SurfaceRequest):
        return "surface"
    return "between" if len(runs_of(asked)) == 2 else "update"
