"""The arithmetic of one unit as a Streamlit component: the browser computes it from data that are sent once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core.figures.theme import SLOTS
from core.live.assets import plotly_version
from core.live.protocol import packed
from pages.components.language import language, t
from pages.components.live_chart import ASSETS, LOADER

if TYPE_CHECKING:
    from core.studies.blocks_layers import Layer

CHART = "one unit"
END = 12.0
"""As `core.studies.blocks_layers.END`, which loads torch."""

_component = component("saddlepoint_blocks_chart", js=LOADER, isolate_styles=False)


def unit_chart(layer: Layer, place: str, stamp: str, *, present: bool) -> None:
    """Show a convolution at work. `place` names run and layer, `stamp` the image too: the browser keeps the rest."""
    kernels = layer.kernels
    assert kernels is not None
    version = ASSETS.version

    def maybe(array: np.ndarray | None) -> dict[str, Any] | None:
        return None if array is None else packed(array)

    _component(
        key=CHART,
        data={
            "place": place,
            "stamp": stamp,
            "layer": {
                "input": packed(layer.given),
                "weights": packed(kernels.weights),
                "bias": maybe(kernels.bias),
                "scale": maybe(kernels.scale),
                "shift": maybe(kernels.shift),
                "stride": kernels.stride,
                "before": kernels.before,
                "after": kernels.after,
                "groups": kernels.groups,
                "activation": {"name": t("after the activation"), "end": END, "values": packed(kernels.activation)},
            },
            "labels": labels(t),
            "lang": language(),
            "token": "",
            "colors": [asdict(slot) for slot in SLOTS],
            "settings": {"present": present, "view": {}},
            "version": version,
            "module": f"/live/assets/{version}/blocks_chart.js",
            "css": [f"/live/assets/{version}/{name}" for name in ("live.css", "blocks.css")],
            "plotly": f"/live/plotly.min.js?v={plotly_version()}",
        },
        on_leave_change=_nothing,
    )


def left() -> bool:
    """Whether Esc was pressed in the component."""
    return bool((st.session_state.get(CHART) or {}).get("leave"))


def labels(t: Callable[[str], str]) -> dict[str, str]:
    """Every word that the browser puts beside what it is sent."""
    return {
        "not_loaded": t("The live chart could not be loaded. Reload the page."),
        "hint_leave": t("leave"),
        "typed": t("a kernel you type"),
        "learned": t("learned kernels"),
        "kernel": t("kernel"),
        "vertical": t("upright edges"),
        "horizontal": t("level edges"),
        "blur": t("blur"),
        "sharpen": t("sharpen"),
        "map": t("feature map"),
        "channel": t("channel of the input"),
        "size": t("kernel size"),
        "stride": t("stride"),
        "padding": t("padding"),
        "input": t("input (blue above 0, red below)"),
        "output": t("feature map"),
        "patch": t("patch of the input"),
        "products": t("products"),
        "keys": t("Press an arrow key to move the kernel to the next position, or press a pixel."),
        "size_formula": t("output size: ⌊(input + padding before + after − kernel) / stride⌋ + 1"),
        "unseen": t("Rows and columns at the end that no kernel sees: {rest}."),
        "impossible": t(
            "Impossible: a kernel of {size} does not fit into {side} pixels, padding included. Take a smaller kernel "
            "or more padding."
        ),
        "place": t("Position: row {row}, column {column}"),
        "sum": t("sum of the products {sum} + bias {bias} = {z}"),
        "sum_of_channels": t(
            "sum of the products {sum} + the other {others} channels {rest} + bias {bias} = {z}"
        ),
        "normalized": t("normalized: {normalized}"),
        "activated": t("{activation}: {value}"),
    }  # fmt: skip


def _nothing() -> None:
    """Streamlit reports a trigger only when a callback is named for it."""
