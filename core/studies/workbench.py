"""Workbench: everything one process works with — data folder, store, live hub, compute thread — and its services.

Importing this module loads no torch: the write lock is taken first, and commands that only read stay fast.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.errors import BadInput
from core.experiment import Experiment
from core.landscape.asked import is_landscape
from core.people import LOCAL, NOBODY, keeps_order
from core.store.folder import DataFolder, WriteLock
from core.store.records import ACTIVE_STATES, Look, RunRecord
from core.store.store import Store
from core.studies.access import to_act, to_change, to_command
from core.studies.fair_use import GOING_ON
from core.studies.services.class_room import ClassRoom
from core.studies.services.data import DataServices
from core.studies.services.finding import FaultFinding
from core.studies.services.generalizing import Generalizing
from core.studies.services.measured import Measurements
from core.studies.services.overview import Overview
from core.studies.services.teaching import Teaching
from core.studies.study import is_channel, is_for_all, is_generator, study_of
from core.text import Text

if TYPE_CHECKING:
    from core.training.run import Run


class Workbench(Measurements, DataServices, Generalizing, Teaching, Overview, FaultFinding, ClassRoom):
    """Opened once per process by the launcher or the command line; closed at its end."""

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
            self.own.close()
            try:
                self.store.close()
            finally:
                if self._lock is not None:
                    self._lock.release()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
        with self.fair_use.place(self.runner, to_act(actor)):
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
        changed = dict(changes or {})
        with self.fair_use.place(self.runner, to_act(actor)):
            return self.runner.fork(record, at, changed, actor=actor, pace=pace, paused=paused, name=name)

    def resume(self, run: str, *, actor: str = LOCAL, pace: str = "10s", epochs: int = 0) -> str:
        """Continue a run from its latest valid snapshot, `epochs` longer than planned; returns its id."""
        record = to_change(self.store.get_run(run, actor=actor), actor)
        with self._room_to_go_on(actor, is_active=self.is_active(run), is_held=self._is_held(record)):
            return self.runner.resume(record, actor=actor, pace=pace, epochs=epochs)

    def command(self, run: str, kind: str, values: Mapping[str, Any] | None = None, *, actor: str = LOCAL) -> None:
        """Tell a run something: start, pause, resume, step, stop, extend, set, pace, curvature; received at once.

        The channel of a comparison stands for all its runs; that of a landscape only takes stop, that of a generator
        also pause and resume.
        """
        if is_landscape(run):
            self.runner.landscapes.command(run, kind, to_act(actor))
            return
        if is_generator(run):
            self.command_generator(run, kind, actor=actor)
            return
        if is_channel(run):
            self.command_comparison(study_of(run), kind, values, actor=actor)
            return
        is_active = self.is_active(run)
        record = to_command(self.store.get_run(run, actor=actor), kind, actor, is_active=is_active)
        is_held = kind in GOING_ON and self._is_held(record)
        with self._room_to_go_on(record.owner, is_active=is_active, is_held=is_held):
            self.runner.command(record, kind, dict(values or {}), actor=actor)

    def is_active(self, run: str) -> bool:
        """Whether the run is queued, running or paused in this process."""
        return self._runner is not None and self._runner.job(run) is not None

    def running(self, *, actor: str = LOCAL) -> RunRecord | None:
        """The actor's newest run that is active, for a tab that opens without asking for one."""
        found = (run for state in ACTIVE_STATES for run in self.store.list_runs(actor=actor, state=state))
        own = (run for run in found if run.owner == actor and self.is_active(run.id))
        return max(own, key=lambda run: run.id, default=None)

    def _is_held(self, run: RunRecord) -> bool:
        """Whether a run is paused, and the comparison that it takes part in with it."""
        job = self.runner.job(run.id)
        if job is None or job.state_name != "paused":
            return False
        return run.study is None or self.runner.races.is_held(self.store.get_study(run.study, actor=run.owner))

    def wait(self, run: str, timeout_s: float | None = None, *, actor: str = LOCAL) -> RunRecord:
        """Wait until a run of this process is over and stored; TimeoutError after `timeout_s`."""
        self.store.get_run(run, actor=actor)
        self.runner.wait(run, timeout_s)
        self.store.flush()
        return self.store.get_run(run, actor=actor)

    def evaluate_test(self, run: str, *, actor: str = LOCAL, insist: bool = False) -> Look:
        """Look at the sealed test split with the final weights of a run that is over.

        Refused when other weights have been looked at before, unless `insist`: the number is contaminated then.
        """
        record = to_change(self.store.get_run(run, actor=actor), actor)
        return self.runner.evaluate_test(record, actor=actor, insist=insist)

    def state_at(self, run: str, step: int, *, actor: str = LOCAL) -> Run:
        """A run as it was after update `step` (0: untrained), bit for bit; waits until it is replayed.

        What is asked of it belongs into the compute thread. BadInput for an update that the run has not done.
        """
        return self.runner.state_at(self.store.get_run(run, actor=actor), step)

    def may_watch(self, channel: str, *, actor: str) -> bool:
        """Whether somebody may be shown what a channel of the hub tells."""
        if self.room is not None:
            if not self.room.knows(actor):
                return False
            self.room.seen(actor)
        if keeps_order(actor):
            return True
        if is_landscape(channel):
            return self.runner.landscapes.may_watch(channel, actor)
        if is_for_all(channel):
            return actor != NOBODY
        try:
            if is_channel(channel):
                self.store.get_study(study_of(channel), actor=actor)
            else:
                self.store.get_run(channel, actor=actor)
        except BadInput:
            return False
        return True

    def queue_length(self) -> int:
        """Runs that are waiting or running here."""
        return self._runner.compute.queue_length() if self._runner is not None else 0


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
