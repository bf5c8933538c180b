"""The live part of the Compare page as a Streamlit component: mounted once, fed by its own socket, never by reruns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from streamlit.components.v2 import component

from core.figures.theme import RAMP, SLOTS
from core.live.assets import plotly_version
from core.studies.study import study_channel
from pages.components.live_chart import ASSETS, LOADER

_component = component("saddlepoint_compare_chart", js=LOADER, isolate_styles=False)


class Pressed(NamedTuple):
    """What was pressed since the last run of the page; each is None or a dict.

    `start` {"pace", "one_update": begin paused after one update, "target": the error chosen by hand or null}, `again`
    {"pace"}, `leave` {}: the presentation was left.
    """

    start: dict[str, Any] | None
    again: dict[str, Any] | None
    leave: dict[str, Any] | None


def compare_chart(
    study: str | None,
    race: Mapping[str, Any],
    *,
    lanes: Sequence[Mapping[str, Any]],
    forks: Sequence[Mapping[str, Any]],
    token: str,
    labels: Mapping[str, str],
    key: str,
    lang: str = "en",
    present: bool = False,
    blocked: str = "",
    may: str = "change",
    caption: str = "",
    view: Mapping[str, Any] | None = None,
    measure: bool = False,
    price: str | None = None,
) -> Pressed:
    """Show a stored comparison live, or, with `study` None, what would be compared.

    `race` is of `compare_facts.race_data`; `lanes` and `forks` are the runs known when the page was drawn; `blocked`
    says why nothing can be started, `may` what is allowed here (`core.studies.access.may`); `caption` stands where the
    verdict will; `view` overrides what the browser remembers; `price` is the channel on which the price is told. With
    equal arguments nothing is sent again, so the picture stays as it is over reruns.
    """
    version = ASSETS.version
    data = {
        "study": study_channel(study) if study else None,
        "price": price,
        "race": {**race, "lanes": list(lanes), "forks": list(forks), "caption": caption},
        "blocked": blocked,
        "may": may,
        "token": token,
        "lang": lang,
        "labels": dict(labels),
        "colors": [asdict(slot) for slot in SLOTS],
        "ramp": RAMP,
        "settings": {"present": present, "view": dict(view or {}), "measure": measure},
        "version": version,
        "module": f"/live/assets/{version}/compare_chart.js",
        "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "compare.css")],
        "plotly": f"/live/plotly.min.js?v={plotly_version()}",
        "socket": "/live",
    }
    result = _component(
        key=key,
        data=data,
        on_start_change=_nothing,
        on_again_change=_nothing,
        on_leave_change=_nothing,
    )
    return Pressed(*(result.get(name) for name in Pressed._fields))


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
