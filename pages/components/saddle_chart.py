"""The curvature of a network as a Streamlit component: it follows the run and the channels on which it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from streamlit.components.v2 import component

from core.figures.theme import SLOTS
from core.live.assets import plotly_version
from pages.components.live_chart import ASSETS, LOADER

_component = component("saddlepoint_saddle_chart", js=LOADER, isolate_styles=False)


class Pressed(NamedTuple):
    """What was pressed since the last run of the page.

    `cut` {"step"} the surface there, measure it `again`, measure the snapshots (`trail`), `leave` the presentation.
    """

    cut: dict[str, Any] | None
    again: dict[str, Any] | None
    trail: dict[str, Any] | None
    leave: dict[str, Any] | None


def saddle_chart(
    run: str,
    channel: str | None,
    trail: Sequence[str],
    *,
    count: int,
    token: str,
    labels: Mapping[str, str],
    key: str,
    lang: str = "en",
    present: bool = False,
) -> Pressed:
    """Show the curvature of a run: after one update (`channel`), at snapshots (`trail`), and while it goes on.

    `count`: how often something was asked for, so that the browser asks anew too. With equal arguments nothing is sent
    again, so the pictures stay as they are over reruns.
    """
    version = ASSETS.version
    data = {
        "run": run,
        "channel": channel,
        "trail": list(trail),
        "count": count,
        "token": token,
        "lang": lang,
        "labels": dict(labels),
        "colors": [asdict(slot) for slot in SLOTS],
        "settings": {"present": present, "view": {}},
        "version": version,
        "module": f"/live/assets/{version}/saddle_chart.js",
        "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "surface.css", "network.css", "saddle.css")],
        "plotly": f"/live/plotly.min.js?v={plotly_version()}",
        "socket": "/live",
    }
    result = _component(
        key=key,
        data=data,
        on_cut_change=_nothing,
        on_again_change=_nothing,
        on_trail_change=_nothing,
        on_leave_change=_nothing,
    )
    return Pressed(*(result.get(name) for name in Pressed._fields))


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
