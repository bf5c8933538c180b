"""What the writer does in its transactions. Each function may run again after a rollback or a lost connection."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
from sqlalchemy import Case, Column, Connection, Insert, Select, Table, bindparam, case, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from core.errors import BadInput, Refused
from core.store import blocks, schema
from core.store.records import ACTIVE_STATES, PROCESS_ENDED, Attempt, Evaluation, Event, SnapshotEntry, State
from core.store.rows import evaluation_row
from core.store.writer import Operation
from core.text import Text

NUM_COLOURS = 8
"""Eight colours, then the same with a dash; a branch has a colour of its own and a dash."""


def now() -> datetime:
    """This moment in UTC."""
    return datetime.now(UTC)


def unknown_run(run: str) -> BadInput:
    """The error for an id that has a run's form and names none that the actor may see."""
    return BadInput(
        Text("There is no run {id}.", id=run),
        Text("It was deleted, or it belongs to another data folder or another person."),
        Text("Choose one from the table of runs."),
    )


# Statements are kept, since writing one down takes several times as long as carrying it out.
_OWNER = select(schema.run.c.owner, schema.run.c.visibility, schema.run.c.answer).where(
    schema.run.c.id == bindparam("asked")
)
_CHANGE = update(schema.run).where(schema.run.c.id == bindparam("changed"))


def owned(connection: Connection, run: str, actor: str) -> Mapping[str, Any]:
    """The answer of a run; raises unless it exists and is the actor's."""
    found = connection.execute(_OWNER, {"asked": run}).first()
    if found is None or (found.owner != actor and found.visibility == "private"):
        raise unknown_run(run)
    if found.owner != actor:
        raise Refused(
            Text("Run {id} cannot be changed.", id=run),
            Text("It belongs to another person."),
            Text("Make a fork of it and change that."),
        )
    return found.answer or {}


def replace(connection: Connection, table: Table, *rows: dict[str, Any]) -> None:
    """Insert rows in place of those with the same keys."""
    connection.execute(_insertion(table, connection.dialect.name), list(rows))


@cache
def _insertion(table: Table, database: str) -> Insert:
    statement = (postgresql if database == "postgresql" else sqlite).insert(table)
    keys = [column.name for column in table.primary_key]
    values = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=keys, set_=values)


def insert_run(connection: Connection, row: dict[str, Any]) -> None:
    """Store a new run; a colour that is not given is a branch's own, else the one after the owner's newest run."""
    slot = row.get("colour_slot")
    if slot is None and row["parent"] is not None:
        slot = _branch_slot(connection, row["parent"], row["id"])
    if slot is None:
        newest = select(schema.run.c.colour_slot).where(schema.run.c.owner == row["owner"], schema.run.c.id < row["id"])
        newest_slot = connection.execute(newest.order_by(schema.run.c.id.desc()).limit(1)).scalar()
        slot = 0 if newest_slot is None else (newest_slot + 1) % NUM_COLOURS
    replace(connection, schema.run, {**row, "colour_slot": slot})


def _branch_slot(connection: Connection, parent: str, branch: str) -> int | None:
    """The first colour that no run drawn with a branch has; the parent's where all are taken, None without a parent.

    Drawn together are the runs that have one beginning in common, and those of the comparison in which they began.
    """
    run = schema.run.c
    known = select(run.id, run.parent, run.study, run.colour_slot)
    left = connection.execute(known.where(run.id == parent)).first()
    if left is None:
        return None
    first = left
    while before := connection.execute(known.where(run.id == first.parent)).first():
        first = before
    drawn = connection.execute(known.where(run.study == first.study)).all() if first.study else [first]
    taken: set[int] = set()
    while drawn:
        taken.update(one.colour_slot % NUM_COLOURS for one in drawn)
        drawn = connection.execute(known.where(run.parent.in_([one.id for one in drawn]), run.id != branch)).all()
    return min(set(range(NUM_COLOURS)) - taken, default=left.colour_slot)


def begin_run(connection: Connection, row: dict[str, Any], attempt: Attempt | None, events: Iterable[Event]) -> None:
    """Store a new run with its first attempt and with what it has from its beginning, at the times of its parent."""

    def clock(step: int) -> tuple[float, float]:
        block = connection.execute(select_block(row["parent"], step)).scalar()
        return blocks.clock(block, step) or (0.0, 0.0)

    insert_run(connection, row)
    if attempt is not None:
        replace(connection, schema.attempt, attempt.__dict__)
        if attempt.from_step:
            advance(connection, attempt.run, attempt.from_step, *clock(attempt.from_step))
    for event in events:
        epoch, train_s = clock(event.step)
        store_event(connection, dataclasses.replace(event, epoch=epoch, train_s=train_s))


def select_block(run: str | None, step: int) -> Select[Any]:
    """The block with the row of one update."""
    table = schema.steps
    return select(table.c.block).where(table.c.run == run, table.c.first_step <= step, table.c.last_step >= step)


def begin_attempt(connection: Connection, attempt: Attempt) -> None:
    """Store an attempt and drop, in the same transaction, what earlier attempts had after its first step.

    Events that belong to the recipe stay: the attempt replays them.
    """
    run, step = attempt.run, attempt.from_step
    end_attempts(connection, run, "interrupted", attempt.started, before=attempt.n)
    for table in (schema.evaluation, schema.snapshot):
        connection.execute(delete(table).where(table.c.run == run, table.c.step > step))
    event, steps = schema.event, schema.steps
    connection.execute(delete(event).where(event.c.run == run, event.c.step > step, event.c.recipe.is_(False)))
    connection.execute(delete(steps).where(steps.c.run == run, steps.c.first_step > step))
    last = connection.execute(
        select(steps).where(steps.c.run == run).order_by(steps.c.first_step.desc()).limit(1)
    ).first()
    columns = blocks.cut(blocks.decode(last.block), step) if last is not None else {}
    if last is not None and last.last_step > step:
        store_steps(connection, run, last.attempt, columns)
    replace(connection, schema.attempt, attempt.__dict__)
    evaluations = schema.evaluation
    latest = select(evaluations.c.epoch, evaluations.c.train_s).where(evaluations.c.run == run)
    evaluated = connection.execute(latest.order_by(evaluations.c.step.desc()).limit(1)).first()
    # The last of the rows that are left: of a finer series where it has the column, else of the evaluations.
    epoch, train_s = (
        float(columns[name][-1]) if len(columns.get(name, ())) else getattr(evaluated, name, 0.0)
        for name in ("epoch", "train_s")
    )
    connection.execute(_CHANGE, {"changed": run, "step": step, "epoch": epoch, "train_s": train_s})


_OPEN = update(schema.attempt).where(schema.attempt.c.run == bindparam("of"), schema.attempt.c.ended.is_(None))


def end_attempts(connection: Connection, run: str, outcome: str, ended: datetime, *, before: int | None = None) -> None:
    """Mark the run's open attempts (those numbered below `before`) as ended."""
    which = _OPEN if before is None else _OPEN.where(schema.attempt.c.n < before)
    connection.execute(which, {"of": run, "ended": ended, "outcome": outcome})


def _further(column: Column[Any]) -> Case[Any]:
    new = bindparam(f"new_{column.name}", type_=column.type)
    return case((column < new, new), else_=column)


_ADVANCE = (
    update(schema.run)
    .where(schema.run.c.id == bindparam("advanced"))
    .values({column: _further(column) for column in (schema.run.c.step, schema.run.c.epoch, schema.run.c.train_s)})
)


def advance(connection: Connection, run: str, step: int, epoch: float, train_s: float) -> None:
    """Move the run's position forward, never back."""
    position = {"new_step": step, "new_epoch": epoch, "new_train_s": train_s}
    # Nothing is lower than NULL.
    known = {name: value if np.isfinite(value) else None for name, value in position.items()}
    connection.execute(_ADVANCE, {"advanced": run, **known})


def store_steps(
    connection: Connection, run: str, attempt: int, columns: blocks.Columns, *, packed: bool = False
) -> None:
    """Store a block of per-update columns, in place of one with the same first step."""
    step = columns["step"]
    row = {
        "run": run,
        "first_step": int(step[0]),
        "last_step": int(step[-1]),
        "attempt": attempt,
        "num_rows": len(step),
        "block": blocks.encode(columns, packed=packed),
    }
    replace(connection, schema.steps, row)


class EvaluationRows(Operation):
    """Queued evaluations; those of one run that come in one after another are stored in one go."""

    def __init__(self, run: str, attempt: int, evaluations: Iterable[Evaluation]) -> None:
        super().__init__(self._store, run, merge=(run, attempt, "evaluations"))
        self._attempt = attempt
        self._evaluations = {evaluation.step: evaluation for evaluation in evaluations}

    def absorb(self, other: Operation) -> None:
        """Take over later evaluations, each in place of one at the same step."""
        assert isinstance(other, EvaluationRows)
        self._evaluations |= other._evaluations

    def _store(self, connection: Connection) -> None:
        assert self.run is not None
        found = self._evaluations.values()
        if not found:
            return
        rows = [{"run": self.run, "attempt": self._attempt, **evaluation_row(evaluation)} for evaluation in found]
        replace(connection, schema.evaluation, *rows)
        latest = max(found, key=lambda evaluation: evaluation.step)
        advance(connection, self.run, latest.step, latest.epoch, latest.train_s)


class StepRows(Operation):
    """Queued per-update rows; blocks with the same columns that come in one after another become one row."""

    def __init__(self, run: str, attempt: int, columns: blocks.Columns) -> None:
        super().__init__(self._store, run, merge=(run, attempt, tuple(columns)))
        self._attempt = attempt
        self._parts = [columns]

    def absorb(self, other: Operation) -> None:
        """Take over a later block."""
        assert isinstance(other, StepRows)
        self._parts += other._parts

    def _store(self, connection: Connection) -> None:
        assert self.run is not None
        columns = blocks.join(self._parts)
        store_steps(connection, self.run, self._attempt, columns)
        last = {name: float(columns[name][-1]) if name in columns else float("nan") for name in ("epoch", "train_s")}
        advance(connection, self.run, int(columns["step"][-1]), **last)


FEW_BLOCKS = 2
"""So many stay as they are: nobody waits for their packing, but what is stored next does."""


_NUM_BLOCKS = select(func.count()).where(schema.steps.c.run == bindparam("asked"))


def merge_blocks(connection: Connection, run: str) -> None:
    """Make few large blocks of a finished run's many small ones."""
    if connection.execute(_NUM_BLOCKS, {"asked": run}).scalar_one() > FEW_BLOCKS:
        table = schema.steps
        rows = connection.execute(select(table).where(table.c.run == run).order_by(table.c.first_step)).all()
        connection.execute(delete(table).where(table.c.run == run))
        columns = blocks.join([blocks.decode(row.block) for row in rows])
        for first in range(0, len(columns["step"]), blocks.MAX_ROWS):
            part = {name: column[first : first + blocks.MAX_ROWS] for name, column in columns.items()}
            store_steps(connection, run, rows[-1].attempt, part, packed=True)


def edit(connection: Connection, run: str, actor: str, values: Mapping[str, Any]) -> None:
    """Change columns of a run that is the actor's."""
    owned(connection, run, actor)
    connection.execute(_CHANGE, {"changed": run, **values})


def set_state(connection: Connection, run: str, actor: str, state: State, values: dict[str, Any]) -> None:
    """Change the state; one that is not active ends the attempt. A new answer keeps the notes."""
    stored = owned(connection, run, actor)
    if "answer" in values:
        kept = {name: value for name, value in stored.items() if name == "notes"}
        values = {**values, "answer": {**kept, **values["answer"]}}
    connection.execute(_CHANGE, {"changed": run, "state": state, **values})
    if state not in ACTIVE_STATES:
        end_attempts(connection, run, state, now())


def add_note(connection: Connection, run: str, note: Mapping[str, Any]) -> None:
    """Append a sentence to the notes of a run's answer, unless it stands there already."""
    answer = _answer(connection, run)
    notes = answer.get("notes", [])
    if note not in notes:
        connection.execute(_CHANGE, {"changed": run, "answer": {**answer, "notes": [*notes, note]}})


def _answer(connection: Connection, run: str) -> Mapping[str, Any]:
    return connection.execute(select(schema.run.c.answer).where(schema.run.c.id == run)).scalar() or {}


def mark_interrupted(connection: Connection) -> tuple[str, ...]:
    """Runs that a process left active when it ended are interrupted now; returns their ids."""
    table = schema.run
    active = select(table.c.id, table.c.owner).where(table.c.state.in_(ACTIVE_STATES)).order_by(table.c.id)
    left = connection.execute(active).all()
    text = PROCESS_ENDED.to_json()
    for run, owner in left:
        set_state(connection, run, owner, "interrupted", {"reason": "process_ended", "reason_text": text})
        merge_blocks(connection, run)
    return tuple(run for run, _ in left)


def store_event(connection: Connection, event: Event) -> None:
    """Store an event."""
    replace(connection, schema.event, event.__dict__)


def store_snapshot(connection: Connection, run: str, entry: SnapshotEntry, gone: Sequence[int]) -> None:
    """Put a snapshot into the index, and take those out that are gone."""
    replace(connection, schema.snapshot, {"run": run, **entry.__dict__})
    if gone:
        forget_snapshots(connection, run, gone)


def forget_snapshots(connection: Connection, run: str, steps: Sequence[int]) -> None:
    """Take snapshots out of the index."""
    table = schema.snapshot
    connection.execute(delete(table).where(table.c.run == run, table.c.step.in_(list(steps))))


def delete_run(connection: Connection, run: str, actor: str) -> None:
    """Delete a run and all its rows. Its looks at test splits stay."""
    owned(connection, run, actor)
    connection.execute(delete(schema.run).where(schema.run.c.id == run))
