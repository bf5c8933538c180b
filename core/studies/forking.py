"""Forking: the runs that branch off others here, from the request to the state with which they begin."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from typing import Any

from core.live.hub import Hub
from core.store.engines import not_saved
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.forks import Branch, Origin, State, branch_of, facts_of, origin_of, present_origin, replayed_state
from core.studies.replayed import opening_meta, show_events
from core.text import Text
from core.training.changes import computed
from core.training.compute import Compute, Pieces
from core.training.job import TrainingJob


class _Replay(Pieces):
    """The way to the state of a fork: part of that run, so it has a run's share of the time."""

    priority = "run"


class Forks:
    """Makes forks of active and of stored runs. `hub` None: nobody watches."""

    def __init__(self, store: Store, folder: DataFolder, compute: Compute, hub: Hub | None) -> None:
        self._store, self._folder, self._compute, self._hub = store, folder, compute, hub

    def branch(
        self, parent: RunRecord, job: TrainingJob | None, step: int | None, changes: Mapping[str, Any]
    ) -> Branch:
        """What leaves a run after update `step` (None: as it is now) and is changed; `job` is the run's, if active."""
        return branch_of(parent, self._origin(parent, job, step), changes)

    def store(self, branch: Branch, *, actor: str, name: str) -> tuple[RunRecord, int]:
        """Store a new run for a branch, with its recipe, and show it; returns its record and its first attempt."""
        parent, origin, experiment = branch.parent, branch.origin, branch.experiment
        run = self._store.create_run(
            actor=actor,
            experiment=experiment.to_json(),
            fingerprint=experiment.fingerprint(),
            schema_version=experiment.version,
            name=name,
            parent=parent.id,
            fork_step=origin.step,
            facts=facts_of(origin.conditions, parent),
            answer={"notes": [note.to_json() for note in branch.notes]},
        )
        when = self._clock(parent.id)
        for event in branch.recipe:
            epoch, train_s = when(event.step)
            self._store.add_event(
                run,
                event.kind,
                actor=actor,
                step=event.step,
                epoch=epoch,
                train_s=train_s,
                values=event.values,
                recipe=True,
            )
        record = self._store.get_run(run, actor=actor)
        attempt = self._store.begin_attempt(run, origin.step, "fork", actor=actor)
        at, (epoch, train_s) = origin.step, when(origin.step)
        values = {"parent": parent.id}
        self._store.add_event(run, "fork", actor=actor, step=at, epoch=epoch, train_s=train_s, values=values)
        if self._hub:
            self._hub.open(run, opening_meta(computed(experiment, branch.recipe), record))
            self._hub.attempt(run, attempt, 0)
            show_events(self._store, run, experiment, self._hub, since=origin.step)
        return record, attempt

    def state(self, branch: Branch, run: str, loading: Future[Any], owner: str) -> Future[State]:
        """The state with which a fork begins, once the data are there.

        Where it is not at hand, the parent is replayed to it in the compute thread, piece by piece.
        """
        state: Future[State] = Future()

        def loaded(data: Future[Any]) -> None:
            error = None if data.cancelled() else data.exception()
            if data.cancelled() or error is not None or branch.origin.state is not None:
                _settle(state, branch.origin.state, error)
                return
            if self._hub:
                self._hub.update(run, reason=Text("Going back to update {step:,}", step=branch.origin.step))
            work = replayed_state(self._store, self._folder, branch)
            job = _Replay(_while_wanted(work, state), owner)
            job.future.add_done_callback(replayed)
            if not self._compute.offer(job):
                job.cancel()

        def replayed(work: Future[Any]) -> None:
            error = None if work.cancelled() else work.exception()
            _settle(state, None if work.cancelled() or error else work.result(), error)

        loading.add_done_callback(loaded)
        return state

    def _clock(self, run: str) -> Callable[[int], tuple[float, float]]:
        """From a number of updates to the passes and seconds that a run had done by then; 0 where none are stored."""
        rows = self._store.read_steps(run, ["epoch", "train_s"])

        def when(step: int) -> tuple[float, float]:
            place = int(rows["step"].searchsorted(step))
            if place == len(rows["step"]) or rows["step"][place] != step:
                return 0.0, 0.0
            return float(rows["epoch"][place]), float(rows["train_s"][place])

        return when

    def _origin(self, parent: RunRecord, job: TrainingJob | None, step: int | None) -> Origin:
        """Where a fork leaves its parent: from what is computed here now, or else from what is stored."""
        if job is not None:
            present = self._compute.call(lambda: present_origin(job, step), parent.owner).result()
            if present is not None:
                return present
            if not self._store.flush():
                raise not_saved(self._store.delay or Text("The disk or the database server is slow."))
            parent = self._store.get_run(parent.id, actor=parent.owner)
        return origin_of(self._store, parent, step)


def _settle(state: Future[State], value: State | None, error: BaseException | None) -> None:
    """Pass on how the search for a state ended: with one, with an error, or broken off."""
    if error is None and value is None:
        state.cancel()
    elif not state.set_running_or_notify_cancel():
        return
    elif error is not None:
        state.set_exception(error)
    elif value is not None:
        state.set_result(value)


def _while_wanted(work: Generator[None, None, State], wanted: Future[State]) -> Generator[None, None, State | None]:
    """The pieces of `work` until nobody waits for its result any more."""
    while not wanted.cancelled():
        try:
            next(work)
        except StopIteration as end:
            return end.value
        yield
    work.close()
    return None
