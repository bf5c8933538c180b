"""What is going on in every run, for whoever watches: the one place between the compute thread and the viewers.

Writers (the compute thread) call `open`, `update`, `attempt`, `append`, `event`, `picture`, `close`; each copies its
arguments under a lock held for microseconds and returns: no writer waits for a viewer. Readers call `read(run,
position)`: with the position of an earlier reading they get the rows since then, else a history thinned by
`core.live.buckets`. Both have row numbers, so a reader that lost its connection goes on without gap or double.

Rows stand at full resolution up to `budget_bytes` over all runs; then the closed runs that were read longest ago, and
after them the largest open ones, keep their thinned history only. Of closed runs at most `keep_closed` stay; an older
one is filled again by `load(run, hub)`, which returns False when there is no such run.

Meta is one dict a run, last value wins; its keys and the forms of events and pictures are listed in `core.live.meta`.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.live.series import History, Row, Rows, Series

GROUPS = ("update", "evaluation", "curvature")
BRIEF = {"evaluation": ("validation/error", "train/error")}
BRIEF_META = ("state", "task", "slot", "step", "num_steps")
"""What a reader in brief gets, of whom there may be one for each run and each person of a class: it has no words."""
MAX_CATCH_UP_ROWS = 2048
LOOKS_A_BUDGET = 64
"""The budget is looked at once a 64th of it has come: adding up all runs takes longer than taking a few rows."""
MAX_LOCKED_ROWS = 4096
"""So many rows are taken and smoothed under the lock at once, which is about two milliseconds."""

Load = Callable[[str, "Hub"], bool]


@dataclass(frozen=True)
class Position:
    """How far a reader is: `lineage` names the attempt, `rows` the rows it has by group."""

    lineage: str
    rows: Mapping[str, int]
    version: int = 0
    num_events: int = 0


@dataclass(frozen=True)
class Reading:
    """What a reader did not have yet. Either `histories` (start afresh) or `blocks` (go on), never both."""

    run: str
    attempt: int
    position: Position
    histories: dict[str, History] | None
    blocks: dict[str, Rows]
    meta: dict[str, Any]
    first_event: int
    events: list[dict[str, Any]]
    pictures: dict[str, Any]


@dataclass
class _Run:
    lineage: str
    attempt: int = 0
    version: int = 0
    closed: bool = False
    last_read: int = 0
    groups: dict[str, Series] = field(default_factory=lambda: {group: Series() for group in GROUPS})
    meta: dict[str, tuple[int, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    pictures: dict[str, tuple[int, Any]] = field(default_factory=dict)

    @property
    def num_bytes(self) -> int:
        return sum(series.num_bytes for series in self.groups.values())


class Hub:
    """The runs that can be watched."""

    def __init__(self, load: Load | None = None, *, budget_bytes: int = 256 * 2**20, keep_closed: int = 64) -> None:
        self._load = load
        self._budget_bytes = budget_bytes
        self._new_bytes = 0
        """What has come since the budget was looked at."""
        self._keep_closed = keep_closed
        self._lock = threading.Lock()
        self._load_lock = threading.RLock()
        self._runs: dict[str, _Run] = {}
        self._count = itertools.count(1)
        self._name = secrets.token_hex(4)
        self._changed: set[str] = set()
        self._is_doubted = False
        self._wake: Callable[[], None] | None = None

    # Writing

    def open(self, run: str, meta: Mapping[str, Any]) -> None:
        """Let a run appear; one of the same name is replaced."""
        with self._lock:
            held = self._runs[run] = _Run(self._new_lineage(0), last_read=next(self._count))
            self._set_meta(held, meta)
        self._announce(run)

    def update(self, run: str, **meta: Any) -> None:
        """Change what is known about a run."""
        with self._lock:
            held = self._runs.get(run)
            if held is not None:
                self._set_meta(held, meta)
        self._announce(run)

    def attempt(self, run: str, attempt: int, from_step: int) -> None:
        """Begin a new attempt: rows and events after `from_step` are dropped."""
        with self._lock:
            held = self._runs.get(run)
            if held is not None:
                held.attempt = attempt
                held.lineage = self._new_lineage(attempt)
                held.closed = False
                held.events = [event for event in held.events if event.get("step", 0) <= from_step]
                for series in held.groups.values():
                    series.drop_after(from_step)
        self._announce(run)

    def append(
        self,
        run: str,
        attempt: int,
        group: str,
        steps: ArrayLike,
        columns: Mapping[str, ArrayLike],
        stamps: ArrayLike | None = None,
    ) -> None:
        """Take rows of one of the groups; rows of another attempt are ignored.

        `steps` (n,) rise strictly; every column has n values and every block of a group the columns of those before it,
        and new ones where something new is measured (ValueError otherwise); `stamps` (n,) are `time.time()` when the
        optimizer's step returned.
        """
        rows = np.asarray(steps, dtype=np.int64)
        values = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
        times = None if stamps is None else np.asarray(stamps, dtype=np.float64)
        if any(len(column) != len(rows) for column in (*values.values(), rows if times is None else times)):
            raise ValueError("every column has a value for each step")
        for start in range(0, max(1, len(rows)), MAX_LOCKED_ROWS):
            part = slice(start, start + MAX_LOCKED_ROWS)
            some = {name: column[part] for name, column in values.items()}
            with self._lock:
                held = self._runs.get(run)
                if held is None or held.attempt != attempt:
                    return
                series, before = held.groups[group], held.groups[group].num_bytes
                series.append(rows[part], some, None if times is None else times[part])
                self._new_bytes += series.num_bytes - before
                if self._new_bytes * LOOKS_A_BUDGET > self._budget_bytes:
                    self._new_bytes = 0
                    self._shrink()
        self._announce(run)

    def event(self, run: str, event: Mapping[str, Any]) -> None:
        """Add an event: {"step", "kind", "text", "mark": whether it is drawn}."""
        with self._lock:
            held = self._runs.get(run)
            if held is not None:
                held.events.append(dict(event))
        self._announce(run)

    def picture(self, run: str, name: str, payload: Mapping[str, Any]) -> None:
        """Replace a picture; only the latest is kept."""
        with self._lock:
            held = self._runs.get(run)
            if held is not None:
                held.version += 1
                held.pictures[name] = (held.version, dict(payload))
        self._announce(run)

    def close(self, run: str) -> None:
        """Say that no more rows will come."""
        with self._lock:
            held = self._runs.get(run)
            if held is not None:
                held.closed = True
                # Who watches has not read how it ended, however long nothing came before.
                held.last_read = next(self._count)
                self._forget_oldest()

    def forget(self, run: str) -> None:
        """Drop a run that was deleted."""
        with self._lock:
            self._runs.pop(run, None)

    # Reading

    def runs(self) -> list[str]:
        """The runs held now."""
        with self._lock:
            return list(self._runs)

    def known(self, run: str) -> bool:
        """Whether the run is held, or can be loaded (then it is loaded: not for the compute thread)."""
        with self._load_lock:
            with self._lock:
                if run in self._runs:
                    return True
            return self._load is not None and self._load(run, self)

    def meta(self, run: str) -> dict[str, Any]:
        """What is known about a run, {} when it is not held."""
        with self._lock:
            held = self._runs.get(run)
            return {} if held is None else {name: value for name, (_, value) in held.meta.items()}

    def has_pictures(self, run: str) -> bool:
        """Whether it is shown what a run has learned."""
        with self._lock:
            held = self._runs.get(run)
            return held is not None and bool(held.pictures)

    def series(self, run: str, group: str) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float32]], bool]:
        """Steps, columns and whether they are complete (False: earlier rows are kept thinned only)."""
        with self._lock:
            series = self._runs[run].groups[group]
            rows = series.rows(series.first_row)
            return rows.steps.copy(), {name: values.copy() for name, values in rows.columns.items()}, not rows.first

    def row(self, run: str, group: str, step: int) -> Row | None:
        """The newest row of a group up to a step; None where there is none, or rows are kept thinned only."""
        with self._lock:
            held = self._runs.get(run)
            return None if held is None else held.groups[group].row(step)

    def read(self, run: str, position: Position | None = None, *, brief: bool = False) -> Reading | None:
        """What came since `position` (None: everything, thinned); None when the run is not held.

        In `brief` only the columns of BRIEF and the meta of BRIEF_META; a position belongs to its kind of reading.
        """
        with self._lock:
            held = self._runs.get(run)
            if held is None:
                return None
            held.last_read = next(self._count)
            groups = {group: series for group, series in held.groups.items() if not brief or group in BRIEF}
            go_on = position is not None and self._can_go_on(held, position, groups)
            since = position if go_on and position is not None else Position(held.lineage, {})
            rows = {group: series.num_rows for group, series in groups.items()}
            reached = Position(held.lineage, rows, held.version, len(held.events))
            if go_on:
                blocks = {group: series.rows(since.rows[group]) for group, series in groups.items()}
                pasts = None
            else:
                blocks = {}
                pasts = {
                    group: (series.history, series.rows(max(series.history.rows, series.first_row)))
                    for group, series in groups.items()
                }
            meta = {name: value for name, (version, value) in held.meta.items() if version > since.version}
            pictures = {name: value for name, (version, value) in held.pictures.items() if version > since.version}
            events = held.events[since.num_events :]
            attempt = held.attempt
        histories = None
        if pasts is not None:
            # Thinning a long run takes tens of milliseconds, so it happens on views, outside the writers' lock.
            histories = {group: past.extended(newer) for group, (past, newer) in pasts.items()}
            with self._lock:
                if held.lineage == reached.lineage:
                    for group, history in histories.items():
                        if history.rows > held.groups[group].history.rows:
                            held.groups[group].history = history
        if brief:
            histories = histories and {group: history.of(BRIEF[group]) for group, history in histories.items()}
            blocks = {group: rows.of(BRIEF[group]) for group, rows in blocks.items()}
            meta = {name: value for name, value in meta.items() if name in BRIEF_META}
            events, pictures = [], {}
        first_event = 0 if brief else since.num_events
        return Reading(run, attempt, reached, histories, blocks, meta, first_event, events, pictures)

    def attach(self, wake: Callable[[], None] | None) -> None:
        """Let `wake` be called, from any thread, when something has changed; None ends it."""
        with self._lock:
            self._wake = wake
            self._changed.clear()

    def changed(self) -> set[str]:
        """The runs that changed since the last call."""
        with self._lock:
            changed, self._changed = self._changed, set()
            return changed

    def doubt(self) -> None:
        """Somebody may not watch any more what they may be watching: whoever sends it is to ask anew."""
        with self._lock:
            self._is_doubted = True
            wake = self._wake
        if wake is not None:
            wake()

    def doubted(self) -> bool:
        """Whether there was a doubt since the last call."""
        with self._lock:
            is_doubted, self._is_doubted = self._is_doubted, False
            return is_doubted

    # Inner parts

    def _announce(self, run: str) -> None:
        with self._lock:
            wake = self._wake
            if wake is None:
                return
            is_first = not self._changed
            self._changed.add(run)
        if is_first:  # whoever was woken takes all that have changed by then
            wake()

    def _new_lineage(self, attempt: int) -> str:
        return f"{attempt}-{self._name}-{next(self._count)}"

    @staticmethod
    def _set_meta(held: _Run, meta: Mapping[str, Any]) -> None:
        held.version += 1
        held.meta.update({name: (held.version, value) for name, value in meta.items()})

    @staticmethod
    def _can_go_on(held: _Run, position: Position, groups: Mapping[str, Series]) -> bool:
        return (
            position.lineage == held.lineage
            and position.rows.keys() == groups.keys()
            and all(
                series.first_row <= position.rows[group] <= series.num_rows
                and series.num_rows - position.rows[group] <= MAX_CATCH_UP_ROWS
                for group, series in groups.items()
            )
        )

    def _shrink(self) -> None:
        """Leave full resolution to as many runs as the budget allows."""
        total = sum(held.num_bytes for held in self._runs.values())
        closed = sorted((held for held in self._runs.values() if held.closed), key=lambda held: held.last_read)
        opened = sorted((held for held in self._runs.values() if not held.closed), key=lambda held: -held.num_bytes)
        for held in closed + opened:
            if total <= self._budget_bytes:
                return
            total -= held.num_bytes
            for series in held.groups.values():
                series.compact()

    def _forget_oldest(self) -> None:
        closed = sorted(
            (run for run, held in self._runs.items() if held.closed), key=lambda run: self._runs[run].last_read
        )
        for run in closed[: max(0, len(closed) - self._keep_closed)]:
            del self._runs[run]
