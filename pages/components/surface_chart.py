"""The pictures of a practice race as a Streamlit component: map, 3-D, loss, and one update taken apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from string import ascii_uppercase
from typing import Any, NamedTuple

import numpy as np
from streamlit.components.v2 import component

from core.catalog.entry import Entry
from core.catalog.optimizers.optimizer import Optimizer
from core.figures.theme import SLOTS
from core.landscape.anatomy import anatomy, rule
from core.landscape.path import Path
from core.live.assets import plotly_version
from core.studies.practice_races import Drawing
from pages.components.language import t
from pages.components.live_chart import ASSETS, LOADER

_component = component("saddlepoint_surface_chart", js=LOADER, isolate_styles=False)


class Pressed(NamedTuple):
    """What was done since the last run of the page: `start` {"x", "y"} was chosen, the presentation was left."""

    start: dict[str, float] | None
    leave: dict[str, Any] | None


def surface_chart(
    drawing: Drawing,
    *,
    slots: list[int],
    labels: Mapping[str, str],
    key: str,
    lang: str = "en",
    present: bool = False,
    caption: str = "",
) -> Pressed:
    """Show a race. With equal arguments nothing is sent again, so the picture stays as it is over reruns."""
    practice, version = drawing.practice, ASSETS.version
    surface = practice.surface
    data = {
        "surface": {
            "key": surface.key,
            "title": t(surface.title),
            "expression": surface.build().text,
            "domain": list(surface.domain),
            "x": drawing.x.tolist(),
            "y": drawing.y.tolist(),
            "z": [_numbers(row) for row in drawing.heights],
            "critical": [asdict(point) for point in surface.critical],
        },
        "start": list(practice.begin),
        "steps": practice.steps,
        "racers": [
            _racer(drawing, place, path, slot, letter)
            for place, (path, slot, letter) in enumerate(
                zip(
                    drawing.paths,
                    slots,
                    letters([t(optimizer.title) for optimizer in practice.optimizers]),
                    strict=True,
                )
            )
        ],
        "leaving": _leaving(drawing, slots),
        "caption": caption,
        "labels": dict(labels),
        "lang": lang,
        "token": "",
        "colors": [asdict(slot) for slot in SLOTS],
        "settings": {"present": present, "view": {}},
        "version": version,
        "module": f"/live/assets/{version}/surface_chart.js",
        "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "surface.css")],
        "plotly": f"/live/plotly.min.js?v={plotly_version()}",
    }
    result = _component(key=key, data=data, on_start_change=_nothing, on_leave_change=_nothing)
    return Pressed(*(result.get(name) for name in Pressed._fields))


def name_of(optimizer: Entry) -> str:
    """An optimizer with the numbers that are not behind "more", and with those that are not as usual."""
    usual, title = type(optimizer)(), t(optimizer.title)
    shown = [
        (parameter.name, t(parameter.title), getattr(optimizer, parameter.name))
        for parameter in optimizer.parameters()
        if parameter.usual is not None
        and (not parameter.usual.more or getattr(optimizer, parameter.name) != getattr(usual, parameter.name))
    ]
    # "momentum 0.5, rate 0.4" rather than "momentum, learning rate 0.4, momentum 0.5".
    own = [f"{title} {value:g}" for _, name, value in shown if name == title]
    others = [f"{name} {value:g}" for key, name, value in shown if name != title and key != "lr"]
    rate = [t("rate {value:g}", value=value) for key, _, value in shown if key == "lr"]
    return ", ".join([*(own or [title]), *others, *rate])


def letters(names: Sequence[str]) -> list[str]:
    """A letter for each name, no two the same: the first of its own that is free, else the next of the alphabet."""
    taken: list[str] = []
    for name in names:
        own = [letter for letter in name.upper() if letter.isalpha()]
        taken.append(next(letter for letter in [*own, *ascii_uppercase] if letter not in taken))
    return taken


def _racer(drawing: Drawing, place: int, path: Path, slot: int, letter: str) -> dict[str, Any]:
    optimizer = drawing.practice.optimizers[place]
    x, y = path.positions.T
    parts = [
        {
            "label": t(part.name),
            "x": _numbers(part.values[:, 0]),
            "y": _numbers(part.values[:, 1]),
            "arrow": part.is_way,
        }
        for part in anatomy(optimizer, path)
    ]
    rates = path.rates
    return {
        "key": f"{place}",
        "name": name_of(optimizer),
        "letter": letter,
        "slot": slot,
        "x": _numbers(x),
        "y": _numbers(y),
        "loss": _numbers(path.losses),
        "gradient": _numbers(path.gradient_norms),
        "left_at": path.left_at(drawing.practice.surface.domain),
        "finite": path.num_finite,
        "anatomy": {"rows": parts, "rule": _rule(optimizer, path)},
        "rates": None if rates is None else {"x": _numbers(rates[:, 0]), "y": _numbers(rates[:, 1])},
    }


def _rule(optimizer: Optimizer, path: Path) -> dict[str, Any] | None:
    line = rule(optimizer, path)
    if line is None:
        return None
    both = {"rates": line.rates, "directions": line.directions}
    return {"decay": line.decay} | {
        name: {"x": _numbers(values[:, 0]), "y": _numbers(values[:, 1])} for name, values in both.items()
    }


def _leaving(drawing: Drawing, slots: list[int]) -> dict[str, Any] | None:
    if drawing.leaving is None:
        return None
    rows = [
        {"slot": slot, "name": name_of(optimizer), "updates": updates}
        for slot, optimizer, updates in zip(slots, drawing.practice.optimizers, drawing.leaving, strict=True)
    ]
    return {"title": t("Updates until the saddle is left"), "rows": rows}


def _numbers(values: np.ndarray) -> list[float | None]:
    """Six digits of every number, None for what is no finite one."""
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values.tolist()]


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
