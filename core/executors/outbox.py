"""Outbox: what a run tells while it trains in another process than the one that owns it.

There it is a list of calls, taken along in order; the owner's process makes them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Told:
    """One call: of what, which method, with what."""

    target: str
    method: str
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]

    def to(self, target: object) -> None:
        """Make the call."""
        getattr(target, self.method)(*self.arguments, **self.named)


class Outbox:
    """Calls that wait to be taken along. May be filled from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Told] = []

    def to(self, target: str) -> Any:
        """What stands here for a thing of the owner: all of its methods can be called, and none gives an answer."""
        return _Stands(target, self._add)

    def take(self) -> list[Told]:
        """Everything told since the last time."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        return taken

    def _add(self, told: Told) -> None:
        with self._lock:
            self._waiting.append(told)


class _Stands:
    def __init__(self, target: str, add: Callable[[Told], None]) -> None:
        self._target, self._add = target, add

    def __getattr__(self, method: str) -> Callable[..., None]:
        if method.startswith("__"):
            raise AttributeError(method)
        return lambda *arguments, **named: self._add(Told(self._target, method, arguments, named))
