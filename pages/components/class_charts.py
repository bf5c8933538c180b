"""The live parts of the Class page as Streamlit components: the wall of everybody's newest run, and the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from core.figures.theme import SLOTS
from core.lessons.distribution import Distribution
from core.store.records import STATE_NAMES, RunRecord
from core.studies.replayed import shown_slot
from pages.components.language import language, show, t
from pages.components.live_chart import ASSETS, LOADER
from pages.components.services import actor, live_token, services

_wall = component("saddlepoint_wall", js=LOADER, isolate_styles=False)
_answers = component("saddlepoint_answers", js=LOADER, isolate_styles=False)


def wall(runs: Sequence[RunRecord]) -> str | None:
    """Runs as tiles, which the browser keeps up to date by itself; the run that was just pressed, or None."""
    me, names = actor(), services().name_of
    tiles = [
        {"run": run.id, "name": names(run.owner) or "", "slot": shown_slot(run), "mine": run.owner == me}
        for run in runs
    ]
    data = {
        **_frame("wall_chart.js", wall_labels()),
        "tiles": tiles,
        "token": live_token(),
        "colors": [asdict(slot) for slot in SLOTS],
        "socket": "/live",
    }
    pressed = _wall(key="wall", data=data, on_open_change=_nothing).get("open")
    return pressed["run"] if pressed else None


def answers(found: Distribution) -> None:
    """What all have answered, as bars or as curves over each other."""
    labels = {
        "not_loaded": t("The picture could not be loaded. Reload the page."),
        "start": t("start of the run"),
        "end": t("end"),
    }
    shown = {
        "bars": [bar._asdict() for bar in found.bars],
        "curves": [list(heights) for heights in found.curves],
        "high": found.high,
        "shares": list(found.shares),
        "labels": {
            "high": f"{100 * found.high:.0f} %",
            "curves": t("Curves that were drawn: {count}", count=len(found.curves)),
        },
    }
    _answers(key="class answers", data={**_frame("answers_chart.js", labels), "token": "", "answers": shown})


def _frame(module: str, labels: dict[str, str]) -> dict[str, Any]:
    version = ASSETS.version
    return {
        "labels": labels,
        "lang": language(),
        "settings": {"present": st.session_state.get("present", False)},
        "version": version,
        "module": f"/live/assets/{version}/{module}",
        "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "classroom.css")],
    }


def wall_labels() -> dict[str, str]:
    """Every word of the wall, by the name that its script uses."""
    states = {f"state_{state}": show(name) for state, name in STATE_NAMES.items()}
    return {
        **states,
        "not_loaded": t("The wall could not be loaded. Reload the page."),
        "lost": t("The connection is lost; the runs go on. Trying again …"),
        "expired": t("The server was restarted. Reload the page to go on."),
        "empty": t("Nobody has started a run that the class sees. It appears here as soon as somebody does."),
        "wall": t("Everybody's newest run"),
        "validation": t("validation error"),
        "training": t("training error; each from 0 to its highest"),
        "mine": t("{name} (you)"),
        "gone": t("deleted or no longer shared"),
        "tile": t("{name}, {state}, validation error {error}"),
    }


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
