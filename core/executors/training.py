"""Training: a run that has been handed over to a cluster, as its lane follows it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from typing import Any

from core.catalog.datasets.dataset import Samples
from core.errors import CoreError
from core.executors.cluster import LETTERS, Cluster
from core.executors.outbox import Told
from core.executors.worker import Order
from core.text import Text
from core.training.command import Command


class WorkerLost(CoreError):
    """The process in which a run trained is gone."""


class Training:
    """A run that has been handed over. `news` waits for a worker, then for what is new; the rest never waits."""

    def __init__(self, cluster: Cluster, order: Order, samples: Samples) -> None:
        self._cluster, self._order, self._samples = cluster, order, samples
        self._lock = threading.Lock()
        self._key = secrets.token_hex(8)
        self._worker: Any = None
        self._before: list[Command] = []
        self._is_given_up = False

    def news(self) -> Iterator[list[Told]]:
        """What the run tells, to its end. WorkerLost when its process is gone."""
        from ray import get
        from ray.exceptions import RayError, RayTaskError

        is_shared = self._order.processes > 1
        cluster = self._cluster
        placed = cluster.crew(self._order.processes) if is_shared else cluster.worker(lambda: not self._is_given_up)
        with cluster.followed(), placed as worker:
            with self._lock:
                if self._is_given_up:
                    return
                self._worker = worker
                samples = cluster.handed(self._samples)
                news = worker.train.options(num_returns="streaming")
                told_of = news.remote(self._key, self._order, samples, self._before)
            try:
                for told in told_of:
                    yield get(told)
            except SystemExit:
                return  # So Ray ends threads that still wait when it is let go of.
            except RayTaskError as error:
                # Of several processes one is enough that is lost: the others end with it.
                raise lost(error) if is_shared else error.cause from None
            except RayError as error:
                if not self._is_given_up:
                    raise lost(error) from None

    def command(self, command: Command) -> None:
        """Tell the run something."""
        with self._lock:
            if self._worker is None:
                self._before.append(command)
            elif not self._is_given_up:
                self._worker.command.remote(self._key, command)

    def give_up(self) -> None:
        """End the process of the run, if there is one."""
        with self._lock:
            self._is_given_up = True
            if self._worker is not None:
                self._cluster.end(self._worker)


def lost(error: BaseException) -> CoreError:
    """What is said of an error of Ray's: WorkerLost where another worker may do better."""
    from ray.exceptions import RayTaskError

    lines = str(error).strip().splitlines() or [type(error).__name__]
    if getattr(error, "actor_init_failed", False):  # Another one would not come to more.
        return CoreError(
            Text("No process of the cluster can train this run."),
            Text("Ray says: {error}", error=lines[-1][:LETTERS]),
            Text("Install requirements.txt and requirements-ray.txt on every machine of the cluster."),
        )
    return WorkerLost(
        Text("The process in which the run trained is gone."),
        # What a process has raised is named at the end of its traceback.
        Text("Ray says: {error}", error=lines[-1 if isinstance(error, RayTaskError) else 0][:LETTERS]),
        Text("Resume it: it goes on from its last snapshot."),
    )
