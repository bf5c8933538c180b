"""The surface of a real network as a Streamlit component: it follows the channel on which the surface is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from streamlit.components.v2 import component

from core.figures.theme import SLOTS
from core.live.assets import plotly_version
from pages.components.live_chart import ASSETS, LOADER

_component = component("saddlepoint_network_chart", js=LOADER, isolate_styles=False)


class Pressed(NamedTuple):
    """What was pressed since the last run of the page: compute it `again`, `leave` the presentation.

    `replay`: the paths of a run are watched after update `at`, None: whole again.
    """

    again: dict[str, Any] | None
    leave: dict[str, Any] | None
    replay: dict[str, Any] | None


@dataclass(frozen=True)
class Shown:
    """A run as it is drawn: its name, the letter at the end of its path, and its colour slot."""

    run: str
    name: str
    letter: str
    slot: int


def network_chart(
    channel: str,
    *,
    kind: str,
    resolution: int,
    runs: Sequence[Shown],
    active: bool,
    count: int,
    moment: int | None,
    token: str,
    labels: Mapping[str, str],
    key: str,
    lang: str = "en",
    present: bool = False,
) -> Pressed:
    """Show what is told on a channel: a surface of `resolution` points a side, or a line (`between`, `update`).

    `active`: one of the runs goes on, so that there may be more to show; `count`: how often it was asked for, so that
    the browser asks anew too; `moment`: the update up to which the paths are drawn strongly, None: whole paths. With
    equal arguments nothing is sent again, so the picture stays as it is over reruns.
    """
    version = ASSETS.version
    data = {
        "channel": channel,
        "count": count,
        "moment": moment,
        "asked": {"kind": kind, "resolution": resolution, "runs": [asdict(run) for run in runs], "active": active},
        "token": token,
        "lang": lang,
        "labels": dict(labels),
        "colors": [asdict(slot) for slot in SLOTS],
        "settings": {"present": present, "view": {}},
        "version": version,
        "module": f"/live/assets/{version}/network_chart.js",
        "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "surface.css", "network.css")],
        "plotly": f"/live/plotly.min.js?v={plotly_version()}",
        "socket": "/live",
    }
    result = _component(
        key=key, data=data, on_again_change=_nothing, on_leave_change=_nothing, on_replay_change=_nothing
    )
    return Pressed(*(result.get(name) for name in Pressed._fields))


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
