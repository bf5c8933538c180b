"""What one tab races on a practice surface: the choices as typed, the last race that was possible, the story."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from core.catalog.registry import canonical_key, entries, entry_class, parse
from core.errors import BadInput, CoreError
from core.figures.theme import distinct
from core.landscape.practice import MOST_OPTIMIZERS, Practice
from core.landscape.stories import Story, stories
from core.text import Text
from pages.components import state

PLACE = "landscape"
"""The first word of the paths of this page's controls."""
_DRAFT, _RACE, _STORY, _ERROR = "surface draft", "surface race", "surface story", "surface error"
_ADDRESS = "surface in the address bar"
PARAMETERS = ("surface", "race", "start", "steps", "seed", "story")
"""Query parameters of this page begin with one of these."""


def draft() -> dict[str, Any]:
    """The choices as typed, as a JSON document."""
    if _DRAFT not in st.session_state:
        tell_story(0)
    return st.session_state[_DRAFT]


def practice() -> Practice:
    """The last choices that make a race."""
    draft()
    return st.session_state[_RACE]


def problem() -> CoreError | None:
    """Why the choices as typed make no race."""
    return st.session_state.get(_ERROR)


def story() -> Story | None:
    """The story that is shown, as long as nothing was changed in it."""
    shown, place = practice(), st.session_state.get(_STORY)
    return None if place is None or stories()[place].practice != shown else stories()[place]


def story_place() -> int:
    """Where the story bar stands, from 0."""
    return st.session_state.get(_STORY) or 0


def tell_story(place: int) -> None:
    """Show a story; before the first comes the last."""
    place %= len(stories())
    take(stories()[place].practice)
    st.session_state[_STORY] = place


def take(race: Practice) -> None:
    """Choose a race."""
    st.session_state[_DRAFT], st.session_state[_RACE] = race.to_json(), race
    st.session_state[_ERROR] = None


def change(**values: Any) -> None:
    """Change parts of the choices; the race follows where they make one."""
    st.session_state[_DRAFT] = {**draft(), **values}
    try:
        st.session_state[_RACE] = Practice.from_json(st.session_state[_DRAFT])
        st.session_state[_ERROR] = None
    except BadInput as error:
        st.session_state[_ERROR] = error


def put(place: str, path: str, value: Any) -> None:
    """Take a value from a control: `surface`, `surface.noise`, `optimizers.0.lr`, `steps`, `start`."""
    head, *rest = path.split(".")
    document = draft()
    if head == "surface" and not rest:
        # Another surface has another domain: what starts there starts where it is to be started.
        noise = document["surface"].get("noise", 0.0)
        change(surface={"key": value, "noise": noise}, start=None)
    elif head == "surface":
        change(surface={**document["surface"], rest[0]: value})
    elif head == "optimizers":
        racers = [dict(racer) for racer in document["optimizers"]]
        racers[int(rest[0])][rest[1]] = value
        change(optimizers=racers)
    else:
        change(**{head: value})


state.takers[PLACE] = put


def add(key: str) -> None:
    """One more optimizer, with the learning rate that most of the others have."""
    racers = draft()["optimizers"]
    rates = [racer["lr"] for racer in racers if isinstance(racer.get("lr"), float)]
    cls = entry_class("optimizers", key)
    rate = {"lr": max(set(rates), key=rates.count)} if rates and "lr" in cls.model_fields else {}
    change(optimizers=[*racers, parse("optimizers", {"key": key, **rate}).model_dump(mode="json")])


def remove(place: int) -> None:
    """Take an optimizer out."""
    change(optimizers=[racer for number, racer in enumerate(draft()["optimizers"]) if number != place])


def is_full() -> bool:
    """Whether no more optimizers may race."""
    return len(draft()["optimizers"]) >= MOST_OPTIMIZERS


def slots(race: Practice) -> list[int]:
    """A colour slot for each optimizer: that of its place in the catalogue; a second one of a kind has a free one."""
    places = list(entries("optimizers"))
    return distinct([places.index(canonical_key("optimizers", optimizer.key)) for optimizer in race.optimizers])


# -- the address -----------------------------------------------------------------------------------------------------


def read_address() -> list[Text]:
    """Take the race of the address, where it has one that is not shown yet; sentences about what cannot be read."""
    query = {name: text for name, text in st.query_params.items() if name.split(".")[0] in PARAMETERS}
    if not query or json.dumps(query, sort_keys=True) == st.session_state.get(_ADDRESS):
        return []
    st.session_state[_ADDRESS] = json.dumps(query, sort_keys=True)
    told = next((place for place, found in enumerate(stories()) if found.key == query.get("story")), None)
    if told is not None:
        tell_story(told)
        return []
    race, remarks = Practice.from_url(query)
    if race is not None:
        take(race)
    return remarks


def address() -> dict[str, str]:
    """What stands in the address: the story, or the race."""
    shown = story()
    query = {"story": shown.key} if shown is not None else practice().to_url()
    st.session_state[_ADDRESS] = json.dumps(query, sort_keys=True)
    return dict(query)
