"""Runner: starts, resumes and commands the runs of this process, and measures untrained networks for the page."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import torch

from core.catalog.datasets.own import nothing_removed
from core.errors import Refused
from core.executors.choice import LOCAL, checked_executor
from core.executors.cluster import Cluster
from core.executors.remote_lane import RemoteLane
from core.experiment import Experiment
from core.live.hub import Hub
from core.store.engines import not_saved
from core.store.folder import DataFolder
from core.store.new_run import NewRun
from core.store.records import STATE_NAMES, Look, RunRecord
from core.store.store import Store
from core.studies.at_work import AtWork
from core.studies.commands import check_change, check_goes_on, checked_values
from core.studies.curvature_watch import curvature_watch
from core.studies.data_studies import DataStudies
from core.studies.dealing import check_dealt
from core.studies.doing import how_far
from core.studies.elsewhere import Attempted, Elsewhere, Place
from core.studies.fair_use import places
from core.studies.forking import Begins, Forks
from core.studies.forks import begin
from core.studies.gradients import Gradients
from core.studies.joining import never_began, put_back
from core.studies.landscape_jobs import Landscapes
from core.studies.loading import Loading
from core.studies.playback import Playbacks
from core.studies.practice_races import PracticeRaces
from core.studies.previews import Previews, preview_channel
from core.studies.races import Races
from core.studies.replay import check_step, facts_of, recipe_going_on, recorded_conditions, replaying
from core.studies.replayed import first_of, opening_meta, show_rows
from core.studies.sealed import look
from core.studies.search.searches import Searches
from core.studies.seat import Entrant, Seat
from core.studies.sinks import LiveSink, StoreSink
from core.studies.snapshots import SnapshotWriter
from core.studies.stored_pictures import show_pictures
from core.text import Text
from core.training.changes import computed
from core.training.checkpoint import Snapshot, latest_valid, remove_after, remove_leftovers
from core.training.command import Command, checked_pace
from core.training.compute import Compute, Pieces
from core.training.device import check_available
from core.training.evaluation import Evaluation
from core.training.events import Event
from core.training.job import TrainingJob
from core.training.lane import Lane
from core.training.picture_job import PictureJob
from core.training.run import Run
from core.training.sink import RunSink


class Runner:
    """The runs of this process. `hub` None: nobody watches."""

    def __init__(self, folder: DataFolder, store: Store, hub: Hub | None) -> None:
        self._folder, self._store, self._hub = folder, store, hub
        self.changing = threading.Lock()
        """Held while a run is resumed, deleted or shown from the store: each finds what the one before has left."""
        self.at_work = AtWork()
        self.cluster = Cluster(folder.path)
        self._snapshot_pool = ThreadPoolExecutor(1, thread_name_prefix="snapshots")
        self.compute = Compute(places)
        self.compute.start()
        # With the first optimizer torch loads a second's worth of modules: not when somebody has pressed Start.
        self.compute.io.submit(torch.optim.SGD, [torch.zeros(1)])
        self._loading = Loading(self.compute, folder.path, hub, partial(check_dealt, store))
        self._forks = Forks(store, folder, self.compute, hub, self._loading)
        self._previews = Previews(folder.path, hub, self._loading, self.compute) if hub else None
        self.races = Races(self, folder, store, hub, self._loading)
        self.searches = Searches(self, folder, store, hub, self._loading)
        self.practice_races = PracticeRaces(self.compute)
        self.gradients = Gradients(self.compute, lambda: self._loading.load(Experiment(), None, "cpu"))
        self.landscapes = Landscapes(folder, store, hub or Hub(), self._loading, self.compute)
        self.playbacks = Playbacks(store, hub or Hub(), self._loading, self.compute)
        self.data = DataStudies(folder, store, hub or Hub(), self._loading, self.compute)

    def close(self) -> None:
        """End the compute thread; every active run keeps a snapshot and becomes interrupted."""
        self._loading.close()
        self.compute.close()
        self._snapshot_pool.shutdown(wait=True)
        self.searches.close()
        self.cluster.close()

    def job(self, run: str) -> TrainingJob | None:
        """The job of a run that is active here."""
        return self.at_work.job(run)

    def cluster_of(self, executor: str) -> Cluster | None:
        """The cluster, reached, of an executor that trains on one; CoreError where it cannot be."""
        return None if checked_executor(executor) == LOCAL else self.cluster.connect()

    # -- starting ------------------------------------------------------------------------------------------------

    def start(
        self, experiment: Experiment, *, actor: str, pace: str, paused: bool, name: str, notes: Sequence[Text] = ()
    ) -> str:
        """Store a new run and queue it; returns its id. `notes` are about the experiment and kept with the run."""
        return self.start_all([Entrant(experiment, name, notes)], actor=actor, pace=pace, paused=paused)[0]

    def start_all(self, entrants: Sequence[Entrant], *, actor: str, pace: str, paused: bool) -> list[str]:
        """Store several new runs, all of them or none, and queue those without a seat; returns their ids."""
        checked_pace(pace)
        for entrant in entrants:
            check_dealt(self._store, entrant.experiment)
        with nothing_removed(*(entrant.experiment.dataset for entrant in entrants)):
            runs = self._store.create_runs([_new(entrant) for entrant in entrants], actor=actor)
        try:
            records = {record.id: record for record in self._store.list_runs(actor=actor, ids=runs)}
            for run, (experiment, _, _, seat) in zip(runs, entrants, strict=True):
                record = records[run]
                if self._hub:
                    self._hub.open(run, opening_meta(experiment, record))
                    self._hub.attempt(run, record.attempt, 0)
                self._launch(record, experiment, record.attempt, actor=actor, pace=pace, paused=paused, seat=seat)
        except BaseException as error:
            # Nobody else knows of these yet, and they would wait for ever.
            for run, entrant in zip(runs, entrants, strict=True):
                if entrant.seat and entrant.seat.lane:
                    entrant.seat.lane.failed(error)
                else:
                    self._never_began(run, error, actor)
            raise
        return runs

    def fork(
        self,
        parent: RunRecord,
        step: int | None,
        changes: Mapping[str, Any],
        *,
        actor: str,
        pace: str,
        paused: bool,
        name: str,
    ) -> str:
        """Store and queue a run that begins as its parent was after update `step` (None: now), with `changes`."""
        checked_pace(pace)
        record, fork = self._forks.make(parent, self.job(parent.id), step, changes, actor=actor, name=name)
        begun = (record, fork.branch.experiment, record.attempt)
        try:
            self._launch(*begun, actor=actor, pace=pace, paused=paused, begins=fork)
        except BaseException as error:
            fork.state.cancel()
            self._never_began(record.id, error, actor)
            raise
        return record.id

    def resume(self, record: RunRecord, *, actor: str, pace: str, epochs: int, seat: Seat | None = None) -> str:
        """Continue a run from its latest valid snapshot, `epochs` longer than planned; a paused one just goes on."""
        job = self.job(record.id)
        if job is not None and job.state_name == "paused" and not epochs and job.command(Command("resume", {}, actor)):
            return record.id
        # One after another: of two requests for the same run the second finds it active.
        with self.changing:
            ended = self._ended_record(record, actor)
            try:
                return self._resume(ended, actor=actor, pace=pace, epochs=epochs, seat=seat)
            except BaseException:
                if self.job(record.id) is None:
                    put_back(self._store, self._hub, ended, actor)
                raise

    def delete(self, run: str, actor: str) -> None:
        """Delete a run for good; Refused while it is active, also when it has just been resumed."""
        with self.changing:
            ended = self.at_work.ended(run)
            if ended is not None:
                # A snapshot that is still being written would stay behind.
                ended.over.wait()
                ended.snapshots.wait()
            self._store.delete(run, actor=actor)
            self.at_work.forget(run)

    def _ended_record(self, record: RunRecord, actor: str) -> RunRecord:
        """The record of a run that can be resumed, with everything stored; else Refused."""
        job = self.job(record.id)
        if job is not None and not job.done:
            raise Refused(
                Text("Run {id} cannot be resumed.", id=record.id),
                Text("It is {state} already.", state=STATE_NAMES[job.state_name]),
                Text("Watch it, or stop it first."),
            )
        if self.wait(record.id):
            if not self._store.flush():
                # Without a change that is not stored yet, such as a learning rate, the run would take another course.
                raise not_saved(self._store.delay or Text("The disk or the database server is slow."))
            record = self._store.get_run(record.id, actor=actor)
        if record.state == "diverged":
            raise Refused(
                Text("Run {id} cannot be resumed.", id=record.id),
                Text("It has diverged: its next update would give no numbers either."),
                Text("Start it again, for instance with a smaller learning rate."),
            )
        return record

    def _resume(self, record: RunRecord, *, actor: str, pace: str, epochs: int, seat: Seat | None) -> str:
        experiment = Experiment.from_json(record.experiment)
        folder = self._folder.snapshots(record.id)
        remove_leftovers(folder)
        noted = {entry.step: entry.sha256 for entry in self._store.snapshots(record.id)}
        found = latest_valid(folder, run=record.id, noted=noted)
        kept = found.snapshot
        step = kept.step if kept else 0
        conditions = recorded_conditions(record, kept)
        if conditions is not None and (seat is None or seat.cluster is None):
            check_available(conditions.device)
        attempt = self._store.begin_attempt(record.id, step, "extend" if epochs else "resume", actor=actor)
        # From now on it is active, also while its data are loaded: it cannot be deleted, and lists show it waiting.
        self._store.set_state(record.id, "queued", actor=actor)
        remove_after(folder, step)
        recipe, added = recipe_going_on(self._store, record, epochs)
        if seat is not None:
            seat.added = added
        elif added is not None:
            self._store.add_event(record.id, added.kind, actor=actor, step=added.step, values=added.values, recipe=True)
        if self._hub:
            if record.id in self._hub.runs():
                self._hub.update(record.id, state="queued", reason=None)
            else:
                self._hub.open(record.id, opening_meta(computed(experiment, recipe), record))
            # The rows are shown again from the store, so a viewer sees what the run stands on and nothing twice.
            self._hub.attempt(record.id, attempt, -1)
        # Who joins a race that is held waits with it.
        held = seat is not None and seat.race.state_name == "paused"
        self._launch(
            record, experiment, attempt, actor=actor, pace=pace, paused=held, snapshot=kept, recipe=recipe, seat=seat
        )
        for sentence in found.damaged:
            self._store.add_note(record.id, sentence)
            self._store.add_event(record.id, "damaged_snapshot", actor=actor, step=step, values=sentence.to_json())
        return record.id

    def _never_began(self, run: str, error: BaseException, actor: str) -> None:
        """End a new run that got no job, which would wait for ever."""
        if self.job(run) is None:
            self._loading.forget(run)
            never_began(self._store, self._hub, run, error, actor)

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
        begins: Begins | None = None,
        seat: Seat | None = None,
    ) -> None:
        run = record.id
        earlier: list[Evaluation] = []
        if self._hub and snapshot:
            earlier, _ = show_rows(self._store, run, attempt, experiment, self._hub, since=record.fork_step or 0)
        first = first_of(self._store, record) if self._hub else None
        snapshots = SnapshotWriter(self._store, run, attempt, self._snapshot_pool)
        live = LiveSink(self._hub, run, attempt, earlier, lambda: self._delay(snapshots), first) if self._hub else None
        sinks: list[RunSink] = [StoreSink(self._store, run, attempt, actor), *([live] if live else [])]
        conditions = recorded_conditions(record, snapshot)
        here = seat.here(conditions) if seat else conditions
        if begins is not None:
            prepare, recipe = begins.state, list(begins.branch.recipe)
        else:
            prepare = self._loading.load(experiment, run, here.device if here else None)

        def build() -> Run:
            built = Run(experiment, self._folder.path, conditions=here, recipe=recipe or ())
            if begins is not None:
                return begin(built, begins.state.result(), begins.branch.origin, record.train_s)
            if snapshot is not None:
                built.load_state(snapshot.tensors, snapshot.state)
            if seat is not None:
                seat.begun(built)
            return built

        watch = curvature_watch(self._store, self._hub, run, attempt, actor)
        parts = prepare, build, sinks, snapshots
        rest: dict[str, Any] = {"owner": actor, "paused": paused, "finished": self._over_with(run)}
        if seat is not None and seat.cluster is not None and conditions is not None:
            where = Place(self._folder, self._store, self._hub, snapshots)
            attempted = Attempted(attempt, tuple(recipe or ()), snapshot, tuple(earlier))
            to = (seat.cluster, where, run, experiment, conditions, actor, attempted)
            job = seat.lane = RemoteLane(*parts, seat.race, Elsewhere(*to, processes=seat.processes), **rest)
        elif seat is not None:
            job = seat.lane = Lane(*parts, seat.race, watch=watch, **rest)
        else:
            job = TrainingJob(*parts, self.compute.wake, pace=pace, is_fork=begins is not None, watch=watch, **rest)
        self.at_work.begins(run, job, snapshots)
        if seat is None:
            self.compute.submit(job)
        if seat is None and self._hub:
            self.compute.submit(PictureJob(job, partial(self._hub.picture, run), actor, self.compute.num_going))

    def _delay(self, snapshots: SnapshotWriter) -> Text | None:
        """Why not all that a run has done is on the disk."""
        return self._store.delay or (snapshots.trouble.text if snapshots.trouble else snapshots.note)

    def _over_with(self, run: str) -> Callable[[TrainingJob], None]:
        def over(job: TrainingJob) -> None:
            self._loading.forget(run)
            if job.error is not None:
                # Its frames would keep the whole run.
                traceback.clear_frames(job.error.__traceback__)
            self.at_work.ends(run, job)

        return over

    # -- while it runs -------------------------------------------------------------------------------------------

    def command(self, record: RunRecord, kind: str, values: dict[str, Any], *, actor: str) -> None:
        """Hand a command to a run; extending one that is over resumes it."""
        command = Command(kind, checked_values(kind, values), actor)
        job = self.job(record.id)
        if kind == "set" and job is not None:
            check_change(self._store, job, record, command.values)
        if job is not None and job.command(command):
            return
        check_goes_on(kind, record, job)
        if record.study is None:
            self.resume(record, actor=actor, pace="10s", epochs=values.get("epochs", 0))
        else:
            self.wait(record.id)
            self.races.go_on(record, command)

    def wait(self, run: str, timeout_s: float | None = None) -> bool:
        """Wait until a run is over and its snapshots are written; whether it was trained here.

        TimeoutError after `timeout_s`.
        """
        return self.at_work.wait(run, timeout_s)

    def doing(self, run: str) -> Text:
        """What an active run is doing now, and how far it is."""
        job = self.job(run)
        at_work = job.run if job is not None else None
        if job is None or at_work is None:
            return self._loading.doing(run)
        return job.doing or how_far(at_work, job.progress)

    def evaluate_test(self, record: RunRecord, *, actor: str, insist: bool) -> Look:
        """Look at the sealed test split with a run's final weights; see `core.studies.sealed`."""
        ended = self.at_work.ended(record.id)
        if ended is not None:
            ended.snapshots.wait()
        return look(record, store=self._store, folder=self._folder, compute=self.compute, actor=actor, insist=insist)

    def state_at(self, record: RunRecord, step: int) -> Run:
        """A run as it was after any of its updates; see `core.studies.replay`."""
        check_step(record, step)
        self._loading.load(Experiment.from_json(record.experiment), None, record.facts.device).result()
        job = Pieces(replaying(self._store, self._folder, record, step), record.owner)
        self.compute.submit(job)
        return job.future.result()

    def error(self, run: str) -> BaseException | None:
        """What made a run of this process fail."""
        return ended.error if (ended := self.at_work.ended(run)) else None

    # -- before and after it runs ---------------------------------------------------------------------------------

    def preview(self, experiment: Experiment) -> str:
        """Measure the untrained network on a channel of its own; returns the channel."""
        return self._previews.show(experiment) if self._previews else preview_channel(experiment)

    def show_pictures(self, record: RunRecord) -> None:
        """Show what a stored run has learned, when its data are there."""
        if self._hub:
            show_pictures(record, self._store, self._hub, self._loading, self.compute)


def _new(entrant: Entrant) -> NewRun:
    experiment, seat = entrant.experiment, entrant.seat
    return {
        "experiment": experiment.to_json(),
        "fingerprint": experiment.fingerprint(),
        "schema_version": experiment.version,
        "name": entrant.name,
        "note": experiment.notes,
        "answer": {"notes": [note.to_json() for note in entrant.notes]},
        "study": seat.study if seat else None,
        "colour_slot": seat.key[0] if seat and seat.study else None,
        # One that is broken off before it is built goes on with the engine of all lanes.
        "facts": facts_of(seat.conditions(experiment)) if seat else None,
        "cause": "start",
    }
