"""The one thread that writes: operations are queued in order and committed in batches of at most half a second.

When the database is locked, full or away, nothing is dropped: the batch is tried again until it is taken.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import CoreError
from core.store.engines import disk_trouble, not_saved, trouble
from core.text import Text

FLUSH_S = 0.5
"""Metrics wait at most this long for their transaction."""
_RETRY_S = (0.2, 2.0)
"""The first and the longest pause before another try."""
_LAST_TRY_S = 5.0
"""One that has begun before the time to close is up may take so long."""
_LATE_S = 3.0
_log = logging.getLogger(__name__)


class Operation:
    """One change of the database. `act` may be called again after a rollback, so it must not depend on a first call."""

    def __init__(
        self, act: Callable[[Connection], Any], run: str | None = None, *, urgent: bool = False, merge: Hashable = None
    ) -> None:
        self.act = act
        self.run = run
        self.urgent = urgent
        """Goes first and alone: it frees room on a full disk."""
        self.merge = merge
        """Queued operations with the same key may absorb later ones."""
        self.queued_at = time.monotonic()
        self.done = threading.Event()
        self.asked = False
        """Its error reaches the one who asked; any other must reach the next call for its run."""
        self.result: Any = None
        self.error: BaseException | None = None

    def absorb(self, other: Operation) -> None:
        """Take over a later operation's rows (only called on operations with a merge key)."""
        raise TypeError("this operation has no rows to merge")


class Writer:
    """Owns the writing connection.

    `make_room` is called when an urgent operation meets a full disk, `keep_room` after every batch that was taken: so
    there is some again as soon as the disk has it.
    """

    def __init__(self, engine: Engine, make_room: Callable[[], bool], keep_room: Callable[[], None]) -> None:
        self._engine = engine
        self._make_room, self._keep_room = make_room, keep_room
        self._changed = threading.Condition()
        self._queue: deque[Operation] = deque()
        self._flying: list[Operation] = []
        self._num_acted = 0
        self._mergeable: dict[Hashable, Operation] = {}
        self._failures: dict[str, BaseException] = {}
        self._trouble: Text | None = None
        self._pause_s = _RETRY_S[0]
        self._hurry = False
        self._closing = False
        self._give_up_at = float("inf")
        self._thread = threading.Thread(target=self._work, name="store writer", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> Text | None:
        """Why saving is delayed; None when it is not."""
        with self._changed:
            if self._trouble is not None:
                return self._trouble
            waiting = [*self._flying, *self._queue]
            late = bool(waiting) and time.monotonic() - min(operation.queued_at for operation in waiting) > _LATE_S
        return Text("The disk or the database server is slow.") if late else None

    @property
    def is_idle(self) -> bool:
        """Whether everything that was queued is written."""
        with self._changed:
            return not (self._queue or self._flying)

    def put(self, operation: Operation) -> None:
        """Queue metrics and return at once. Raises what made an earlier operation of the same run impossible."""
        with self._changed:
            if operation.run is not None and (failure := self._failures.get(operation.run)) is not None:
                raise failure
            self._refuse_if_closed()
            if operation.merge is not None:
                if (earlier := self._mergeable.get(operation.merge)) is not None:
                    earlier.absorb(operation)
                    return
                self._mergeable[operation.merge] = operation
            self._queue.append(operation)
            if len(self._queue) == 1:  # any other comes along with those that wait already
                self._changed.notify_all()

    def queue(self, operation: Operation) -> None:
        """Queue a change that must not be lost; it is stored after a moment, or as soon as somebody waits."""
        with self._changed:
            self._refuse_if_closed()
            self._queue.append(operation)
            # What comes later must not be merged into what stands before this operation.
            self._mergeable.clear()
            if len(self._queue) == 1:
                self._changed.notify_all()

    def tell(self, operation: Operation, timeout_s: float, *, patient: bool = False) -> bool:
        """Queue a change that must not be lost and wait a moment. True: it is on the disk; False: it will be.

        While saving is delayed only the patient wait.
        """
        self.queue(operation)
        return self.acknowledged(operation, timeout_s, patient=patient)

    def acknowledged(self, operation: Operation, timeout_s: float, *, patient: bool = False) -> bool:
        """Wait a moment for a queued change, as `tell` does."""
        self._hasten()
        operation.done.wait(timeout_s if patient or self._trouble is None else 0.0)
        if operation.error is not None:
            raise operation.error
        return operation.done.is_set()

    def ask(self, operation: Operation, timeout_s: float) -> Any:
        """Queue a change and wait for its result; when it is not taken in time it is withdrawn and CoreError raised."""
        operation.asked = True
        self.queue(operation)
        self._hasten()
        if not operation.done.wait(timeout_s):
            with self._changed:
                self._changed.wait_for(lambda: operation not in self._flying)
                if not operation.done.is_set():
                    self._queue.remove(operation)
                    raise not_saved(self._trouble or Text("The disk or the database server is slow."))
        if operation.error is not None:
            raise operation.error
        return operation.result

    def forget(self, run: str) -> None:
        """Drop what is queued for a deleted run."""
        with self._changed:
            for operation in [waiting for waiting in self._queue if waiting.run == run]:
                self._queue.remove(operation)
                operation.done.set()
            self._mergeable.clear()
            self._failures.pop(run, None)

    def close(self, timeout_s: float) -> int:
        """Write what is queued and end the thread; returns the number of operations that could not be written.

        `timeout_s` is for a database that does not take them; of one that is slow the end is awaited.
        """
        with self._changed:
            self._closing = True
            self._give_up_at = time.monotonic() + timeout_s
            self._changed.notify_all()
        num_before = -1
        while self._thread.is_alive() and self._num_acted > num_before:
            num_before = self._num_acted
            self._thread.join(timeout_s + _LAST_TRY_S)
        self._engine.dispose()
        return len(self._queue) + len(self._flying)

    def _refuse_if_closed(self) -> None:
        if self._closing:
            raise RuntimeError("the store is closed")

    def _hasten(self) -> None:
        """Store what is queued now."""
        with self._changed:
            if self._queue:
                self._hurry = True
                self._changed.notify_all()

    def _next_batch(self) -> list[Operation]:
        """Wait until something is due, then take an urgent operation alone or the whole queue; empty: the end."""
        with self._changed:
            while not (self._hurry or self._closing):
                age_s = time.monotonic() - self._queue[0].queued_at if self._queue else 0.0
                if age_s >= FLUSH_S:
                    break
                self._changed.wait(FLUSH_S - age_s if self._queue else None)
            urgent = [operation for operation in self._queue if operation.urgent][:1]
            if urgent:
                self._queue.remove(urgent[0])
            self._flying = urgent or list(self._queue)
            if not urgent:
                self._queue.clear()
                self._mergeable.clear()
            self._hurry = bool(self._queue)
            return self._flying

    def _work(self) -> None:
        while batch := self._next_batch():
            try:
                try:
                    self._commit(batch)
                except Exception as error:
                    if not (batch[0].urgent and disk_trouble(error) and self._make_room()):
                        raise
                    self._commit(batch)
            except Exception as error:
                # A CoreError here says that the connection could not be made anew.
                why = error.why if isinstance(error, CoreError) else trouble(error)
                if why is None:
                    _log.exception("a transaction failed")
                    self._finish(batch, error)
                elif not self._return(batch, why):
                    return
            else:
                self._finish(batch, None)
                self._keep_room()

    def _commit(self, batch: list[Operation]) -> None:
        """Store a batch. Where an operation fails, all begin again, each with a savepoint that tells it from others."""
        try:
            with self._engine.connect() as connection, connection.begin():
                for operation in batch:
                    operation.error = None
                    operation.result = operation.act(connection)
                    self._num_acted += 1
        except Exception as error:
            if trouble(error) is not None:
                raise
            self._commit_each(batch)

    def _commit_each(self, batch: list[Operation]) -> None:
        with self._engine.connect() as connection, connection.begin():
            for operation in batch:
                operation.error = None
                savepoint = connection.begin_nested()
                try:
                    operation.result = operation.act(connection)
                    savepoint.commit()
                    self._num_acted += 1
                except Exception as error:
                    # On a full disk SQLite has rolled back everything by itself, the savepoint too.
                    if trouble(error) is not None:
                        raise
                    savepoint.rollback()
                    operation.error = error

    def _finish(self, batch: list[Operation], error: Exception | None) -> None:
        with self._changed:
            self._flying = []
            self._trouble = None
            self._pause_s = _RETRY_S[0]
            for operation in batch:
                operation.error = error or operation.error
                if operation.error is not None and not operation.asked:
                    _log.error("an operation of run %s failed", operation.run, exc_info=operation.error)
                    self._failures[operation.run or ""] = operation.error
                operation.done.set()
            self._changed.notify_all()

    def _return(self, batch: list[Operation], why: Text) -> bool:
        """Put an untaken batch back and wait a moment; False when the store closes and time is up."""
        with self._changed:
            if self._trouble is None:
                _log.warning("saving is delayed: %s", why)
            self._trouble = why
            self._queue.extendleft(reversed(batch))
            self._flying = []
            self._hurry = True
            self._changed.notify_all()
            retry_at = time.monotonic() + self._pause_s
            self._pause_s = min(2 * self._pause_s, _RETRY_S[1])
            while (left_s := min(retry_at, self._give_up_at) - time.monotonic()) > 0:
                self._changed.wait(left_s)
                if any(waiting.urgent and waiting not in batch for waiting in self._queue):
                    break
            return time.monotonic() < self._give_up_at
