"""The live part of a search as a Streamlit component: mounted once, fed by its own socket, never by reruns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

import streamlit as st
from streamlit.components.v2 import component

from core.figures.theme import RAMP, SLOTS
from core.live.assets import plotly_version
from core.store.records import STATE_NAMES
from core.studies.study import study_channel
from pages.components.language import language, show, t
from pages.components.live_chart import ASSETS, LOADER
from pages.components.services import live_token

_component = component("saddlepoint_search_chart", js=LOADER, isolate_styles=False)


class Pressed(NamedTuple):
    """What was pressed since the last run of the page; each is None or a dict.

    `open` {"run"}: a trial is to be looked at, `over` {"study"}: the search has ended.
    """

    open: dict[str, Any] | None
    over: dict[str, Any] | None


def search_chart(study: str | None, *, key: str, price: str | None, may: str) -> Pressed:
    """Show a stored search live, or, with `study` None, what the chosen one would cost, told on the channel `price`.

    `may` is what is allowed here (`core.studies.access.may`). With equal arguments nothing is sent again.
    """
    version = ASSETS.version
    result = _component(
        key=key,
        data={
            "study": study_channel(study) if study else None,
            "price": price,
            "may": may,
            "token": live_token(),
            "lang": language(),
            "labels": search_labels(t),
            "colors": [asdict(slot) for slot in SLOTS],
            "ramp": RAMP,
            "settings": {"present": st.session_state.get("present", False), "view": {}, "measure": False},
            "version": version,
            "module": f"/live/assets/{version}/search_chart.js",
            "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "search.css")],
            "plotly": f"/live/plotly.min.js?v={plotly_version()}",
            "socket": "/live",
        },
        on_open_change=_nothing,
        on_over_change=_nothing,
    )
    return Pressed(*(result.get(name) for name in Pressed._fields))


def search_labels(t: Callable[[str], str]) -> dict[str, str]:
    """Every word of the live part, by the name that its script uses. What stands in braces the browser fills in."""
    return {
        **{f"state_{state}": show(name) for state, name in STATE_NAMES.items()},
        "not_loaded": t("The live chart could not be loaded. Reload the page."),
        "lost": t("The connection is lost; the search goes on. Trying again …"),
        "expired": t("The server was restarted. Reload the page to go on."),
        "not_connected": t("Not connected to the server. Try again in a moment."),
        "reset_zoom": t("Show everything again"),
        "download": t("Save as a picture"),
        "controls": t("Controls of the search"),
        "progress": t("Progress of the search"),
        "pause": t("Pause"),
        "resume": t("Go on"),
        "stop": t("Stop"),
        "open": t("Open"),
        "trials": t("Trials, the best first"),
        "curves": t("Every trial's validation error"),
        "best": t("Best so far"),
        "parallel": t("Settings and error of every trial; dark: low error"),
        "slices": t("Error against each setting"),
        "importances": t("What matters"),
        "mark_best": t("best"),
        "mark_within": t("simplest that is as good"),
        "best_so_far": t("lowest error so far"),
        "column_trial": t("trial"),
        "column_error": t("validation error"),
        "column_settings": t("settings"),
        "column_state": t("state"),
        "trial_running": t("trains"),
        "trial_complete": t("complete"),
        "trial_pruned": t("given up"),
        "trial_failed": t("failed"),
        "axis_update": t("update"),
        "axis_error_percent": t("error, %"),
        "axis_relative_error": t("relative error"),
        "axis_importance": t("share of the differences between errors, %"),
        "summary_curves": t("Curves of {count} trials"),
        "trials_over": t("{over} of {count} trials are over, {going} train"),
        "best_is": t("Best so far: trial {number}, {words}: {error}."),
        "best_trains": t("Lowest now: trial {number}, {words}: {error}; it still trains."),
        "within_is": t(
            "As good within one standard error (up to {limit}) and the simplest: trial {number}, {words}: {error}."
        ),
        "within_is_best": t("None that is as good within one standard error is simpler."),
    }


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
