"""Plain records that go into the store and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, NamedTuple, Required, TypedDict, get_args

from core.text import Text

State = Literal["queued", "running", "paused", "finished", "stopped", "diverged", "failed", "interrupted"]
Visibility = Literal["private", "class"]
AnswerKind = Literal["choice", "number", "curve", "vote", "skip", "diagnosis", "deal"]

STATES: tuple[State, ...] = get_args(State)
ACTIVE_STATES: tuple[State, ...] = ("queued", "running", "paused")
"""A process is at work on the run, or will be."""

STATE_NAMES: dict[str, Text] = {
    "queued": Text("waiting"),
    "running": Text("running"),
    "paused": Text("paused"),
    "finished": Text("finished"),
    "stopped": Text("stopped"),
    "diverged": Text("diverged"),
    "failed": Text("failed"),
    "interrupted": Text("interrupted"),
}
"""The states as words."""


CURVATURE = "curvature"
"""The kind of events that hold what was measured of a run's curvature: of one run there may be thousands."""

PROCESS_ENDED = Text("The program ended while this run was going on.")


@dataclass(frozen=True)
class RunFacts:
    """What can change the bits of a run and is decided before step 0. None: not known yet, or unchanged."""

    device: str | None = None
    threads: int | None = None
    precision: str | None = None
    engine: str | None = None
    split_hashes: Mapping[str, str] | None = None
    environment: Mapping[str, Any] | None = None


class StateValues(TypedDict, total=False):
    """What is stored of a run with its state; see `Store.queue_state`."""

    actor: Required[str]
    reason: str | None
    reason_text: Text | None
    answer: Mapping[str, Any] | None
    weights_sha256: str | None
    facts: RunFacts | None


@dataclass(frozen=True)
class RunRecord:
    """One run as stored. `answer` holds the fields of `train --json` as far as they are known."""

    id: str
    owner: str
    visibility: Visibility
    study: str | None
    name: str
    note: str
    parent: str | None
    fork_step: int | None
    experiment: Mapping[str, Any]
    fingerprint: str
    schema_version: int
    facts: RunFacts
    state: State
    reason: str | None
    reason_text: Text | None
    created: datetime
    answer: Mapping[str, Any]
    weights_sha256: str | None
    step: int
    epoch: float
    train_s: float
    colour_slot: int
    attempt: int
    """The number of the last attempt; 0 before the first."""
    best_validation_error: float | None
    last_validation_error: float | None
    last_train_error: float | None

    def left_behind(self) -> RunRecord:
        """The run as it is when the process that was at work on it has ended without a word."""
        return replace(self, state="interrupted", reason="process_ended", reason_text=PROCESS_ENDED)

    @property
    def active(self) -> bool:
        """Whether it waits, runs or is paused."""
        return self.state in ACTIVE_STATES

    @property
    def can_go_on(self) -> bool:
        """Whether it is over, and further updates would give numbers."""
        return not self.active and self.state != "diverged"


@dataclass(frozen=True)
class StudyRecord:
    """Several runs that belong together: `document` says how they were made, `facts` what is known of them as a whole.

    The runs name it in their field `study`.
    """

    id: str
    owner: str
    visibility: Visibility
    kind: str
    name: str
    note: str
    document: Mapping[str, Any]
    facts: Mapping[str, Any]
    created: datetime


@dataclass(frozen=True)
class Attempt:
    """One stretch of a run in one process, from `from_step` on. `ended` and `outcome` are None while it goes on."""

    run: str
    n: int
    started: datetime
    ended: datetime | None
    from_step: int
    cause: str
    outcome: str | None
    actor: str


@dataclass(frozen=True)
class Event:
    """Something that happened to a run at a step. With `recipe`, it is part of what makes the run's bits."""

    id: str
    run: str
    attempt: int
    step: int
    epoch: float
    train_s: float
    utc: datetime
    actor: str
    kind: str
    values: Mapping[str, Any]
    recipe: bool


class Happened(NamedTuple):
    """An event that a new run has from its beginning; its time is that of its parent's row."""

    kind: str
    step: int
    values: Mapping[str, Any]
    recipe: bool


@dataclass(frozen=True)
class Evaluation:
    """One evaluation: `values` by metric name (`validation/error`); NaN and ±Infinity are kept."""

    step: int
    epoch: float
    train_s: float
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SnapshotEntry:
    """One snapshot in the index: its rows up to `step` are in the store. `file` is a bare file name."""

    step: int
    file: str
    sha256: str
    num_bytes: int
    kind: str
    attempt: int


@dataclass(frozen=True)
class Answer:
    """What one person answered to one question: `value` by kind, None for what was skipped; `run` followed."""

    about: str
    owner: str
    kind: AnswerKind
    value: Any
    run: str | None
    utc: datetime


@dataclass(frozen=True)
class Look:
    """One evaluation of one set of weights on one sealed test split; `value` is the test error."""

    owner: str
    split_hash: str
    weights_sha256: str
    number: int
    value: float
    values: Mapping[str, Any]
    contaminated: bool
    run: str | None
    utc: datetime
