"""Popovers and expanders whose content is drawn from their first opening on.

Most tabs never open most of them, and what stands in them is a third of what a run of a page costs. Once opened, a
place is drawn although it is closed again: what was typed there stays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import streamlit as st

Place = Literal["begin with", "blocks", "code", "fault", "help", "layers", "link", "me", "more"]
"""What can be opened so; each stands once on a page."""
PLACES: tuple[Place, ...] = get_args(Place)
OPENED = "places that were opened"


def popover(place: Place, label: str, draw: Callable[[], None], **looks: Any) -> None:
    """A button that opens what `draw` draws; `looks` as `st.popover` takes them."""
    _fill(place, st.popover(label, key=f"{place} is open", on_change="rerun", **looks), draw)


def expander(place: Place, label: str, draw: Callable[[], None]) -> None:
    """A line that unfolds what `draw` draws; it stays unfolded when its label changes."""
    key = f"{place} is open"
    # A widget with another label is another widget to Streamlit, which would begin folded.
    st.session_state[key] = st.session_state.get(key, False)
    _fill(place, st.expander(label, key=key, on_change="rerun"), draw)


def _fill(place: Place, container: Any, draw: Callable[[], None]) -> None:
    opened: set[Place] = st.session_state.setdefault(OPENED, set())
    if container.open:
        opened.add(place)
    if place in opened:
        with container:
            draw()
