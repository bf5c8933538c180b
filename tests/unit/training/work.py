"""Jobs of the compute thread that are no runs: slices of a given length, of the machine's time or of a clock's."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pytest

from core.training import compute as module
from core.training.compute import Compute, Job
from tests.polling import until


class Work(Job):
    """A job of so many slices, each of about the given length."""

    def __init__(
        self,
        owner: str = "local",
        *,
        priority: Literal["interactive", "run"] = "run",
        num_slices: int = 10**9,
        slice_s: float = 0.002,
        log: list[Work] | None = None,
    ) -> None:
        super().__init__(owner)
        self.priority = priority
        self.left, self.slice_s = num_slices, slice_s
        self.log: list[Work] = [] if log is None else log
        self.busy_s = 0.0

    def advance(self, budget_s: float) -> None:
        start = time.monotonic()
        self.log.append(self)
        while time.monotonic() < start + self.slice_s:
            pass
        self.busy_s += time.monotonic() - start
        self.left -= 1
        self.done = self.left <= 0


class Clock:
    """Time that passes in slices alone: what a turn takes then depends on no other process."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


class Timed(Work):
    """Takes time of a clock, not of the machine."""

    def __init__(self, clock: Clock, owner: str = "local", **options: Any) -> None:
        super().__init__(owner, **options)
        self.clock = clock

    def advance(self, budget_s: float) -> None:
        self.log.append(self)
        self.clock.now_s += self.slice_s


def from_first_turn(log: list[Work], job: Work) -> list[Work]:
    """The hundred turns from the first one of `job`, of a log to which a thread still adds."""
    until(lambda: job in log and len(log) >= log.index(job) + 100)
    return log[log.index(job) :][:100]


def run_until(
    jobs: Sequence[Job], condition: Callable[[], bool], places: Callable[[str], float] = lambda owner: math.inf
) -> None:
    """Let a compute thread work on jobs that were all there before it began."""
    compute = Compute(places)
    for job in jobs:
        compute.submit(job)
    compute.start()
    try:
        until(condition)
    finally:
        compute.close()
