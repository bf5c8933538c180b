"""Elsewhere: what a run on a cluster is told to do, and where its news come back: the store and hub of its owner."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Unpack

from core.catalog.datasets.dataset import Samples
from core.catalog.datasets.own import About, known, own_class
from core.catalog.registry import entries, register
from core.executors.cluster import Cluster
from core.executors.outbox import Outbox
from core.executors.worker import LaneSink, Travelling
from core.experiment import Experiment
from core.live.hub import Hub
from core.store.engines import not_saved
from core.store.folder import DataFolder
from core.store.records import State, StateValues
from core.store.store import Store
from core.studies.curvature_rows import stored_every
from core.studies.curvature_watch import watch_of
from core.studies.replay import recipe_of
from core.studies.replayed import show_rows
from core.studies.sinks import LiveSink, StoreSink
from core.studies.snapshots import SnapshotWriter
from core.text import Text
from core.training.checkpoint import Snapshot, latest_valid, remove_after, remove_leftovers
from core.training.device import Conditions
from core.training.evaluation import Evaluation
from core.training.events import Event
from core.training.job import TrainingJob
from core.training.ledger import Fed
from core.training.resident import keep
from core.training.run import Run


@dataclass(frozen=True)
class Place:
    """Where a run belongs that trains elsewhere: all it tells is written and shown here."""

    folder: DataFolder
    store: Store
    hub: Hub | None
    snapshots: SnapshotWriter


@dataclass(frozen=True)
class Attempted:
    """What an attempt begins with: the events to replay, the state to go on from, the errors that were shown before."""

    number: int
    recipe: tuple[Event, ...]
    snapshot: Snapshot | None
    earlier: tuple[Evaluation, ...]


@dataclass(frozen=True)
class RunOrder:
    """One attempt of a run, as a worker gets it. `own`: what is known of data that somebody has brought.

    `processes` share its updates.
    """

    experiment: Mapping[str, Any]
    own: tuple[About, ...]
    conditions: Conditions
    attempt: Attempted
    run: str
    actor: str
    pace: str
    paused: bool
    curvature_every: int
    is_watched: bool
    hashes: bool
    processes: int

    @property
    def fed(self) -> Fed | None:
        """What the batches before its snapshot were hashed to, in the process that trained it then."""
        snapshot = self.attempt.snapshot
        fed = snapshot.state.get("fed") if snapshot is not None else None
        return Fed.from_json(fed) if fed else None

    def built(self, samples: Samples) -> Run:
        """The run where it goes on, in the worker's process."""
        for about in self.own:
            if about.key not in entries("datasets"):
                register(own_class(about))
        experiment = Experiment.from_json(self.experiment)
        keep(experiment, _folder(), self.conditions.device, samples)
        run = Run(experiment, _folder(), conditions=self.conditions, recipe=self.attempt.recipe)
        snapshot = self.attempt.snapshot
        if snapshot is not None:
            run.load_state(snapshot.tensors, snapshot.state)
        return run

    def job(self, samples: Samples, outbox: Outbox, sink: LaneSink, wake: Callable[[], None]) -> TrainingJob:
        """The run as a job of the worker's process."""
        store, hub = outbox.to("store"), outbox.to("hub") if self.is_watched else None
        number = self.attempt.number
        live = [LiveSink(hub, self.run, number, list(self.attempt.earlier), lambda: None)] if hub else []
        prepared: Future[None] = Future()
        prepared.set_result(None)
        return TrainingJob(
            prepared,
            lambda: self.built(samples),
            [StoreSink(store, self.run, number, self.actor), *live, sink],
            Travelling(outbox.to("snapshots"), sink),
            wake,
            owner=self.actor,
            pace=self.pace,
            paused=self.paused,
            watch=watch_of(store, hub, self.run, number, self.actor, self.curvature_every),
        )


@cache
def _folder() -> Path:
    """The data folder of a worker's process: samples come with an order, and generators that were trained stay."""
    return Path(tempfile.mkdtemp(prefix="saddlepoint-"))


class _Acknowledged:
    """The store, for a run that trains elsewhere: a state is on the disk before its next news is taken."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def queue_state(self, run: str, state: State, **values: Unpack[StateValues]) -> None:
        self._store.set_state(run, state, **values)

    def __getattr__(self, method: str) -> Any:
        return getattr(self._store, method)


class Elsewhere:
    """A run of a study that trains on `cluster`, as its lane knows it."""

    def __init__(
        self,
        cluster: Cluster,
        place: Place,
        run: str,
        experiment: Experiment,
        conditions: Conditions,
        actor: str,
        attempt: Attempted,
        *,
        processes: int = 1,
    ) -> None:
        self.cluster = cluster
        self._place, self._run, self._experiment = place, run, experiment
        self._conditions, self._actor, self._attempt = conditions, actor, attempt
        self.processes = processes

    @property
    def targets(self) -> Mapping[str, object]:
        """What the run tells its news."""
        place = self._place
        return {"store": _Acknowledged(place.store), "hub": place.hub, "snapshots": place.snapshots}

    def order(self, *, pace: str, paused: bool, hashes: bool) -> RunOrder:
        """What the next worker is to do."""
        place, key = self._place, self._experiment.dataset.key
        return RunOrder(
            self._experiment.to_json(),
            tuple(about for about in known(place.folder.path) if about.key == key),
            self._conditions,
            self._attempt,
            self._run,
            self._actor,
            pace,
            paused,
            stored_every(place.store, self._run),
            place.hub is not None,
            hashes,
            self.processes,
        )

    def begin_again(self) -> None:
        """A new attempt from the last whole snapshot, as when a run is resumed."""
        store, run = self._place.store, self._run
        self._place.snapshots.wait()
        if not store.flush():
            raise not_saved(store.delay or Text("The disk or the database server is slow."))
        folder = self._place.folder.snapshots(run)
        remove_leftovers(folder)
        noted = {entry.step: entry.sha256 for entry in store.snapshots(run)}
        snapshot = latest_valid(folder, run=run, noted=noted).snapshot
        step = snapshot.step if snapshot else 0
        number = store.begin_attempt(run, step, "resume", actor=self._actor)
        words = Text("Its process on the cluster was lost; another one went on from update {step:,}.", step=step)
        store.add_note(run, words)
        store.set_state(run, "queued", actor=self._actor)
        remove_after(folder, step)
        self._place.snapshots.begin(number)
        earlier: list[Evaluation] = []
        if self._place.hub:
            self._place.hub.attempt(run, number, -1)
            earlier, _ = show_rows(store, run, number, self._experiment, self._place.hub)
        self._attempt = Attempted(number, tuple(recipe_of(store, run)), snapshot, tuple(earlier))
