"""The store: runs and everything known about them, in SQLite or PostgreSQL.

One thread and one connection write (`core.store.writer`); any thread reads. A store opened without the data folder's
write lock only reads. Changes are queued in order, so rows are never stored after the snapshot that follows them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

import numpy as np
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from core.errors import CoreError, Refused
from core.store import blocks, changes, engines, looks, migrations, rows, schema
from core.store.answers import Answers
from core.store.deletion import delete_run, finish_deletions
from core.store.folder import DataFolder, WriteLock
from core.store.ids import checked_id, new_id
from core.store.new_run import NewRun, beginning
from core.store.reader import existence
from core.store.records import (
    ACTIVE_STATES,
    STATE_NAMES,
    Attempt,
    Evaluation,
    Event,
    Look,
    RunFacts,
    SnapshotEntry,
    State,
    StateValues,
)
from core.store.sharing import Sharing
from core.store.studies import Studies
from core.store.writer import Operation, Writer
from core.text import Text

ANSWER_S = 5.0
"""A person's request that the database does not take in this time is withdrawn with an error."""
ACKNOWLEDGE_S = 0.3
"""The compute thread waits at most this long for the disk; its changes stay queued."""


class Store(Studies, Answers, Sharing):
    """Opened with `Store.open(folder, lock)`; a context manager that writes what is queued when it closes."""

    def __init__(self, folder: DataFolder, reader: Engine, writer: Writer | None, exists: Callable[[], bool]) -> None:
        super().__init__(reader, exists)
        self.folder = folder
        self._writer = writer
        self._known = threading.Lock()
        self._states: dict[str, State] = {}
        self._attempts: dict[str, int] = {}
        self._last_steps: dict[str, int] = {}

    @classmethod
    def open(cls, folder: DataFolder, lock: WriteLock | None = None, *, url: str | None = None) -> Store:
        """The store of a data folder; `lock` is the right to write. The database is made or migrated by a writer.

        `url` is by default the folder's. Raises Refused when the database is newer than this program, or when another
        server writes it; CoreError when it cannot be opened.
        """
        parsed = engines.parsed(url or folder.database_url)
        reader = engines.reading_engine(parsed)
        if lock is None:
            return cls(folder, reader, None, existence(parsed.get_backend_name(), parsed.database, reader))
        if not lock.held or lock.folder != folder:
            raise ValueError("the lock is not the right to write into this folder")
        engine = engines.writing_engine(parsed)
        try:
            _patiently(lambda: migrations.migrate(engine), folder.release_reserve)
        except BaseException:
            engine.dispose()
            raise
        folder.fill_reserve()
        store = cls(folder, reader, Writer(engine, folder.release_reserve, folder.fill_reserve), lambda: True)
        finish_deletions(folder, store._has_rows)
        return store

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what is queued and close. CoreError says how much the database did not take."""
        writer, self._writer = self._writer, None
        self._reader.dispose()  # the last connection to go empties the journal: let it be the one that writes
        left = writer.close(timeout_s) if writer is not None else 0
        self._reader.dispose()
        if left:
            raise CoreError(
                Text("{count} changes of runs could not be saved.", count=left),
                Text("The database did not take them before the program ended."),
                Text("Free some room or end what locks the database; then resume the runs from their last snapshots."),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # Saving

    @property
    def delayed(self) -> bool:
        """Whether saving is late: the database is locked, full, away or slow. Training goes on, nothing is lost."""
        return self.delay is not None

    @property
    def delay(self) -> Text | None:
        """Why saving is late."""
        return self._writer.trouble if self._writer is not None else None

    def flush(self, timeout_s: float = ANSWER_S) -> bool:
        """Write what is queued now; False when that takes longer (it stays queued)."""
        writer = self._writing()
        return writer.is_idle or writer.tell(Operation(lambda connection: None), timeout_s, patient=True)

    # Runs

    def create_run(self, *, actor: str, **new: Unpack[NewRun]) -> str:
        """Store a new run in state queued and return its id. CoreError when it cannot be stored now.

        `colour_slot` None: for a branch the first free one, else the one after the owner's newest run. `id`: one that
        `new_id` made. `cause` begins its first attempt, where it leaves its parent or at 0. All is stored together, or
        nothing of it.
        """
        return self.create_runs([new], actor=actor)[0]

    def create_runs(self, several: Iterable[NewRun], *, actor: str) -> list[str]:
        """The same for several runs: all are stored together, or none."""
        beginnings = [beginning(new, actor) for new in several]
        self._ask(lambda connection: [changes.begin_run(connection, *each) for each in beginnings])
        with self._known:
            for row, attempt, _ in beginnings:
                run = row["id"]
                self._states[run], self._attempts[run] = "queued", int(attempt is not None)
                if attempt is not None:
                    self._last_steps[run] = attempt.from_step
        return [row["id"] for row, _, _ in beginnings]

    def rename(self, run: str, name: str, *, actor: str) -> None:
        """Give a run another name (at most 200 characters)."""
        self._edit(run, actor, name=rows.checked_text(name, rows.MAX_NAME))

    def note(self, run: str, note: str, *, actor: str) -> None:
        """Replace a run's note (at most 10 000 characters)."""
        self._edit(run, actor, note=rows.checked_text(note, rows.MAX_NOTE, lines=True))

    def delete(self, run: str, *, actor: str) -> None:
        """Delete a run, its rows and its snapshots; looks at test splits stay. Works while the disk is full.

        Refused while the run is active.
        """
        record = self.get_run(run, actor=actor)
        state = self._states.get(run, record.state)
        if state in ACTIVE_STATES:
            raise Refused(
                Text("Run {id} cannot be deleted now.", id=run),
                Text("It is still {state}.", state=STATE_NAMES[state]),
                Text("Stop it first."),
            )

        def delete_rows() -> None:
            delete = Operation(lambda connection: changes.delete_run(connection, run, actor), run, urgent=True)
            self._writing().ask(delete, ANSWER_S)

        delete_run(self.folder, run, delete_rows)
        self._writing().forget(run)
        self.folder.fill_reserve()
        with self._known:
            for known in (self._states, self._attempts, self._last_steps):
                known.pop(run, None)

    # A run's course (called by whoever trains it; waits at most ACKNOWLEDGE_S)

    def set_answer(self, run: str, answer: Mapping[str, Any], *, actor: str) -> bool:
        """Replace the stored fields of `train --json`. True: acknowledged by the disk."""
        values = {"answer": dict(answer)}
        return self._tell(lambda connection: changes.edit(connection, run, actor, values), checked_id(run))

    def add_note(self, run: str, note: Text) -> bool:
        """Append a sentence to the notes of the answer, where it stands once. True: acknowledged by the disk."""
        return self._tell(lambda connection: changes.add_note(connection, run, note.to_json()), checked_id(run))

    def set_state(self, run: str, state: State, **values: Unpack[StateValues]) -> bool:
        """Store a run's state, as `queue_state` does, and wait. True: acknowledged by the disk."""
        return self.queue_state(run, state, **values)()

    def queue_state(
        self,
        run: str,
        state: State,
        *,
        actor: str,
        reason: str | None = None,
        reason_text: Text | None = None,
        answer: Mapping[str, Any] | None = None,
        weights_sha256: str | None = None,
        facts: RunFacts | None = None,
    ) -> Callable[[], bool]:
        """Queue a run's state with its reason, after all rows queued before; the result waits for the disk a moment.

        `answer`, `weights_sha256` and each of the facts, which are decided before step 0, stay as they are when not
        given, the answer's notes in any case. A state that is not active ends the attempt.
        """
        checked_id(run)
        values = {"reason": reason, "reason_text": reason_text.to_json() if reason_text else None}
        known = {"answer": None if answer is None else dict(answer), "weights_sha256": weights_sha256}
        values |= {name: value for name, value in (known | vars(facts or RunFacts())).items() if value is not None}
        with self._known:
            self._states[run] = state
        acknowledged = self._queue(lambda connection: changes.set_state(connection, run, actor, state, values), run)

        def acknowledged_and_packed() -> bool:
            is_taken = acknowledged()
            if state not in ACTIVE_STATES:  # the series are packed, which nobody waits for
                self._writing().put(Operation(lambda connection: changes.merge_blocks(connection, run), run))
            return is_taken

        return acknowledged_and_packed

    def begin_attempt(self, run: str, from_step: int, cause: str, *, actor: str) -> int:
        """Begin the next attempt and return its number (from 1).

        In the same transaction everything after `from_step` is superseded: evaluations, per-update rows, the snapshot
        index and events that are not part of the recipe.
        """
        known = self._attempts.get(checked_id(run))
        n = (self.get_run(run, actor=actor).attempt if known is None else known) + 1
        with self._known:
            self._attempts[run], self._last_steps[run] = n, from_step
        attempt = Attempt(run, n, changes.now(), None, from_step, cause, None, actor)
        self._tell(lambda connection: changes.begin_attempt(connection, attempt), run)
        return n

    def append_evaluations(self, run: str, attempt: int, evaluations: Iterable[Evaluation]) -> None:
        """Queue evaluations (stored within a second); one at a stored step replaces it."""
        self._check_attempt(run, attempt)
        self._writing().put(changes.EvaluationRows(run, attempt, evaluations))

    def append_steps(self, run: str, attempt: int, columns: Mapping[str, np.ndarray]) -> None:
        """Queue a block of per-update columns (`step`, `epoch`, `train_s` and the series), copied at once.

        Raises ValueError for a step that the attempt already has, and for an attempt that is not the last.
        """
        block = blocks.checked(columns)
        self._check_attempt(run, attempt)
        if not len(block["step"]):
            return
        with self._known:
            if block["step"][0] <= self._last_steps[run]:
                raise ValueError(f"run {run} has step {block['step'][0]} already")
            self._last_steps[run] = int(block["step"][-1])
        self._writing().put(changes.StepRows(run, attempt, block))

    def add_event(
        self,
        run: str,
        kind: str,
        *,
        actor: str,
        step: int,
        epoch: float = 0.0,
        train_s: float = 0.0,
        values: Mapping[str, Any] | None = None,
        recipe: bool = False,
    ) -> Event:
        """Store an event after all rows queued before; `recipe` marks one that a resume replays instead of dropping."""
        attempt = self._attempts.get(checked_id(run), 0)
        event = Event(
            new_id(), run, attempt, step, epoch, train_s, changes.now(), actor, kind, dict(values or {}), recipe
        )
        self._tell(lambda connection: changes.store_event(connection, event), run)
        return event

    def record_snapshot(self, run: str, entry: SnapshotEntry, gone: Sequence[int] = (), *, later: bool = False) -> bool:
        """Put a written snapshot into the index, after all rows queued before: then it can be resumed from.

        Those `gone` are taken out. True: acknowledged by the disk; `later`: it is stored with the next rows.
        """
        if not entry.file or Path(entry.file).name != entry.file:
            raise ValueError(f"{entry.file!r} is not a bare file name")
        operation = Operation(lambda connection: changes.store_snapshot(connection, run, entry, gone), checked_id(run))
        if later:
            self._writing().put(operation)
        return not later and self._writing().tell(operation, ACKNOWLEDGE_S)

    def forget_snapshots(self, run: str, steps: Sequence[int]) -> bool:
        """Take snapshots whose files were removed out of the index. True: acknowledged by the disk."""
        return self._tell(lambda connection: changes.forget_snapshots(connection, run, steps), checked_id(run))

    def mark_interrupted(self) -> tuple[str, ...]:
        """At the start of a writing process: runs left active by one that ended are interrupted; returns their ids."""
        return self._ask(changes.mark_interrupted)

    # The sealed test set

    def record_look(
        self,
        *,
        actor: str,
        split_hash: str,
        weights_sha256: str,
        value: float,
        values: Mapping[str, Any] | None = None,
        run: str | None = None,
        insist: bool = False,
    ) -> Look:
        """Store a look and return it with its number; the same weights again return the stored one.

        Refused as in `check_look`; CoreError when it cannot be stored now: then the number must not be shown.
        """
        origin = checked_id(run) if run is not None else None
        look = Look(
            actor, split_hash, weights_sha256, 0, float(value), dict(values or {}), False, origin, changes.now()
        )
        return self._ask(lambda connection: looks.store_look(connection, look, insist))

    # Within

    def _writing(self) -> Writer:
        if self._writer is None:
            raise Refused(
                Text("The stored runs can only be read here."),
                Text("This process does not hold the write lock of the data folder."),
                Text("Use a command that writes, or choose another folder with --data DIR."),
            )
        return self._writer

    def _ask(self, act: Callable[..., Any], run: str | None = None) -> Any:
        return self._writing().ask(Operation(act, run), ANSWER_S)

    def _tell(self, act: Callable[..., Any], run: str) -> bool:
        return self._writing().tell(Operation(act, run), ACKNOWLEDGE_S)

    def _queue(self, act: Callable[..., Any], run: str) -> Callable[[], bool]:
        writer, change = self._writing(), Operation(act, run)
        writer.queue(change)
        return partial(writer.acknowledged, change, ACKNOWLEDGE_S)

    def _edit(self, run: str, actor: str, **values: str) -> None:
        self._ask(lambda connection: changes.edit(connection, run, actor, values), checked_id(run))

    def _check_attempt(self, run: str, attempt: int) -> None:
        if self._attempts.get(checked_id(run)) != attempt or run not in self._last_steps:
            raise ValueError(f"attempt {attempt} of run {run} is not the one that was begun last")

    def _has_rows(self, run: str) -> bool:
        return bool(self._read(select(schema.run.c.id).where(schema.run.c.id == run)))


def _patiently(act: Callable[[], None], make_room: Callable[[], bool]) -> None:
    """Try again for a few seconds while another process has the database locked, once more on a full disk."""
    deadline = time.monotonic() + ANSWER_S
    while True:
        try:
            return act()
        except DBAPIError as error:
            why = engines.trouble(error)
            final = not make_room() if engines.disk_trouble(error) else time.monotonic() > deadline
            if why is None or final:
                raise CoreError(
                    Text("The stored runs cannot be opened."),
                    why or Text("The system says: {reason}.", reason=str(error.orig)),
                    Text("Try again in a moment; check the disk, or choose another folder with --data DIR."),
                ) from error
            time.sleep(0.1)
