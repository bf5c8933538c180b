"""Kept: what is made of an experiment's data for pages, in the compute thread, when somebody first asks for it.

Data may have to be loaded or downloaded first, so a page does not wait: it asks again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from core.errors import CoreError
from core.experiment import Experiment
from core.training.compute import Compute
from core.training.resident import ResidentData

logger = logging.getLogger(__name__)

NUM_KEPT = 16
"""So many are kept for those who ask again."""
RETRY_S = 30.0
"""What failed (a download) is tried again after this time, when somebody asks."""

T = TypeVar("T")


@dataclass(eq=False)
class _Held(Generic[T]):
    made: T | None = None
    is_made: threading.Event = field(default_factory=threading.Event)
    retry_at: float = float("inf")


class Kept(Generic[T]):
    """Makes each when it is first asked for; any thread may ask.

    load: starts loading an experiment's data; instead: what stands in place of one that cannot be made.
    """

    def __init__(
        self,
        compute: Compute,
        load: Callable[[Experiment], Future[ResidentData]],
        instead: Callable[[BaseException], T],
    ) -> None:
        self._compute, self._load, self._instead = compute, load, instead
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, _Held[T]] = OrderedDict()

    def get(
        self, key: Hashable, experiment: Experiment, make: Callable[[ResidentData], T], patience_s: float
    ) -> T | None:
        """What `make` gives for the experiment's data; None when it is not there within `patience_s`."""
        with self._lock:
            held = self._held.get(key)
            is_new = held is None or time.monotonic() > held.retry_at
            if held is None or is_new:
                held = self._held[key] = _Held()
            self._held.move_to_end(key)
            while len(self._held) > NUM_KEPT:
                self._held.popitem(last=False)
        if is_new:
            self._begin(held, experiment, make)
        held.is_made.wait(patience_s)
        return held.made

    def _begin(self, held: _Held[T], experiment: Experiment, make: Callable[[ResidentData], T]) -> None:
        def loaded(result: Future[ResidentData]) -> None:
            if result.cancelled():
                return
            error = result.exception()
            if error is not None:
                failed(error)
                return
            data = result.result()
            try:
                self._compute.call(lambda: make(data)).add_done_callback(made)
            except RuntimeError:
                return  # The program is being closed.

        def made(result: Future[T]) -> None:
            if result.cancelled():
                return
            error = result.exception()
            if error is not None:
                failed(error)
            else:
                keep(result.result())

        def failed(error: BaseException) -> None:
            if not isinstance(error, CoreError):
                logger.error("nothing could be made of an experiment's data", exc_info=error)
            held.retry_at = time.monotonic() + RETRY_S
            keep(self._instead(error))

        def keep(thing: T) -> None:
            held.made = thing
            held.is_made.set()

        self._load(experiment).add_done_callback(loaded)
