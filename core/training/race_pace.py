"""Race pace: how far apart the rounds of a race are, how often its rows are told, and how long it will take."""

from __future__ import annotations

from collections.abc import Sequence

from core.training.lane import Lane

WHOLE_S = {"10s": 10.0, "1min": 60.0}
"""How long the longest run takes to watch at a pace."""

FLUSH_S = 0.1
"""Recorded rows of a run that races are handed over after so many seconds at the latest."""
MANY = 8
"""Where more race, less often, so that all together hand over as often as so many do."""


def share_flushes(lanes: Sequence[Lane]) -> None:
    """Let lanes hand over their rows as often as so many of them can."""
    for lane in lanes:
        lane.flush_s = FLUSH_S * max(1, len(lanes) / MANY)


def interval_of(pace: str, lanes: Sequence[Lane]) -> float:
    """Seconds between rounds; 0 for as fast as possible."""
    if pace in WHOLE_S:
        return WHOLE_S[pace] / max((lane.run.planned_steps for lane in lanes if lane.run), default=1)
    return 1.0 if pace == "1/s" else 0.0


def seconds_left(interval_s: float, lanes: Sequence[Lane]) -> float | None:
    """How long a race will take with so many seconds between rounds; None while that cannot be known."""
    runs = [lane.run for lane in lanes if lane.run is not None and not lane.done]
    left = max((run.total_steps - run.step_count for run in runs), default=0) * interval_s
    if not any(run.step_count for run in runs):
        return left or None
    costs = (
        (run.total_steps - run.step_count) * (run.train_s + run.evaluation_s) / run.step_count
        for run in runs
        if run.step_count
    )
    return max(left, sum(costs))
