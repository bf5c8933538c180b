"""The live part of K-fold as a Streamlit component: mounted once, fed by its own socket, never by reruns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import streamlit as st
from streamlit.components.v2 import component

from core.figures.theme import SLOTS
from core.live.assets import plotly_version
from core.studies.study import study_channel
from pages.components.language import language, t
from pages.components.live_chart import ASSETS, LOADER
from pages.components.live_labels import live_labels
from pages.components.services import live_token

_component = component("saddlepoint_folds_chart", js=LOADER, isolate_styles=False)


class Pressed(NamedTuple):
    """What was pressed since the last run of the page; each is None or a dict.

    `start` {"pace", "one_update"}, `again` {"pace"}, `over` {"study"}: all folds have ended, or they go on again,
    `leave` {}: the presentation was left.
    """

    start: dict[str, Any] | None
    again: dict[str, Any] | None
    over: dict[str, Any] | None
    leave: dict[str, Any] | None


def folds_chart(
    study: str | None,
    *,
    key: str,
    lanes: Sequence[Mapping[str, Any]],
    size: Mapping[str, int | bool],
    price: str,
    blocked: str = "",
    may: str = "change",
) -> Pressed:
    """Show a stored K-fold live, or, with `study` None, a button that starts one and what that costs.

    `lanes` are the runs known when the page was drawn; `size` says epochs, num_steps, steps_per_epoch, and whether a
    single sample validates; `blocked` says why nothing can be started, `may` what is allowed here
    (`core.studies.access.may`). With equal arguments nothing is sent again.
    """
    version = ASSETS.version
    result = _component(
        key=key,
        data={
            "study": study_channel(study) if study else None,
            "lanes": list(lanes),
            **size,
            "price": price,
            "blocked": blocked,
            "may": may,
            "token": live_token(),
            "lang": language(),
            "labels": folds_labels(t),
            "colors": [asdict(slot) for slot in SLOTS],
            "settings": {"present": st.session_state.get("present", False), "view": {}, "measure": False},
            "version": version,
            "module": f"/live/assets/{version}/folds_chart.js",
            "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "folds.css")],
            "plotly": f"/live/plotly.min.js?v={plotly_version()}",
            "socket": "/live",
        },
        on_start_change=_nothing,
        on_again_change=_nothing,
        on_over_change=_nothing,
        on_leave_change=_nothing,
    )
    return Pressed(*(result.get(name) for name in Pressed._fields))


def folds_labels(t: Callable[[str], str]) -> dict[str, str]:
    """The labels of the live chart, and those that only folds have."""
    return live_labels(t) | {
        "folds_chart": t("The errors of all folds"),
        "folds_none": t("The picture begins with the first evaluation."),
        "mean_training": t("mean, training"),
        "mean_validation": t("mean, validation"),
        "mean_so_far_validation": t("validation error {mean} ± {deviation}, mean of {folds} folds"),
        "mean_so_far_training": t("training error {mean} ± {deviation}"),
        "summary_folds": t("Mean over {folds} folds: training {training}, validation {validation}."),
    }


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
