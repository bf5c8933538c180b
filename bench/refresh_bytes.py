"""Bytes per refresh at 100 000 steps × 8 series: what the live socket sends against the full figure's JSON.

The rows go through the real hub and are read and written down as for a page that watches. The full figure is what a
page would be sent by `st.plotly_chart`: Plotly's own JSON, in its shortest form (numbers as base64). Before counting,
a reader that decodes the messages must have the same numbers at the same steps.
"""

from __future__ import annotations

import base64
import json
from statistics import mean
from typing import Any

import numpy as np
import plotly.graph_objects as go

from bench.figure import Figure
from core.live.hub import Hub
from core.live.protocol import encode
from core.live.pusher import INTERVAL_S
from core.text import untranslated

STEPS, SERIES = 100_000, 8
ROWS_PER_S = 2000
"""More than a small network's updates a second on two cores: the faster, the more rows in one refresh."""
REFRESHES = 25
BAR = 100.0
NAMES = [f"gradient_norm/hidden.{number}" for number in range(1, SERIES + 1)]
RUN = "figure"


def values(steps: np.ndarray) -> dict[str, np.ndarray]:
    """Noisy falling curves, float64."""
    rng = np.random.default_rng(0)
    return {name: -steps / STEPS * (k + 1) + 0.1 * rng.standard_normal(len(steps)) for k, name in enumerate(NAMES)}


def unpacked(array: dict[str, Any]) -> np.ndarray:
    """What a browser makes of a packed array."""
    return np.frombuffer(base64.b64decode(array["data"]), dtype=array["dtype"]).reshape(array["shape"])


def refreshes(steps: np.ndarray, columns: dict[str, np.ndarray]) -> tuple[list[str], str]:
    """The messages of the last refreshes, and the one that a page gets that opens at the end."""
    rows = round(ROWS_PER_S * INTERVAL_S)
    start = STEPS - REFRESHES * rows
    hub = Hub()
    hub.open(RUN, {"state": "running", "num_steps": STEPS})
    hub.append(RUN, 0, "update", steps[:start], {name: column[:start] for name, column in columns.items()})
    first = hub.read(RUN)
    assert first is not None
    position, sent = first.position, []
    for at in range(start, STEPS, rows):
        here = slice(at, at + rows)
        hub.append(RUN, 0, "update", steps[here], {name: column[here] for name, column in columns.items()})
        hub.update(RUN, step=int(steps[here][-1]), seconds_left=1.0)
        reading = hub.read(RUN, position)
        assert reading is not None
        position = reading.position
        sent.append(encode(reading, untranslated, measure=False))
    whole = hub.read(RUN)
    assert whole is not None
    return sent, encode(whole, untranslated, measure=False)


def assert_same_numbers(sent: list[str], steps: np.ndarray, columns: dict[str, np.ndarray]) -> None:
    """Decoded one after the other, the messages give the same steps and float32 values, none twice, none left out."""
    blocks = [json.loads(text)["blocks"]["update"] for text in sent]
    got = np.concatenate([unpacked(block["steps"]) for block in blocks])
    assert np.array_equal(got, steps[-len(got) :])
    for name, column in columns.items():
        decoded = np.concatenate([unpacked(block["columns"][name]) for block in blocks])
        assert np.array_equal(decoded, column[-len(got) :].astype(np.float32)), name


def full_figure(steps: np.ndarray, columns: dict[str, np.ndarray]) -> str:
    """Plotly's JSON of all points of all series, in single precision."""
    figure = go.Figure()
    for name, column in columns.items():
        figure.add_scatter(x=steps.astype(np.int32), y=column.astype(np.float32), mode="lines", name=name)
    return str(figure.to_json())


def measure() -> list[Figure]:
    """One ratio: the full figure ÷ one refresh."""
    steps = np.arange(1, STEPS + 1)
    columns = values(steps)
    sent, history = refreshes(steps, columns)
    assert_same_numbers(sent, steps, columns)
    full = len(full_figure(steps, columns).encode())
    each = mean(len(text.encode()) for text in sent)
    detail = (
        f"{full / 1e6:.1f} MB ÷ {each / 1e3:.1f} kB, {round(ROWS_PER_S * INTERVAL_S)} new steps in a refresh; a page "
        f"that opens gets {len(history.encode()) / 1e3:.0f} kB once"
    )
    return [Figure(f"bytes per refresh, {STEPS:,} steps × {SERIES} series", full / each, BAR, True, "× fewer", detail)]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
