"""A new run as it is stored: its row, its first attempt and what it has from its beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Required, TypedDict

from core.people import visibility_of_new
from core.store import changes, rows
from core.store.ids import checked_id, new_id
from core.store.records import Attempt, Event, Happened, RunFacts, Visibility


class NewRun(TypedDict, total=False):
    """What is said of a run when it is stored; see `Store.create_run`."""

    experiment: Required[Mapping[str, Any]]
    fingerprint: Required[str]
    schema_version: Required[int]
    name: str
    note: str
    study: str | None
    parent: str | None
    fork_step: int | None
    visibility: Visibility | None
    facts: RunFacts | None
    answer: Mapping[str, Any] | None
    colour_slot: int | None
    id: str | None
    cause: str | None
    events: Iterable[Happened]


class Beginning(NamedTuple):
    """What of a new run goes into the database."""

    row: dict[str, Any]
    attempt: Attempt | None
    events: list[Event]


def beginning(new: NewRun, actor: str) -> Beginning:
    """What is stored of somebody's new run; BadInput where a name, a note or an id is none."""
    run, created, from_step = new.get("id") or new_id(), changes.now(), new.get("fork_step") or 0
    parent, cause = new.get("parent"), new.get("cause")
    row = {
        "id": run,
        "owner": actor,
        "visibility": new.get("visibility") or visibility_of_new(actor),
        "study": new.get("study"),
        "name": rows.checked_text(new.get("name", ""), rows.MAX_NAME),
        "note": rows.checked_text(new.get("note", ""), rows.MAX_NOTE, lines=True),
        "parent": checked_id(parent) if parent is not None else None,
        "fork_step": new.get("fork_step"),
        "experiment": new["experiment"],
        "fingerprint": new["fingerprint"],
        "schema_version": new["schema_version"],
        **vars(new.get("facts") or RunFacts()),
        "state": "queued",
        "created": created,
        "answer": new.get("answer") or {},
        "step": 0,
        "epoch": 0.0,
        "train_s": 0.0,
        "colour_slot": new.get("colour_slot"),
    }
    attempt = Attempt(run, 1, created, None, from_step, cause, None, actor) if cause else None
    events = [
        Event(new_id(), run, int(attempt is not None), step, 0.0, 0.0, created, actor, kind, dict(values), recipe)
        for kind, step, values, recipe in new.get("events", ())
    ]
    return Beginning(row, attempt, events)
