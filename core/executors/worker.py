"""Worker: trains one run in a process of a cluster, as the compute thread would, and tells its owner everything.

Nothing here knows Ray, so that the same code can be followed without a cluster.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core.catalog.datasets.dataset import Samples
from core.errors import CoreError
from core.executors.outbox import Outbox, Told
from core.training.command import Command
from core.training.evaluation import Evaluation
from core.training.events import Event, Outcome
from core.training.job import TrainingJob
from core.training.ledger import Fed, Ledger, Side
from core.training.recorder import StepBlock
from core.training.run import Run

SLICE_S = 0.1
"""So often what is new is sent."""
SNAPSHOT_REST_S = 0.25
"""Until the next snapshot in passing: each one travels to the owner."""


@dataclass(frozen=True)
class Standing:
    """Where a run stands in its worker; `fed` where its batches are hashed."""

    step: int
    total_steps: int
    train_s: float
    evaluation_s: float
    fed: Fed | None = None


class Order(Protocol):
    """What a worker is to do: pickled by the owner, made into a job by the worker."""

    @property
    def hashes(self) -> bool: ...
    @property
    def fed(self) -> Fed | None: ...
    @property
    def processes(self) -> int: ...
    def built(self, samples: Samples) -> Run: ...
    def job(self, samples: Samples, outbox: Outbox, sink: LaneSink, wake: Callable[[], None]) -> TrainingJob: ...


class Worker:
    """Trains one run after another. `train` is followed in one thread of its process, `command` is for the others."""

    idle_s = 60.0
    """So long it says nothing, where there is nothing to say."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._job: tuple[str, TrainingJob] | None = None
        self._early: dict[str, list[Command]] = {}

    def command(self, key: str, command: Command) -> None:
        """Hand a command to a run; one that comes too late is not acknowledged."""
        with self._lock:
            if self._job is not None and self._job[0] == key:
                self._job[1].command(command)
            else:
                self._early.setdefault(key, []).append(command)

    def train(self, key: str, order: Order, samples: Samples, commands: Sequence[Command]) -> Iterator[list[Told]]:
        """Train a run to its end; what is new, again and again."""
        outbox = Outbox()
        sink = self.sink(outbox.to("lane"), order)
        outbox.to("lane").located(socket.gethostname(), os.getpid())
        yield outbox.take()
        job = order.job(samples, outbox, sink, self._woken.set)
        with self._lock:
            self._job = key, job
            for command in (*commands, *self._early.get(key, ())):
                job.command(command)
            self._early = {}
        while not job.done:
            self._woken.clear()
            end = time.monotonic() + SLICE_S
            while not job.done and job.ready_at <= time.monotonic() < end:
                self._advance(job, end - time.monotonic())
            yield outbox.take()
            if not job.done:
                self._woken.wait(max(0.0, min(self.idle_s, job.ready_at - time.monotonic())))
        with self._lock:
            self._job = None
        outbox.to("lane").ended(sink.outcome, _portable(job.error))
        yield outbox.take()

    def sink(self, lane: Any, order: Order) -> LaneSink:
        """What tells the lane of a run."""
        return LaneSink(lane, order)

    @staticmethod
    def _advance(job: TrainingJob, budget_s: float) -> None:
        try:
            job.advance(budget_s)
        except Exception as error:
            job.done = True
            job.failed(error)


class LaneSink:
    """Tells the lane that stands for the run where this one is; where the order `hashes` also what it is fed."""

    def __init__(self, lane: Any, order: Order) -> None:
        self._lane, self._hashes, self._before = lane, order.hashes, order.fed
        self._ledger: Ledger | None = None
        self.outcome: Outcome | None = None

    def state(self, state: str, run: Run | None, outcome: Outcome | None) -> None:
        self.outcome = outcome
        if run is not None and outcome is None and self._hashes and self._ledger is None:
            before = self._before
            self._ledger = ledger = Ledger.going_on(Side(), before) if before else Ledger(Side(), run.step_count)
            run.parts.loop.watch = lambda step, batch: (ledger.settle(), ledger.watch(step, batch))[-1]
        if run is not None:
            self._lane.stands(self._standing(run))
        if outcome is None:
            self._lane.shows(state)

    def evaluation(self, run: Run, evaluation: Evaluation) -> None:
        self._lane.stands(self._standing(run))
        self._lane.evaluated(evaluation)

    def progress(self, run: Run, pace: str, seconds_left: float | None) -> None:
        self._lane.stands(self._standing(run))

    def event(self, run: Run, event: Event, actor: str) -> None:
        self._lane.happened(event)

    def applied(self, command: Command, step: int, problem: CoreError | None) -> None:
        self._lane.heard(command)

    def block(self, run: Run, block: StepBlock) -> None:
        """The rows go to the store and the hub."""

    def _standing(self, run: Run) -> Standing:
        return Standing(run.step_count, run.total_steps, run.train_s, run.evaluation_s, self.fed)

    @property
    def fed(self) -> Fed | None:
        """What was hashed so far."""
        ledger = self._ledger
        if ledger is None:
            return None
        ledger.settle()
        return Fed(ledger.begun_at, ledger.num_fed, ledger.now, dict(ledger.marks))


class Travelling:
    """Snapshots that are taken along, with the hashes that the run goes on with; the owner writes them."""

    def __init__(self, owner: Any, sink: LaneSink) -> None:
        self._owner, self._sink, self._rests_until = owner, sink, 0.0

    @property
    def is_busy(self) -> bool:
        """Whether one has been taken a moment ago."""
        return time.monotonic() < self._rests_until

    def save(self, step: int, kind: str, tensors: dict[str, Any], position: dict[str, Any]) -> None:
        """Copy the state; it travels with the rest."""
        self._rests_until = time.monotonic() + SNAPSHOT_REST_S
        copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        fed = self._sink.fed
        self._owner.save(step, kind, copies, position | ({"fed": fed.to_json()} if fed else {}))


def _portable(error: BaseException | None) -> BaseException | None:
    """An error that every process can read: one of ours, or what it says."""
    if error is None or type(error).__module__.startswith("core."):
        return error
    return RuntimeError(f"{type(error).__name__}: {error}")
