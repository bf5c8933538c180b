"""Pictures that follow from a record of what is asked for, each computed once.

That is interactive work of the compute thread. It is done on one CPU thread, since their matrices are small.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from core.training.compute import Compute, Pieces
from core.training.device import use_threads

A = TypeVar("A")
MOST_KEPT = 256
"""Pictures kept for those who ask again; each takes about 10 to 100 kB."""


class Drawings(Generic[A]):
    """Draws; any thread may ask, and waits for its turn. `work(asked)` yields after every piece of a record's work."""

    def __init__(self, compute: Compute, work: Callable[[A], Generator[None, None, Any]]) -> None:
        self._compute, self._work = compute, work
        self._lock = threading.Lock()
        self._kept: OrderedDict[A, Future[Any]] = OrderedDict()

    def draw(self, asked: A, owner: str) -> Any:
        """What the work of a record returns."""
        with self._lock:
            found = self._kept.get(asked)
            if found is None or (found.done() and (found.cancelled() or found.exception())):
                job = Pieces(_on_one_thread(self._work(asked)), owner)
                self._compute.submit(job)
                found = self._kept[asked] = job.future
            self._kept.move_to_end(asked)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found.result()


def _on_one_thread(pieces: Generator[None, None, Any]) -> Generator[None, None, Any]:
    while True:
        use_threads(1)
        try:
            next(pieces)
        except StopIteration as end:
            return end.value
        yield
