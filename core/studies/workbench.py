"""Workbench: everything one process works with — data folder, store, live hub, compute thread — and its services.

Importing this module loads no torch: the write lock is taken first, and commands that only read stay fast.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.landscape.asked import LandscapeRequest, is_landscape
from core.live.hub import Hub
from core.live.tokens import Tokens
from core.store.folder import DataFolder, WriteLock
from core.store.records import Look, RunRecord, StudyRecord
from core.store.store import Store
from core.studies.study import COMPARISON, is_channel, study_of
from core.text import Text

if TYPE_CHECKING:
    from core.landscape.practice import Practice
    from core.studies.comparison import Comparison
    from core.studies.practice_races import Drawing
    from core.studies.runner import Runner
    from core.studies.sample_pictures import SamplePicture
    from core.training.run import Run

LOCAL = "local"
"""The one actor of laptop mode."""


class Workbench:
    """Opened once per process by the launcher or the command line; closed at its end."""

    def __init__(self, folder: DataFolder, store: Store, lock: WriteLock | None, *, live: bool) -> None:
        self.folder = folder
        self.store = store
        self.hub = Hub(load=self._load_stored)
        self.tokens = Tokens()
        self._lock = lock
        self._live = live
        self._runner: Runner | None = None

    @classmethod
    def open(cls, data: str | os.PathLike[str] | None = None, *, live: bool = True) -> Workbench:
        """Take the write lock, open and migrate the store, mark runs that a killed process left.

        `live` False is for a process without viewers. Raises Refused when another process holds the folder.
        """
        folder = DataFolder.find(data)
        # Loading what stands above takes its share of the two seconds in which a refusal must be there.
        lock = WriteLock.acquire(folder, timeout_s=0.5)
        try:
            store = Store.open(folder, lock)
            store.mark_interrupted()
        except BaseException:
            lock.release()
            raise
        return cls(folder, store, lock, live=live)

    @classmethod
    def reading(cls, data: str | os.PathLike[str] | None = None) -> Workbench:
        """A workbench that only reads: no lock, works while another process trains."""
        folder = DataFolder.find(data)
        return cls(folder, Store.open(folder), None, live=False)

    def close(self) -> None:
        """Write what must be kept (snapshots, rows), then let go of everything."""
        try:
            if self._runner is not None:
                self._runner.close()
        finally:
            try:
                self.store.close()
            finally:
                if self._lock is not None:
                    self._lock.release()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def runner(self) -> Runner:
        """What trains here; made on first use, which imports torch."""
        if self._lock is None:
            raise Refused(
                Text("This process only reads."),
                Text("It does not hold the write lock of the data folder."),
                Text("Use a command that trains."),
            )
        if self._runner is None:
            from core.studies.runner import Runner

            self._runner = Runner(self.folder, self.store, self.hub if self._live else None)
        return self._runner

    @property
    def device(self) -> Text:
        """What computes here, in words."""
        from core.training.device import default_device, describe

        return describe(default_device())

    # -- runs ----------------------------------------------------------------------------------------------------

    def start(
        self,
        experiment: Experiment,
        *,
        actor: str = LOCAL,
        pace: str = "10s",
        paused: bool = False,
        name: str = "",
        notes: Sequence[Text] = (),
    ) -> str:
        """Store and queue a new run; returns its id. BadInput when the parts of the experiment do not fit.

        `notes` are kept with the run, together with those about settings without effect.
        """
        from core.compatibility import check

        notes = [*notes, *check(experiment)]
        name = name or experiment.name
        return self.runner.start(experiment, actor=actor, pace=pace, paused=paused, name=name, notes=notes)

    def fork(
        self,
        run: str,
        at: int | None = None,
        changes: Mapping[str, Any] | None = None,
        *,
        actor: str = LOCAL,
        name: str = "",
        pace: str | None = None,
        paused: bool = False,
    ) -> str:
        """A new run that begins as `run` was after update `at` (None: as it is now), with `changes` by dotted path.

        Returns its id; without a change it goes on as its parent does, bit for bit. `pace` None: its parent's while
        that is active. BadInput for an update that the parent has not done, and for what cannot change in a run that
        goes on (`core.training.changes`).
        """
        record = self.store.get_run(run, actor=actor)
        job = self.runner.job(run)
        pace = pace or (job.pace if job else "10s")
        return self.runner.fork(record, at, dict(changes or {}), actor=actor, pace=pace, paused=paused, name=name)

    def resume(self, run: str, *, actor: str = LOCAL, pace: str = "10s", epochs: int = 0) -> str:
        """Continue a run from its latest valid snapshot, `epochs` longer than planned; returns its id."""
        record = self.store.get_run(run, actor=actor)
        return self.runner.resume(record, actor=actor, pace=pace, epochs=epochs)

    def command(self, run: str, kind: str, values: Mapping[str, Any] | None = None, *, actor: str = LOCAL) -> None:
        """Tell a run something: start, pause, resume, step, stop, extend, set, pace, curvature; received at once.

        The channel of a comparison stands for all its runs; that of a landscape only takes stop.
        """
        if is_landscape(run):
            self.runner.landscapes.command(run, kind)
            return
        if is_channel(run):
            self.command_comparison(study_of(run), kind, values, actor=actor)
            return
        record = self.store.get_run(run, actor=actor)
        self.runner.command(record, kind, dict(values or {}), actor=actor)

    def is_active(self, run: str) -> bool:
        """Whether the run is queued, running or paused in this process."""
        return self._runner is not None and self._runner.job(run) is not None

    def running(self, *, actor: str = LOCAL) -> RunRecord | None:
        """The newest run that is active, for a tab that opens without asking for one."""
        active = [record for record in self.runs(actor=actor) if self.is_active(record.id)]
        return active[-1] if active else None

    def wait(self, run: str, timeout_s: float | None = None) -> RunRecord:
        """Wait until a run of this process is over and stored; TimeoutError after `timeout_s`."""
        self.runner.wait(run, timeout_s)
        self.store.flush()
        return self.store.get_run(run, actor=LOCAL)

    def evaluate_test(self, run: str, *, actor: str = LOCAL, insist: bool = False) -> Look:
        """Look at the sealed test split with the final weights of a run that is over.

        Refused when other weights have been looked at before, unless `insist`: the number is contaminated then.
        """
        record = self.store.get_run(run, actor=actor)
        return self.runner.evaluate_test(record, actor=actor, insist=insist)

    def state_at(self, run: str, step: int, *, actor: str = LOCAL) -> Run:
        """A run as it was after update `step` (0: untrained), bit for bit; waits until it is replayed.

        What is asked of it belongs into the compute thread. BadInput for an update that the run has not done.
        """
        return self.runner.state_at(self.store.get_run(run, actor=actor), step)

    def preview(self, experiment: Experiment) -> str:
        """A channel of the hub on which the untrained network of an experiment is measured and shown."""
        return self.runner.preview(experiment)

    def sample_picture(
        self, experiment: Experiment, update: int | None = None, *, patience_s: float = 0.0
    ) -> SamplePicture | None:
        """Training samples of an experiment, and with `update` (from 0) what its augmentations make of them from there.

        None while it is being drawn, which whoever asks waits for no longer than `patience_s`: ask again.
        """
        return self.runner.sample_pictures.get(experiment, update, patience_s)

    def draw_practice(self, practice: Practice, *, actor: str = LOCAL) -> Drawing:
        """Optimizers on a practice surface; waits for its turn. BadInput where it has no value at the start."""
        return self.runner.practice_races.draw(practice, actor)

    def leaving_by_rate(
        self, practice: Practice, *, actor: str = LOCAL
    ) -> tuple[Sequence[float], list[list[int | None]]]:
        """Rates, and for each optimizer of a race that has one its updates to leave the saddle; waits for its turn."""
        return self.runner.practice_races.leaving_by_rate(practice, actor)

    def landscape(self, request: LandscapeRequest, *, actor: str = LOCAL) -> str:
        """The channel of the hub on which a landscape of stored runs is measured and told. BadInput, Refused."""
        return self.runner.landscapes.show(request, actor)

    def suggested(self, run: str, suggestion: str) -> Experiment | None:
        """The experiment that a suggestion beside a run stands for."""
        from core.training.changes import computed
        from core.training.suggestions import suggestion as offered

        record = self.find(run)
        if record is None:
            return None
        experiment = computed(Experiment.from_json(record.experiment), self.store.events(run))
        chosen = offered(suggestion, experiment)
        if chosen is None:
            return None
        changed, _ = chosen.applied_to(experiment)
        return changed

    def queue_length(self) -> int:
        """Runs that are waiting or running here."""
        return self._runner.compute.queue_length() if self._runner is not None else 0

    # -- comparisons ---------------------------------------------------------------------------------------------

    def start_comparison(
        self, comparison: Comparison, *, actor: str = LOCAL, pace: str = "10s", paused: bool = False
    ) -> str:
        """Store a comparison and queue its race, after the search for learning rates where there is one; its id.

        What happens stands on the hub's channel `study_channel(id)`. BadInput when a variant cannot be trained.
        """
        return self.runner.races.start(comparison, actor=actor, pace=pace, paused=paused)

    def price(self, comparison: Comparison) -> str:
        """A channel of the hub on which it is measured and told what a comparison will cost."""
        return self.runner.races.price(comparison)

    def command_comparison(
        self, study: str, kind: str, values: Mapping[str, Any] | None = None, *, actor: str = LOCAL
    ) -> None:
        """Tell all runs of a comparison something: start, pause, resume, step, stop, extend, set, pace, curvature.

        One that is over goes on with extend, and one that was broken off with resume, in lock-step again. `fork` lets
        one of its runs branch: {"run", "step", "changes", "name", "pace"}; the channel tells of the branch. `target`
        chooses the error whose reaching is compared: {"target"}.
        """
        record = self.store.get_study(study, actor=actor)
        if kind == "fork":
            self.runner.races.branch(record, dict(values or {}), actor=actor)
            return
        if kind == "target":
            from core.studies.aim import aim

            aim(self.store, self.hub, record, (values or {}).get("target"), is_active=self.is_comparing(study))
            return
        self.runner.races.command(record, kind, dict(values or {}), actor=actor)

    def wait_comparison(self, study: str, timeout_s: float | None = None) -> StudyRecord:
        """Wait until a comparison of this process is over and stored; TimeoutError after `timeout_s`."""
        self.runner.races.wait(study, timeout_s)
        self.store.flush()
        return self.store.get_study(study, actor=LOCAL)

    def studies(self, *, actor: str = LOCAL) -> tuple[StudyRecord, ...]:
        """The comparisons the actor may see, newest last."""
        return self.store.list_studies(actor=actor, kind=COMPARISON)

    def study(self, study: str, *, actor: str = LOCAL) -> StudyRecord:
        """A comparison as stored; `Comparison.from_json(record.document)` is what was asked for."""
        return self.store.get_study(study, actor=actor)

    def runs_of(self, study: str, *, actor: str = LOCAL) -> tuple[RunRecord, ...]:
        """The runs of a comparison, seed by seed and of one seed variant by variant."""
        return self.store.list_runs(actor=actor, study=study)

    def running_comparison(self, *, actor: str = LOCAL) -> StudyRecord | None:
        """The newest comparison that is active here."""
        active = [record for record in self.studies(actor=actor) if self.is_comparing(record.id)]
        return active[-1] if active else None

    def is_comparing(self, study: str) -> bool:
        """Whether a comparison searches, waits, runs or is paused in this process."""
        return self._runner is not None and self._runner.races.is_active(study)

    def delete_comparison(self, study: str, *, actor: str = LOCAL) -> None:
        """Delete a comparison and its runs for good; Refused while it is active."""
        self.runner.races.delete(self.store.get_study(study, actor=actor), actor)

    # -- stored runs ---------------------------------------------------------------------------------------------

    def runs(self, *, actor: str = LOCAL) -> tuple[RunRecord, ...]:
        """All runs the actor may see, newest last."""
        is_left = self._lock is None and not WriteLock.is_taken(self.folder)
        runs = self.store.list_runs(actor=actor)
        return tuple(run.left_behind() if is_left and run.active else run for run in runs)

    def find(self, run: str, *, actor: str = LOCAL) -> RunRecord | None:
        """A run, or None when there is none with this id."""
        try:
            return self.store.get_run(run, actor=actor)
        except BadInput:
            return None

    def family(self, run: str, *, actor: str = LOCAL) -> tuple[RunRecord, ...]:
        """A run, what it has branched from, and all that has branched from these: each before its own branches."""
        first = self.store.get_run(run, actor=actor)
        while first.parent and (parent := self.find(first.parent, actor=actor)):
            first = parent
        return self._with_branches(first, actor)

    def _with_branches(self, run: RunRecord, actor: str) -> tuple[RunRecord, ...]:
        branches = self.store.list_runs(actor=actor, parents=[run.id])
        return (run, *(found for branch in branches for found in self._with_branches(branch, actor)))

    def rename(self, run: str, name: str, *, actor: str = LOCAL) -> None:
        """Give a run another name."""
        self.store.rename(run, name, actor=actor)
        self.hub.update(run, name=name, is_named=bool(name))

    def note(self, run: str, note: str, *, actor: str = LOCAL) -> None:
        """Replace a run's note."""
        self.store.note(run, note, actor=actor)

    def delete(self, run: str, *, actor: str = LOCAL) -> None:
        """Delete a run for good; Refused while it is active."""
        self.runner.delete(run, actor)
        self.hub.forget(run)

    def _load_stored(self, run: str, hub: Hub) -> bool:
        """Fill a stored run into the hub for a viewer; False when there is none."""
        from core.studies.replayed import show_stored

        if is_channel(run):
            return self._load_comparison(run)
        # One that is resumed at this moment shows itself: what is stored would be put over it.
        with self.runner.changing:
            if run in hub.runs():
                return True
            record = self.find(run)
            if record is None:
                return False
            show_stored(self.store, record, hub)
        if record.step:
            self.runner.show_pictures(record)
        return True

    def _load_comparison(self, channel: str) -> bool:
        from core.studies.race_meta import show_stored_study

        try:
            record = self.store.get_study(study_of(channel), actor=LOCAL)
        except BadInput:
            return False
        return show_stored_study(self.store, record, self.hub)


_workbench: Workbench | None = None


def use_workbench(opened: Workbench | None) -> None:
    """Make a workbench the one of this process (None: there is none any more)."""
    global _workbench
    _workbench = opened


def workbench() -> Workbench:
    """The workbench of this process, as its launcher opened it."""
    if _workbench is None:
        raise RuntimeError("the launcher has not opened a workbench")
    return _workbench
