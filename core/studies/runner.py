"""Runner: starts, resumes and commands the runs of this process, and measures untrained networks for the page."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.live.hub import Hub
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.previews import PreviewJob
from core.studies.replayed import opening_meta, show_rows
from core.studies.sinks import LiveSink, StoreSink
from core.studies.snapshots import SnapshotWriter
from core.text import Text
from core.training.checkpoint import Snapshot, latest_valid, remove_after, remove_leftovers
from core.training.compute import Compute
from core.training.device import Conditions, default_device
from core.training.job import Command, RunSink, TrainingJob
from core.training.picture_job import PictureJob
from core.training.resident import resident
from core.training.run import Event, Run

LOCAL_STATES = ("queued", "running", "paused")


@dataclass
class Active:
    """A run that this process is at work on."""

    job: TrainingJob
    snapshots: SnapshotWriter
    live: LiveSink | None


class Runner:
    """The runs of this process. `hub` None: nobody watches."""

    def __init__(self, folder: DataFolder, store: Store, hub: Hub | None) -> None:
        self._folder, self._store, self._hub = folder, store, hub
        self._lock = threading.RLock()
        self._active: dict[str, Active] = {}
        self._ended: dict[str, Active] = {}
        self._previews: dict[str, PreviewJob] = {}
        self._snapshot_pool = ThreadPoolExecutor(1, thread_name_prefix="snapshots")
        self.compute = Compute()
        self.compute.start()

    def close(self) -> None:
        """End the compute thread; every active run keeps a snapshot and becomes interrupted."""
        self.compute.close()
        self._snapshot_pool.shutdown(wait=True)

    def job(self, run: str) -> TrainingJob | None:
        """The job of a run that is active here."""
        with self._lock:
            active = self._active.get(run)
        return active.job if active else None

    # -- starting ------------------------------------------------------------------------------------------------

    def start(self, experiment: Experiment, *, actor: str, pace: str, paused: bool, name: str) -> str:
        """Store a new run and queue it; returns its id."""
        run = self._store.create_run(
            actor=actor,
            experiment=experiment.to_json(),
            fingerprint=experiment.fingerprint(),
            schema_version=experiment.version,
            name=name,
            note=experiment.notes,
        )
        record = self._store.get_run(run, actor=actor)
        attempt = self._store.begin_attempt(run, 0, "start", actor=actor)
        if self._hub:
            self._hub.open(run, opening_meta(experiment, record))
            self._hub.attempt(run, attempt, 0)
        self._launch(record, experiment, attempt, actor=actor, pace=pace, paused=paused)
        return run

    def resume(self, record: RunRecord, *, actor: str, pace: str, epochs: int) -> str:
        """Continue a run from its latest valid snapshot; a run that is over needs `epochs` more."""
        with self._lock:
            if record.id in self._active:
                raise Refused(
                    Text("Run {id} cannot be resumed.", id=record.id),
                    Text("It is {state} already.", state=Text(self._active[record.id].job.state_name)),
                    Text("Watch it, or stop it first."),
                )
            ended = self._ended.get(record.id)
        if ended is not None:
            ended.snapshots.wait()
        experiment = Experiment.from_json(record.experiment)
        folder = self._folder.snapshots(record.id)
        remove_leftovers(folder)
        noted = {entry.step: entry.sha256 for entry in self._store.snapshots(record.id)}
        found = latest_valid(folder, run=record.id, noted=noted)
        step = found.snapshot.step if found.snapshot else 0
        attempt = self._store.begin_attempt(record.id, step, "extend" if epochs else "resume", actor=actor)
        remove_after(folder, step)
        recipe = [Event(e.step, e.kind, dict(e.values)) for e in self._store.events(record.id) if e.recipe]
        if self._hub:
            if self._hub.known(record.id):
                self._hub.update(record.id, state="queued", reason=None)
            else:
                self._hub.open(record.id, opening_meta(experiment, record))
            # The rows are shown again from the store, so a viewer sees what the run stands on and nothing twice.
            self._hub.attempt(record.id, attempt, -1)
        commands = [Command("extend", {"epochs": epochs}, actor)] if epochs else []
        self._launch(
            record, experiment, attempt, actor=actor, pace=pace, snapshot=found.snapshot, recipe=recipe, commands=commands
        )
        for sentence in found.damaged:
            self._store.add_event(record.id, "damaged_snapshot", actor=actor, step=step, values={"text": str(sentence)})
        return record.id

    def _launch(
        self,
        record: RunRecord,
        experiment: Experiment,
        attempt: int,
        *,
        actor: str,
        pace: str,
        paused: bool = False,
        snapshot: Snapshot | None = None,
        recipe: list[Event] | None = None,
        commands: list[Command] | None = None,
    ) -> None:
        run = record.id
        earlier = show_rows(self._store, run, attempt, self._hub) if self._hub and snapshot else []
        live = LiveSink(self._hub, run, attempt, earlier, lambda: self._store.delay) if self._hub else None
        sinks: list[RunSink] = [StoreSink(self._store, run, attempt, actor)]
        if live:
            sinks.append(live)
        snapshots = SnapshotWriter(self._store, run, attempt, self._snapshot_pool)
        conditions = Conditions.from_json(snapshot.state["conditions"]) if snapshot else None

        def build() -> Run:
            built = Run(experiment, self._folder.path, conditions=conditions, recipe=recipe or ())
            if snapshot is not None:
                built.load_state(snapshot.tensors, snapshot.state)
            return built

        job = TrainingJob(
            self._load_data(experiment, run),
            build,
            sinks,
            snapshots,
            self.compute.wake,
            owner=actor,
            pace=pace,  # type: ignore[arg-type]
            paused=paused,
            finished=lambda _: self._over(run),
        )
        for command in commands or ():
            job.command(command)
        with self._lock:
            self._active[run] = Active(job, snapshots, live)
            self._ended.pop(run, None)
        self.compute.submit(job)
        if self._hub:
            self.compute.submit(PictureJob(job, lambda name, payload: self._show(run, name, payload), owner=actor))

    def _show(self, run: str, name: str, payload: dict[str, Any]) -> None:
        if self._hub:
            self._hub.picture(run, name, payload)

    def _load_data(self, experiment: Experiment, channel: str) -> Future[Any]:
        """Load or download in the I/O pool, so that other runs go on; a viewer sees how far it is."""

        def progress(share: float, doing: Text) -> None:
            if self._hub:
                words = Text("{doing} ({percent:.0f} %)", doing=doing, percent=100 * share) if share < 1 else None
                self._hub.update(channel, reason=words)

        return self.compute.io.submit(resident, experiment, self._folder.path, default_device(), progress)

    def _over(self, run: str) -> None:
        with self._lock:
            active = self._active.pop(run, None)
            if active is not None:
                self._ended[run] = active
                while len(self._ended) > 64:
                    self._ended.pop(next(iter(self._ended)))

    # -- while it runs -------------------------------------------------------------------------------------------

    def command(self, record: RunRecord, kind: str, values: dict[str, Any], *, actor: str) -> None:
        """Hand a command to a run; extending one that is over resumes it."""
        command = Command(kind, checked_values(kind, values), actor)
        job = self.job(record.id)
        if job is not None:
            job.command(command)
        elif kind == "extend":
            self.resume(record, actor=actor, pace="10s", epochs=command.values["epochs"])
        elif kind in ("resume", "start") and record.state in ("stopped", "interrupted", "failed"):
            self.resume(record, actor=actor, pace="10s", epochs=0)
        else:
            raise Refused(
                Text("Run {id} cannot take “{kind}”.", id=record.id, kind=kind),
                Text("It is not running: {state}.", state=Text(record.state)),
                Text("Start it again, or add epochs to it."),
            )

    def wait(self, run: str, timeout_s: float | None = None) -> None:
        """Wait until a run is over and its snapshots are written; TimeoutError after `timeout_s`."""
        with self._lock:
            active = self._active.get(run) or self._ended.get(run)
        if active is None:
            return
        if not active.job.over.wait(timeout_s):
            raise TimeoutError(run)
        active.snapshots.wait(timeout_s)

    def error(self, run: str) -> BaseException | None:
        """What made a run of this process fail."""
        with self._lock:
            active = self._active.get(run) or self._ended.get(run)
        return active.job.error if active else None

    def suggested(self, run: str, suggestion: str) -> Experiment | None:
        """The experiment a suggestion stands for."""
        with self._lock:
            active = self._active.get(run) or self._ended.get(run)
        status = active.live.status if active and active.live else None
        if status is None or active is None or active.job.run is None:
            return None
        chosen = status.suggestion(suggestion)
        return chosen.applied_to(active.job.run.experiment)[0] if chosen else None

    # -- before it runs ------------------------------------------------------------------------------------------

    def preview(self, experiment: Experiment) -> str:
        """Measure the untrained network on a channel of its own; measured once per experiment."""
        channel = f"preview-{experiment.fingerprint()[:32]}"
        if self._hub is None or self._hub.known(channel):
            return channel
        job = PreviewJob(experiment, self._folder.path, self._hub, channel, self._load_data, self.compute)
        job.open()
        return channel


def checked_values(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """A command's values within their legal ranges; BadInput says what is wrong."""
    if kind == "extend":
        epochs = values.get("epochs")
        if not isinstance(epochs, int) or isinstance(epochs, bool) or not 1 <= epochs <= 1_000_000:
            raise BadInput(
                Text("The number of epochs to add is {value}.", value=repr(epochs)),
                Text("It must be a whole number above 0."),
                Text("Use 1 to 1 000 000."),
            )
    if kind == "set":
        lr = values.get("lr")
        if not isinstance(lr, int | float) or isinstance(lr, bool) or not 0 < lr < float("inf"):
            raise BadInput(
                Text("The learning rate is {value}.", value=repr(lr)),
                Text("A negative step climbs the loss, and a step of 0 goes nowhere."),
                Text("Use a value above 0; 0.0001 to 1 is usual."),
            )
    return values


