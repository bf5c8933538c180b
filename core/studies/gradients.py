"""The pictures of the Gradients page: each computed once, as an interactive job of the compute thread."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any

from core.studies.gradients_asked import Asked, Clipped, Felt, Pair, ThroughTime
from core.studies.gradients_before import profiles
from core.studies.gradients_clipped import clipped
from core.studies.gradients_felt import felt
from core.studies.gradients_through_time import through_time
from core.training.compute import Compute, Pieces
from core.training.device import use_threads
from core.training.resident import ResidentData

MOST_KEPT = 256
"""Pictures kept for those who ask again; one of 60 layers takes about 10 kB."""

WORK: dict[type[Asked], Callable[[ResidentData, Any], Generator[None, None, Any]]] = {
    Pair: profiles,
    Felt: felt,
    ThroughTime: lambda _, asked: through_time(asked),
    Clipped: clipped,
}
"""How each record is worked off on the digits."""


class Gradients:
    """Draws for the Gradients page; any thread may ask, and waits for its turn. `load` loads the digits."""

    def __init__(self, compute: Compute, load: Callable[[], Future[ResidentData]]) -> None:
        self._compute, self._load = compute, load
        self._lock = threading.Lock()
        self._kept: OrderedDict[Asked, Future[Any]] = OrderedDict()

    def draw(self, asked: Asked, owner: str) -> Any:
        """What the work of a record returns (`WORK`)."""
        with self._lock:
            found = self._kept.get(asked)
        if found is None or (found.done() and (found.cancelled() or found.exception())):
            job = Pieces(_on_one_thread(WORK[type(asked)](self._load().result(), asked)), owner)
            self._compute.submit(job)
            found = job.future
        with self._lock:
            self._kept[asked] = found
            self._kept.move_to_end(asked)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found.result()


def _on_one_thread(pieces: Generator[None, None, Any]) -> Generator[None, None, Any]:
    """The same pieces, each with one thread: their matrices are small."""
    while True:
        use_threads(1)
        try:
            next(pieces)
        except StopIteration as end:
            return end.value
        yield
