"""What a watch over a run's curvature has found: a row for each update that it was measured after."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from core.live.hub import Hub
from core.store.store import Store

KIND = "curvature"
"""What the events of the store and the rows of the hub are called."""
COLUMNS = (
    "bottom",
    "top",
    "residual_bottom",
    "residual_top",
    "gradient_norm",
    "lr",
    "limit",
    "noise_squared",
    "signal_squared",
    "num_samples",
)


def stored_curvature(store: Store, run: str) -> dict[int, Mapping[str, float]]:
    """What a run's watch has found, by update."""
    return {event.step: event.values for event in store.events(run) if event.kind == KIND}


def show_curvature(hub: Hub, run: str, attempt: int, rows: Mapping[int, Mapping[str, float]]) -> None:
    """Put what a watch has found into the hub."""
    steps = sorted(rows)
    columns = {name: np.array([rows[step].get(name, math.nan) for step in steps]) for name in COLUMNS}
    hub.append(run, attempt, KIND, np.array(steps, dtype=np.int64), columns)
