"""Loading: data sets come into memory in the I/O pool, so that runs go on meanwhile; a viewer sees how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from core.catalog.entry import Entry
from core.errors import Refused
from core.experiment import Experiment
from core.live.hub import Hub
from core.text import Text
from core.training.compute import Compute
from core.training.device import check_available, default_device
from core.training.resident import ResidentData, resident


class Loading:
    """Loads and downloads. What it tells stands on channels of the hub; `hub` None: nobody watches.

    `check` refuses an experiment whose data may not be used.
    """

    def __init__(
        self, compute: Compute, folder: Path, hub: Hub | None, check: Callable[[Experiment], None] = lambda _: None
    ) -> None:
        self._compute, self._folder, self._hub, self._check = compute, folder, hub, check
        self._lock = threading.Lock()
        self._doing: dict[str, Text] = {}
        self._ahead: dict[Entry, Future[Any]] = {}
        """By data set, who asked for it last."""
        self._closing = threading.Event()

    def close(self) -> None:
        """Break off what is being loaded, at its next sign of life."""
        self._closing.set()

    def load(self, experiment: Experiment, channel: str | None, device: str | None = None) -> Future[Any]:
        """The experiment's data, on the device that a run has used (None: the one that a new run would).

        How far they are is told on `channel`; None: nowhere.
        """
        device = device or default_device()

        def progress(share: float, doing: Text) -> None:
            if self._closing.is_set():
                raise Refused(
                    Text("Loading the data was broken off."),
                    Text("The program is being closed."),
                    Text("Resume the run later."),
                )
            if channel is None:
                return
            words = Text("{doing} ({percent:.0f} %)", doing=doing, percent=100 * share) if share < 1 else None
            with self._lock:
                self._doing[channel] = words or doing
            if self._hub:
                self._hub.update(channel, reason=words)

        def loaded() -> ResidentData:
            self._check(experiment)
            check_available(device)
            return resident(experiment, self._folder, device, progress)

        found: Future[Any] = Future()

        def begin(_: object = None) -> None:
            self._compute.io.submit(loaded).add_done_callback(lambda done: _pass_on(done, found))

        # Who wants what is being loaded already waits without a thread: the others are for other data sets.
        dataset = experiment.dataset
        with self._lock:
            ahead = self._ahead.get(dataset)
            self._ahead[dataset] = found
        found.add_done_callback(lambda _: self._is_done(dataset, found))
        if ahead is None:
            begin()
        else:
            ahead.add_done_callback(begin)
        return found

    def _is_done(self, dataset: Entry, found: Future[Any]) -> None:
        # A future holds what it has found: the samples would stay in memory.
        with self._lock:
            if self._ahead.get(dataset) is found:
                del self._ahead[dataset]

    def doing(self, channel: str) -> Text:
        """How far the data of a channel are."""
        with self._lock:
            return self._doing.get(channel, Text("Loading the data"))

    def forget(self, channel: str) -> None:
        """The data of a channel are there, or nobody waits for them any more."""
        with self._lock:
            self._doing.pop(channel, None)


def _pass_on(done: Future[Any], waiting: Future[Any]) -> None:
    """Let a future end as another one has, unless nobody waits for it any more."""
    if done.cancelled():
        waiting.cancel()
    elif waiting.set_running_or_notify_cancel():
        error = done.exception()
        waiting.set_exception(error) if error is not None else waiting.set_result(done.result())
