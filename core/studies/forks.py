"""Forks: a run that begins as another one was after some update, and goes on with something changed, or with nothing.

The recipe of a fork is that of its parent up to there, and the change. So a fork can be replayed without its parent.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from core.experiment import Experiment
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.replay import check_step, nearest, recipe_of, recorded_conditions
from core.text import Text
from core.training.changes import carried_over, changed, computed
from core.training.device import Conditions
from core.training.events import Event
from core.training.job import TrainingJob
from core.training.run import Run

State = tuple[dict[str, Tensor], dict[str, Any]]
"""What a snapshot holds: tensors on the CPU, and the position."""


@dataclass(frozen=True)
class Origin:
    """Where a fork leaves its parent: the parent's recipe up to there, and its state where that is at hand."""

    step: int
    recipe: tuple[Event, ...]
    conditions: Conditions | None
    state: State | None = None


@dataclass(frozen=True)
class Branch:
    """What a fork computes: the parent's experiment, its own recipe, and notes about what the change did."""

    parent: RunRecord
    experiment: Experiment
    origin: Origin
    recipe: tuple[Event, ...]
    notes: tuple[Text, ...]


def origin_of(store: Store, record: RunRecord, step: int | None) -> Origin:
    """Where a stored run is left after update `step` (None: its last); BadInput for an update that it has not done."""
    last = record.answer["steps"] if record.state == "diverged" else record.step
    left_at = int(last) if step is None else step
    check_step(record, left_at)
    return Origin(left_at, _until(recipe_of(store, record.id), left_at), recorded_conditions(record))


def present_origin(job: TrainingJob, step: int | None) -> Origin | None:
    """Where an active run is left after update `step` (None: wherever it is), from what it knows by itself.

    Nobody waits for the disk then. None where only the store can tell: it is not built, at its end, or not that far.
    Belongs into the compute thread.
    """
    run = job.run if job.is_here else None
    if run is None:
        return None
    run.flush()  # It may show that the last updates were none.
    left_at = run.step_count if step is None else step
    if run.is_over or run.is_ending or not 0 <= left_at <= run.step_count:
        return None
    state = _copied(run) if left_at == run.step_count else None
    return Origin(left_at, _until(run.recipe, left_at), run.conditions, state)


def branch_of(record: RunRecord, origin: Origin, changes: Mapping[str, Any]) -> Branch:
    """The fork of a run that leaves it at `origin` with `changes` by dotted path; BadInput says what cannot change."""
    experiment = Experiment.from_json(record.experiment)
    before = computed(experiment, origin.recipe)
    if not changes:
        return Branch(record, experiment, origin, origin.recipe, (carried_over(before, before),))
    after, notes = changed(before, changes)
    event = Event(origin.step, "set", dict(changes))
    return Branch(record, experiment, origin, (*origin.recipe, event), (*notes, carried_over(before, after)))


def replayed_state(store: Store, folder: DataFolder, branch: Branch) -> Generator[None, None, State]:
    """Work towards the state that a fork begins with, from the parent's nearest snapshot; yields after every piece."""
    parent, origin = branch.parent.id, branch.origin
    snapshot = nearest(store, folder, parent, origin.step)
    run = Run(branch.experiment, folder.path, conditions=origin.conditions, recipe=origin.recipe)
    if snapshot is not None:
        run.load_state(snapshot.tensors, _cut(snapshot.state, origin.recipe))
    yield from run.pieces(origin.step)
    return _copied(run)


def begin(run: Run, state: State, origin: Origin, train_s: float) -> Run:
    """A fresh run with a fork's recipe, at the state in which it leaves its parent.

    `train_s` is the time that the parent had spent by then, 0 where that is not known: a replay has its own clock.
    """
    tensors, position = state
    run.load_state(tensors, _cut(position, origin.recipe))
    run.train_s = train_s or run.train_s
    run.branch()
    return run


def _until(recipe: Sequence[Event], step: int) -> tuple[Event, ...]:
    """The events up to an update; a stop there ends the parent, and the fork continues.

    The stop stays: what was measured because of it, early stopping remembers.
    """
    events = [event for event in recipe if event.step <= step]
    if events and events[-1].kind == "stop":
        events.append(Event(step, "continue"))
    return tuple(events)


def _cut(position: Mapping[str, Any], recipe: Sequence[Event]) -> dict[str, Any]:
    """A position in which no more events are applied than the recipe has."""
    return {**position, "num_applied": min(position["num_applied"], len(recipe))}


def _copied(run: Run) -> State:
    tensors, position = run.state()
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}, position
