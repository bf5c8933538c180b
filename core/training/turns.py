"""Turns: who is next, so that everybody is served alike."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)

MOST_S = 0.5
"""The most that one turn counts. What took longer was nothing that comes again (a network was built), and who did it
must not stand still for as long."""


class Turns(Generic[N]):
    """Names the one who has been served least. Time that somebody did not ask for is not saved up: who comes, or comes
    back after a pause, stands level with the one whose turn it is."""

    def __init__(self) -> None:
        self._served_s: dict[N, float] = {}
        self._now_s = 0.0

    def next(self, waiting: Collection[N]) -> N:
        """Whose turn it is among those who wait (at least one)."""
        for name in waiting:
            self._served_s[name] = max(self._served_s.get(name, 0.0), self._now_s)
        chosen = min(waiting, key=lambda name: self._served_s[name])
        self._now_s = self._served_s[chosen]
        return chosen

    def charge(self, name: N, seconds: float) -> None:
        """`name` has been served for so long."""
        self._served_s[name] = self._served_s.get(name, self._now_s) + min(seconds, MOST_S)

    def forget(self, present: Collection[N]) -> None:
        """Keep account only of those who are still there."""
        self._served_s = {name: served for name, served in self._served_s.items() if name in present}
