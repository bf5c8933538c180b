"""Replay: a stored run as it was after any of its updates, from the nearest earlier snapshot and the run's recipe.

The recipe is the experiment and the events that changed the run, so the bits are those that the run had then.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping

from core.errors import BadInput
from core.experiment import Experiment
from core.pieces import worked_off
from core.store.folder import DataFolder
from core.store.records import RunFacts, RunRecord
from core.store.store import Store
from core.text import Text
from core.training.checkpoint import Snapshot, latest_valid
from core.training.device import Conditions
from core.training.events import Event
from core.training.run import Run


def state_at(store: Store, folder: DataFolder, record: RunRecord, step: int) -> Run:
    """The run after update `step` (0: untrained), evaluated where it was, with what was changed at that boundary.

    Trains, so it belongs into the compute thread. Raises BadInput for an update that the run has not done, Refused
    where this machine has not the device it was trained on.
    """
    check_step(record, step)
    return worked_off(replaying(store, folder, record, step))


def last_step(record: RunRecord) -> int:
    """The updates that a run has done."""
    # The rows of a diverged run hold the update that was taken back.
    return record.answer["steps"] if record.state == "diverged" else record.step


def check_step(record: RunRecord, step: int) -> None:
    """Raise BadInput for an update that the run has not done."""
    last = last_step(record)
    if not 0 <= step <= last:
        raise BadInput(
            Text("Run {id} has no state after update {step:,}.", id=record.id, step=step),
            Text("It has done {last:,} updates.", last=last),
            Text("Choose a number of updates from 0 to {last:,}.", last=last),
        )


def replaying(
    store: Store, folder: DataFolder, record: RunRecord, step: int | None = None
) -> Generator[None, None, Run]:
    """Work towards the run after update `step` (None: at its end); yields after every piece and returns the run."""
    run = put_back(store, folder, record, nearest(store, folder, record.id, step))
    yield from run.pieces(step)
    return run


def put_back(store: Store, folder: DataFolder, record: RunRecord, snapshot: Snapshot | None) -> Run:
    """The run as a snapshot has it, with its recipe; untrained without one."""
    run = Run(
        Experiment.from_json(record.experiment),
        folder.path,
        conditions=recorded_conditions(record, snapshot),
        recipe=recipe_of(store, record.id),
    )
    if snapshot is not None:
        run.load_state(snapshot.tensors, snapshot.state)
    return run


def recipe_of(store: Store, run: str) -> list[Event]:
    """The events that changed a run, in the order in which they were applied."""
    return [Event(event.step, event.kind, dict(event.values)) for event in store.events(run) if event.recipe]


def recipe_going_on(store: Store, record: RunRecord, epochs: int) -> tuple[list[Event], Event | None]:
    """The events that a resumed run replays, and the last of them, which takes its end back, where it had ended.

    That one is still to be stored. It stands at the update of the end, from which the snapshot may be some way off.
    """
    recipe = recipe_of(store, record.id)
    was_stopped = bool(recipe) and recipe[-1].kind == "stop"
    step = recipe[-1].step if was_stopped else record.step
    if epochs:
        added = Event(step, "extend", {"epochs": epochs})
    elif was_stopped:
        added = Event(step, "continue")
    else:
        return recipe, None
    return [*recipe, added], added


def recorded_conditions(record: RunRecord, snapshot: Snapshot | None = None) -> Conditions | None:
    """Where and how a run has computed; None when it has not begun."""
    recorded = snapshot.state["conditions"] if snapshot else (record.facts.environment or {}).get("conditions")
    return Conditions.from_json(recorded) if recorded else None


def facts_of(conditions: Conditions, split_hashes: Mapping[str, str] | None = None) -> RunFacts:
    """What is stored of conditions that are decided before a run begins."""
    return RunFacts(
        device=conditions.device,
        threads=conditions.threads,
        precision=conditions.precision,
        engine=conditions.engine,
        split_hashes=split_hashes,
        environment={"conditions": conditions.to_json()},
    )


def nearest(store: Store, folder: DataFolder, run: str, step: int | None) -> Snapshot | None:
    """The newest whole snapshot of a run up to an update (None: of all); None when there is none."""
    noted = {entry.step: entry.sha256 for entry in store.snapshots(run)}
    return latest_valid(folder.snapshots(run), step, run=run, noted=noted).snapshot
