"""Twelve optimizers on a practice surface: the time until the whole race is there to be drawn.

There is no peer: the bar is what a class would notice. `python -m bench.practice` runs it alone.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import core.catalog  # noqa: F401 - registers every entry
from bench.calibration import load
from bench.figure import Figure
from core.catalog.registry import entries
from core.landscape.anatomy import anatomy
from core.landscape.practice import MOST_OPTIMIZERS, Practice
from core.studies.practice_races import drawn

STEPS, ROUNDS = 500, 7
BAR_S = 1.5


def measure() -> list[Figure]:
    """Seconds for paths, heights and every update taken apart; the browser's part is a few milliseconds a moment."""
    keys: list[Any] = list(entries("optimizers"))
    chosen = [keys[place % len(keys)] for place in range(MOST_OPTIMIZERS)]
    practice = Practice.from_json({"surface": "saddle", "optimizers": chosen, "start": [1, 0.1], "steps": STEPS})
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        drawing = drawn(practice)
        parts = [anatomy(entry, path) for entry, path in zip(practice.optimizers, drawing.paths, strict=True)]
        times.append(time.perf_counter() - start)
        assert len(parts) == MOST_OPTIMIZERS
    detail = f"median of {ROUNDS}; {load()}"
    return [
        Figure(f"surface, {MOST_OPTIMIZERS} optimizers × {STEPS} updates", median(times), BAR_S, False, "s", detail)
    ]


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
