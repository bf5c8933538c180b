"""Figure: a measured number with the bar it must reach; and timing of two things in alternation."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Figure:
    """One measured number. `at_least` says whether `bar` is a lower bound; `detail` says how it was measured."""

    name: str
    value: float
    bar: float
    at_least: bool
    unit: str
    detail: str

    @property
    def reached(self) -> bool:
        """Whether the bar is reached."""
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "ok  " if self.reached else "MISS"
        return f"{verdict} {self.name}: {self.value:.3g} {self.unit} (bar {sign} {self.bar:g}); {self.detail}"


def alternate(a: Callable[[], object], b: Callable[[], object], rounds: int = 7) -> tuple[list[float], list[float]]:
    """Seconds of each call of `a` and of `b`, called in turn, ABAB, so that a slow spell of the machine meets both.

    Each is called once before, untimed. Compare medians of the lists, or a low quantile of many rounds.
    """
    times: tuple[list[float], list[float]] = ([], [])
    a()
    b()
    for _ in range(rounds):
        for call, seconds in zip((a, b), times, strict=True):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
    return times


def quarter(seconds: list[float]) -> float:
    """The 25 % quantile: what a call takes when the machine does little else."""
    return sorted(seconds)[len(seconds) // 4]
