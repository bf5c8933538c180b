"""What a watch over a run's curvature has found: a row for each update that it was measured after."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from core.live.hub import Hub
from core.store.records import CURVATURE
from core.store.store import Store

EVERY = "curvature_every"
"""The kind of events that say after how many updates a run is measured."""
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


def stored_every(store: Store, run: str) -> int:
    """After how many updates a run was to be measured last; 0: never."""
    return next((event.values["every"] for event in reversed(store.events(run)) if event.kind == EVERY), 0)


def show_curvature(hub: Hub, run: str, attempt: int, rows: Mapping[int, Mapping[str, float]]) -> None:
    """Put what a watch has found into the hub."""
    steps = sorted(rows)
    columns = {name: np.array([rows[step].get(name, math.nan) for step in steps]) for name in COLUMNS}
    hub.append(run, attempt, CURVATURE, np.array(steps, dtype=np.int64), columns)
