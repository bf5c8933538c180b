"""The pictures of the Gradients page as a Streamlit component: sentences, and panels of lines that only move."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import streamlit as st
from streamlit.components.v2 import component

from core.figures.theme import SLOTS
from core.live.assets import plotly_version
from core.training.alarms import Alarm
from pages.components.language import language, show, t
from pages.components.live_chart import ASSETS, LOADER

_component = component("saddlepoint_gradients_chart", js=LOADER, isolate_styles=False)


@dataclass(frozen=True)
class Line:
    """A line of a panel; `values` are drawn over `first`, `first` + 1, …, nothing where one is None or not finite."""

    name: str
    slot: int
    values: Sequence[float | None]
    dash: bool = False
    first: int = 1


@dataclass(frozen=True)
class Panel:
    """One picture: lines over whole numbers. `powers`: the values are given as log10."""

    name: str
    title: str
    x_title: str
    y_title: str
    lines: Sequence[Line]
    scale: Literal["log", "linear", "percent"] = "linear"
    help: str = ""
    note: str = ""
    powers: bool = False

    def data(self) -> dict[str, Any]:
        """What the browser is sent."""
        lines = [line for line in self.lines if any(value is not None for value in line.values)]
        ends = [line.first + len(line.values) - 1 for line in lines]
        return {
            "name": self.name,
            "title": self.title,
            "help": self.help,
            "note": self.note,
            "summary": f"{self.title}: {', '.join(dict.fromkeys(line.name for line in lines))}",
            "x": {"title": self.x_title, "low": self.lines[0].first, "high": max(ends, default=1)},
            "y": {"title": self.y_title, "scale": self.scale},
            "lines": [
                {
                    "name": line.name,
                    "slot": line.slot,
                    "dash": line.dash,
                    "x": list(range(line.first, line.first + len(line.values))),
                    "y": [_number(value, self.powers) for value in line.values],
                }
                for line in lines
            ],
        }


@dataclass(frozen=True)
class Sentence:
    """What is said of one network, with the alarms behind it and further numbers."""

    slot: int
    name: str
    text: str
    alarms: Sequence[Alarm] = ()
    numbers: Sequence[tuple[str, str]] = ()

    def data(self) -> dict[str, Any]:
        """What the browser is sent."""
        numbers = [(show(label), show(value)) for alarm in self.alarms for label, value in alarm.numbers]
        return {
            "slot": self.slot,
            "name": self.name,
            "text": self.text,
            "alarm": bool(self.alarms),
            "rules": [show(alarm.rule) for alarm in self.alarms],
            "numbers": [list(row) for row in dict.fromkeys([*numbers, *self.numbers])],
        }


def gradients_chart(sentences: Iterable[Sentence], panels: Sequence[Panel], *, key: str) -> None:
    """Show sentences and panels; under one key the names of the panels must stay. Equal arguments send nothing."""
    version = ASSETS.version
    _component(
        key=key,
        data={
            "said": [sentence.data() for sentence in sentences],
            "panels": [panel.data() for panel in panels],
            "labels": labels(t),
            "lang": language(),
            "token": "",
            "colors": [asdict(slot) for slot in SLOTS],
            "settings": {
                "present": st.session_state.get("present", False),
                "view": {},
                "panels": [panel.name for panel in panels],
            },
            "version": version,
            "module": f"/live/assets/{version}/gradients_chart.js",
            "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "gradients.css")],
            "plotly": f"/live/plotly.min.js?v={plotly_version()}",
        },
        on_leave_change=_nothing,
    )


def labels(t: Callable[[str], str]) -> dict[str, str]:
    """Every word that the browser puts beside what it is sent."""
    return {
        "not_loaded": t("The live chart could not be loaded. Reload the page."),
        "reset_zoom": t("Show everything again"),
        "download": t("Save as a picture"),
        "hint_leave": t("leave"),
        "rule": t("rule and numbers"),
    }


def _number(value: float | None, is_power: bool) -> float | None:
    """Six digits; None for what has no place on the axis."""
    if value is None or not math.isfinite(value):
        return None
    # Beyond what a double holds a gradient is shown at its edge.
    return float(f"{10.0 ** max(-300.0, min(300.0, value)) if is_power else value:.6g}")


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
