"""The board of a class: what its teacher has put up for everybody. Kept in memory: a new lesson begins with none."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """Everybody comes here: to a run, each to the one of `runs` that is theirs or else to `run`, or to a lesson's step.

    `number` grows by one with every call; `place` counts the steps of `lesson` from 0.
    """

    number: int
    made: float
    run: str | None = None
    runs: Mapping[str, str] | None = None
    lesson: str = ""
    place: int = 0

    def run_of(self, actor: str) -> str | None:
        """The run to which somebody is called."""
        return (self.runs or {}).get(actor, self.run)


class Board:
    """The newest call, the questions whose answers all may see, and what was paused for all; any thread may ask."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._call: Call | None = None
        self._shown: frozenset[str] = frozenset()
        self._held: tuple[str, ...] = ()

    @property
    def call(self) -> Call | None:
        """What everybody was called to last."""
        return self._call

    def age_s(self, call: Call) -> float:
        """How long ago a call was made."""
        return self._clock() - call.made

    def call_to_runs(self, run: str | None, runs: Mapping[str, str]) -> Call:
        """Call everybody to a run, and those of `runs` each to their own."""
        with self._lock:
            self._call = Call(self._next(), self._clock(), run=run, runs=dict(runs))
            return self._call

    def call_to_step(self, lesson: str, place: int) -> Call:
        """Call everybody to a step of a lesson."""
        with self._lock:
            self._call = Call(self._next(), self._clock(), lesson=lesson, place=place)
            return self._call

    def _next(self) -> int:
        return self._call.number + 1 if self._call is not None else 1

    @property
    def shown(self) -> frozenset[str]:
        """The questions whose answers all may see, also who has not answered them."""
        return self._shown

    def show(self, about: str, on: bool) -> None:
        """Let all see the answers to a question, or only who has answered it."""
        with self._lock:
            self._shown = self._shown | {about} if on else self._shown - {about}

    def hold(self, channels: Iterable[str]) -> None:
        """Remember what was paused for all, to let exactly that go on."""
        with self._lock:
            self._held = tuple(dict.fromkeys((*self._held, *channels)))

    def release(self) -> tuple[str, ...]:
        """What was paused for all, which is forgotten."""
        with self._lock:
            held, self._held = self._held, ()
            return held
