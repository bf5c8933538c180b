"""Forking: the runs that branch off others here, from the request to the state with which they begin."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from core.live.hub import Hub
from core.store.engines import not_saved
from core.store.folder import DataFolder
from core.store.ids import new_id
from core.store.records import Happened, RunRecord
from core.store.store import Store
from core.studies.forks import Branch, Origin, State, branch_of, origin_of, present_origin, replayed_state
from core.studies.loading import Loading
from core.studies.replay import facts_of
from core.studies.replayed import opening_meta, show_events
from core.text import Text
from core.training.changes import computed
from core.training.compute import Compute, Pieces
from core.training.job import TrainingJob


@dataclass(frozen=True)
class Begins:
    """What a fork computes, and the state with which it begins, once that is there."""

    branch: Branch
    state: Future[State]


class _Replay(Pieces):
    """The way to the state of a fork: part of that run, so it has a run's share of the time.

    It waits for no place of its own: the fork may have the only one of its owner already, and waits for this.
    """

    priority = "run"

    def __init__(self, pieces: Generator[None, None, State | None], owner: str) -> None:
        super().__init__(pieces, owner)
        self.is_active = True


class Forks:
    """Makes forks of active and of stored runs. `hub` None: nobody watches."""

    def __init__(self, store: Store, folder: DataFolder, compute: Compute, hub: Hub | None, loading: Loading) -> None:
        self._store, self._folder, self._compute, self._hub = store, folder, compute, hub
        self._loading = loading

    def make(
        self,
        parent: RunRecord,
        job: TrainingJob | None,
        step: int | None,
        changes: Mapping[str, Any],
        *,
        actor: str,
        name: str,
    ) -> tuple[RunRecord, Begins]:
        """Store a fork that leaves a run after update `step` (None: as it is now) and is changed, and show it.

        `job` is the parent's, if it is active. Returns the new run with its first attempt, and how it begins.
        """
        branch = branch_of(parent, self._origin(parent, job, step), changes)
        run = new_id()
        # The way back to where it begins is gone while the disk takes it.
        state = self._state(branch, run, actor)
        try:
            record = self._stored(branch, run, actor=actor, name=name)
        except BaseException:
            state.cancel()
            self._loading.forget(run)
            raise
        self._show(branch, record)
        return record, Begins(branch, state)

    def _stored(self, branch: Branch, run: str, *, actor: str, name: str) -> RunRecord:
        parent, origin, experiment = branch.parent, branch.origin, branch.experiment
        self._store.create_run(
            id=run,
            actor=actor,
            experiment=experiment.to_json(),
            fingerprint=experiment.fingerprint(),
            schema_version=experiment.version,
            name=name,
            visibility=parent.visibility if parent.owner == actor else None,
            parent=parent.id,
            fork_step=origin.step,
            facts=facts_of(origin.conditions, parent.facts.split_hashes) if origin.conditions else None,
            answer={"notes": [note.to_json() for note in branch.notes]},
            cause="fork",
            events=[
                *(Happened(event.kind, event.step, event.values, True) for event in branch.recipe),
                Happened("fork", origin.step, {"parent": parent.id}, False),
            ],
        )
        return self._store.get_run(run, actor=actor)

    def _show(self, branch: Branch, record: RunRecord) -> None:
        if self._hub:
            now = computed(branch.experiment, branch.recipe)
            self._hub.open(record.id, opening_meta(now, record))
            self._hub.attempt(record.id, record.attempt, 0)
            show_events(self._store, record.id, branch.experiment, self._hub, since=branch.origin.step)
            if branch.origin.state is None:
                self._say_going_back(branch, record.id)

    def _say_going_back(self, branch: Branch, run: str) -> None:
        if self._hub:
            self._hub.update(run, reason=Text("Going back to update {step:,}", step=branch.origin.step))

    def _state(self, branch: Branch, run: str, owner: str) -> Future[State]:
        """The state with which a fork begins, once the data are there.

        Where it is not at hand, the parent is replayed to it in the compute thread, piece by piece.
        """
        where = branch.origin.conditions
        loading = self._loading.load(branch.experiment, run, where.device if where else None)
        state: Future[State] = Future()

        def loaded(data: Future[Any]) -> None:
            error = None if data.cancelled() else data.exception()
            if data.cancelled() or error is not None or branch.origin.state is not None:
                _settle(state, branch.origin.state, error)
                return
            self._say_going_back(branch, run)
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
