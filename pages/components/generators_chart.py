"""A generator as a Streamlit component: it follows the channel on which its training and its samples are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from streamlit.components.v2 import component

from core.figures.theme import SLOTS
from core.live.assets import plotly_version
from pages.components.frame_labels import frame_labels
from pages.components.language import language, t
from pages.components.live_chart import ASSETS, LOADER

_component = component("saddlepoint_generators_chart", js=LOADER, isolate_styles=False)


class Pressed(NamedTuple):
    """What was pressed since the last run of the page: `begin` training, `leave` the presentation."""

    begin: dict[str, Any] | None
    leave: dict[str, Any] | None


def generators_chart(channel: str, *, count: int, token: str, key: str, present: bool = False) -> Pressed:
    """Show what is told on a channel. `count`: how often it was begun, so that the browser asks anew too."""
    version = ASSETS.version
    data = {
        "channel": channel,
        "count": count,
        "token": token,
        "lang": language(),
        "labels": labels(),
        "colors": [asdict(slot) for slot in SLOTS],
        "settings": {"present": present, "view": {}},
        "version": version,
        "module": f"/live/assets/{version}/generators_chart.js",
        "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "generators.css")],
        "plotly": f"/live/plotly.min.js?v={plotly_version()}",
        "socket": "/live",
    }
    result = _component(key=key, data=data, on_begin_change=_nothing, on_leave_change=_nothing)
    return Pressed(*(result.get(name) for name in Pressed._fields))


def labels() -> Mapping[str, str]:
    """Every word in the picture; what stands in braces is filled in by the browser."""
    return frame_labels(t) | {
        "begin": t("Train the generator"),
        "here": t("Train it here"),
        "pause": t("Pause"),
        "resume": t("Go on"),
        "stop": t("Stop"),
        "generator": t("generator"),
        "discriminator": t("discriminator"),
        "losses": t("Losses of the two networks"),
        "losses_key": t(
            "The generator tries to be taken for real, the discriminator to tell real from synthetic. Neither loss "
            "falls to 0 where both are equally good: at 0.69 and 1.39 the discriminator only guesses."
        ),
        "losses_summary": t("The losses of generator and discriminator against the updates done."),
        "axis_update": t("update"),
        "axis_loss": t("loss"),
        "words": t("In words"),
        "samples": t("What it draws, a row for each class"),
        "samples_key": t(
            "Left in each pair a synthetic sample, pale beside it the training image nearest to it; below, how far "
            "apart they are (root mean square over the pixels, 0 to 1). In all rows and at all times the noise is the "
            "same."
        ),
        "moment": t("After which update"),
        "after_update": t("after update {step}"),
        "pair": t("class {name}: synthetic, and its nearest training image {distance} away"),
        "doing_untrained": t("Nothing is trained yet for these data: about {price} of compute, {count} updates."),
        "doing_queued": t("Waiting for its turn"),
        "doing_running": t("Update {step} of {count}, about {left} left"),
        "doing_paused": t("Paused at update {step} of {count}"),
        "doing_finished": t("Trained for {count} updates."),
        "doing_stopped": t("Stopped at update {step} of {count}; what it had learned is not kept."),
        "doing_failed": t("It could not be trained."),
        "doing_interrupted": t("The program was closed before it was finished."),
        "doing_forgotten": t("The server has forgotten this picture."),
    }


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
