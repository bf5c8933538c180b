"""The live chart as a Streamlit component: mounted once, fed by its own socket, never by reruns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from streamlit.components.v2 import component

from core.figures.theme import SLOTS
from core.live.assets import Assets, plotly_version
from pages.components.live_labels import live_labels

__all__ = ["Fired", "live_chart", "live_labels"]

ASSETS = Assets(Path(__file__).parents[2] / "assets", look_again_s=1.0)

# Only this loader travels with the page; the modules it imports are cached by the browser.
LOADER = """
export default function (component) {
  let cleanup = null;
  let superseded = false;
  const { data, parentElement } = component;
  import(new URL(data.module, window.location.href).href)
    .then((module) => {
      if (superseded) return;
      parentElement.querySelector(".sp-not-loaded")?.remove();
      cleanup = module.mount(component);
    })
    .catch((error) => {
      if (superseded) return;
      const complaint = document.createElement("p");
      complaint.className = "sp-not-loaded";
      complaint.style.overflowWrap = "anywhere";
      complaint.textContent = data.labels.not_loaded + " " + error.message;
      parentElement.replaceChildren(complaint);
    });
  return () => {
    superseded = true;
    if (cleanup) cleanup();
  };
}
"""

_component = component("saddlepoint_live_chart", js=LOADER, isolate_styles=False)


class Fired(NamedTuple):
    """What was pressed since the last run of the page; each is None or a dict with the key "run".

    `start` {"run", "pace", "one_update": begin paused after one update}, `again` {"run", "pace"}, `suggestion` {"run",
    "pace", "id"}, `leave` {"run"}: the presentation was left, `replay` {"run", "at"}: it is watched again, after update
    `at`, null: no more, `offered` {"run"}: the replay that was offered is taken.
    """

    start: dict[str, Any] | None
    again: dict[str, Any] | None
    suggestion: dict[str, Any] | None
    leave: dict[str, Any] | None
    replay: dict[str, Any] | None
    offered: dict[str, Any] | None


def live_chart(
    run: str,
    *,
    token: str,
    labels: Mapping[str, str],
    key: str = "live_chart",
    lang: str = "en",
    present: bool = False,
    ghost: str | None = None,
    is_kin: bool = False,
    differs: str = "",
    blocked: str = "",
    may: str = "change",
    caption: str = "",
    form_key: str | None = None,
    view: Mapping[str, Any] | None = None,
    curve: Mapping[str, Any] | None = None,
    on_curve: Callable[[], None] | None = None,
    replay: Mapping[str, Any] | None = None,
    offer: str = "",
    measure: bool = False,
) -> Fired:
    """Show a run or preview of the hub, live.

    `ghost` is a run drawn behind it: pale, or in its own colour where it `is_kin`, a branch or what has been left,
    and `differs` says which settings of its own it has, for where the line above the chart says the same of both;
    `blocked` says why nothing can be started now; `may` is what is allowed here (`core.studies.access.may`); `caption`
    is what a preset promises; `form_key` is the `key=` of the container with the choices, where the phone's "change"
    leads; `view` overrides what the browser remembers: quantity (error, loss), scale (linear, log), x (epoch, update,
    seconds), smoothing (0, 0.6, 0.9), more, pace; `curve` is what is expected {"split", "high", "epochs", "heights",
    "others", "is_open": it is still to be drawn, which calls `on_curve`}; `replay` {"at", "number"} watches the run
    again, from its beginning or (`at`) after that update, once for each number; `offer` says what came out when the
    same was run before; `measure` records step-to-pixel times in the browser. With equal arguments nothing is sent
    again, so the picture stays as it is over reruns.
    """
    version = ASSETS.version
    data = {
        "run": run,
        "ghost": ghost,
        "is_kin": is_kin,
        "differs": differs,
        "blocked": blocked,
        "may": may,
        "caption": caption,
        "curve": dict(curve) if curve else None,
        "replay": dict(replay) if replay else None,
        "offer": offer,
        "token": token,
        "lang": lang,
        "labels": dict(labels),
        "colors": [asdict(slot) for slot in SLOTS],
        "settings": {"present": present, "form_key": form_key, "view": dict(view or {}), "measure": measure},
        "version": version,
        "module": f"/live/assets/{version}/live_chart.js",
        "css": [f"/live/assets/{version}/live.css"],
        "plotly": f"/live/plotly.min.js?v={plotly_version()}",
        "socket": "/live",
    }
    result = _component(
        key=key,
        data=data,
        on_start_change=_nothing,
        on_again_change=_nothing,
        on_suggestion_change=_nothing,
        on_leave_change=_nothing,
        on_replay_change=_nothing,
        on_offered_change=_nothing,
        on_expect_change=on_curve or _nothing,
    )
    return Fired(*(result.get(name) for name in Fired._fields))


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
