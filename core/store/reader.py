"""Reading the store: any thread, any process, with connections that cannot write."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Engine, Row, Select, Table, false, func, select, true
from sqlalchemy.exc import DBAPIError

from core.errors import CoreError
from core.people import NOBODY, keeps_order
from core.store import blocks, changes, engines, migrations, rows, schema
from core.store.ids import checked_id
from core.store.looks import judge, select_looks
from core.store.records import CURVATURE, Attempt, Evaluation, Event, Look, RunRecord, SnapshotEntry, State
from core.text import Text


class Reader:
    """What can be asked of stored runs. `exists` says whether there is a database yet."""

    def __init__(self, reader: Engine, exists: Callable[[], bool]) -> None:
        self._reader = reader
        self._exists = exists

    def list_runs(
        self,
        *,
        actor: str,
        study: str | None = None,
        fingerprint: str | None = None,
        state: State | None = None,
        ids: Sequence[str] | None = None,
        parents: Sequence[str] | None = None,
    ) -> tuple[RunRecord, ...]:
        """The runs the actor may see, newest last: of these `ids`, of those that branched from one of `parents`."""
        query = rows.select_runs().where(visible(actor))
        wanted = {"study": study, "fingerprint": fingerprint, "state": state}
        for column, value in wanted.items():
            query = query if value is None else query.where(schema.run.c[column] == value)
        query = query if ids is None else query.where(schema.run.c.id.in_(ids))
        query = query if parents is None else query.where(schema.run.c.parent.in_(parents))
        return tuple(rows.run_record(row) for row in self._read(query))

    def newest_of_each(self) -> tuple[RunRecord, ...]:
        """Of everybody the newest run that the class sees and that stands alone, in no comparison; newest last."""
        run = schema.run.c
        newest = select(func.max(run.id)).where(run.visibility == "class", run.study.is_(None)).group_by(run.owner)
        return tuple(rows.run_record(row) for row in self._read(rows.select_runs().where(run.id.in_(newest))))

    def get_run(self, run: str, *, actor: str) -> RunRecord:
        """One run; BadInput when there is none with this id that the actor may see."""
        found = self._read(rows.select_runs().where(schema.run.c.id == checked_id(run), visible(actor)))
        if not found:
            raise changes.unknown_run(run)
        return rows.run_record(found[0])

    def read_evaluations(self, run: str) -> tuple[Evaluation, ...]:
        """The evaluations of a run by step, without superseded ones."""
        table = schema.evaluation
        query = select(table).where(table.c.run == checked_id(run)).order_by(table.c.step)
        return tuple(rows.evaluation_record(row) for row in self._read(query))

    def read_steps(self, run: str, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """The per-update columns of a run (all, or `step` and those named), without superseded rows.

        `step` is int64, all others are float64 and NaN where a column was not recorded.
        """
        table = schema.steps
        query = select(table.c.block).where(table.c.run == checked_id(run)).order_by(table.c.first_step)
        return blocks.join([blocks.decode(row.block, names) for row in self._read(query)])

    def events(self, run: str) -> tuple[Event, ...]:
        """What happened to a run, in the order of time; not what was measured of its curvature."""
        return self._events(run, schema.event.c.kind != CURVATURE)

    def read_curvature(self, run: str) -> dict[int, Mapping[str, float]]:
        """What was measured of a run's curvature while it trained, by step."""
        return {event.step: event.values for event in self._events(run, schema.event.c.kind == CURVATURE)}

    def _events(self, run: str, wanted: ColumnElement[bool]) -> tuple[Event, ...]:
        table = schema.event
        query = select(table).where(table.c.run == checked_id(run), wanted).order_by(table.c.id)
        return tuple(rows.event_record(row) for row in self._read(query))

    def attempts(self, run: str) -> tuple[Attempt, ...]:
        """The attempts of a run, first one first."""
        table = schema.attempt
        query = select(table).where(table.c.run == checked_id(run)).order_by(table.c.n)
        return tuple(rows.attempt_record(row) for row in self._read(query))

    def snapshots(self, run: str) -> tuple[SnapshotEntry, ...]:
        """The snapshots from which a run can be resumed, by step."""
        table = schema.snapshot
        query = select(table).where(table.c.run == checked_id(run)).order_by(table.c.step)
        return tuple(rows.snapshot_entry(row) for row in self._read(query))

    def looks(self, *, actor: str, split_hash: str | None = None) -> tuple[Look, ...]:
        """The actor's looks (at one test split), first one first."""
        return tuple(rows.look_record(row) for row in self._read(select_looks(actor, split_hash)))

    def check_look(self, *, actor: str, split_hash: str, weights_sha256: str, insist: bool = False) -> Look | None:
        """Before the test set is used: the stored look with these weights, or None when a look is allowed.

        Refused when other weights have been looked at and `insist` is False.
        """
        return judge(list(self.looks(actor=actor, split_hash=split_hash)), weights_sha256, insist)

    def _read(self, query: Select[Any]) -> Sequence[Row[Any]]:
        try:
            if not self._exists():
                return ()
            with self._reader.connect() as connection:
                return connection.execute(query).all()
        except (DBAPIError, OSError) as error:
            reason = error.orig if isinstance(error, DBAPIError) else error.strerror
            raise CoreError(
                Text("The stored runs cannot be read."),
                engines.trouble(error) or Text("The system says: {reason}.", reason=str(reason)),
                Text("Try again in a moment; check that the data folder is the right one."),
            ) from error


def existence(backend: str, database: str | None, reader: Engine) -> Callable[[], bool]:
    """For a store that only reads: whether there is a database yet; its version is checked once."""
    checked = False

    def exists() -> bool:
        nonlocal checked
        if backend == "sqlite" and not Path(database or "").exists():
            return False
        checked = checked or migrations.check(reader)
        return checked

    return exists


def visible(actor: str, table: Table = schema.run) -> Any:
    """The condition that the actor may see a row."""
    if keeps_order(actor):
        return true()
    return false() if actor == NOBODY else (table.c.owner == actor) | (table.c.visibility == "class")
