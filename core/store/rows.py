"""Between records and table rows."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, func, select

from core.errors import BadInput
from core.store import schema
from core.store.records import Answer, Attempt, Evaluation, Event, Look, RunFacts, RunRecord, SnapshotEntry, StudyRecord
from core.text import Text, is_showable

MAX_NAME = 200
MAX_NOTE = 10_000


def checked_text(value: str, limit: int, *, lines: bool = False) -> str:
    """A name or note as it can be stored and shown; BadInput when it is too long or has control characters."""
    allowed = "\n\t" if lines else ""
    bad = [letter for letter in value if not is_showable(letter) and letter not in allowed]
    if bad:
        raise BadInput(
            Text("This text cannot be stored."),
            Text("It has a character that cannot be shown: {letter}.", letter=ascii(bad[0])),
            Text("Leave that character out."),
        )
    if len(value) > limit:
        raise BadInput(
            Text("This text has {length} characters.", length=len(value)),
            Text("At most {limit} are stored.", limit=limit),
            Text("Shorten it."),
        )
    return value


@cache
def select_runs() -> Select[Any]:
    """Runs, oldest first, with their last attempt and the errors the table of runs is sorted by.

    Built once: it is never changed, only narrowed by copies, and building it takes longer than to run it for one run.
    """
    evaluation = schema.evaluation
    of_run = evaluation.c.run == schema.run.c.id
    latest = select(evaluation).where(of_run).order_by(evaluation.c.step.desc()).limit(1)
    return select(
        schema.run,
        select(func.coalesce(func.max(schema.attempt.c.n), 0))
        .where(schema.attempt.c.run == schema.run.c.id)
        .scalar_subquery()
        .label("attempt"),
        select(func.min(evaluation.c.validation_error)).where(of_run).scalar_subquery().label("best_validation_error"),
        latest.with_only_columns(evaluation.c.validation_error).scalar_subquery().label("last_validation_error"),
        latest.with_only_columns(evaluation.c.train_error).scalar_subquery().label("last_train_error"),
    ).order_by(schema.run.c.id)


def run_record(row: Row[Any]) -> RunRecord:
    """The record of a row of `select_runs`."""
    values = dict(row._mapping)
    facts = {
        name: values.pop(name) for name in ("device", "threads", "precision", "engine", "split_hashes", "environment")
    }
    reason_text = values.pop("reason_text")
    text = Text.from_json(reason_text) if reason_text else None
    return RunRecord(**values, facts=RunFacts(**facts), reason_text=text)


def evaluation_row(evaluation: Evaluation) -> dict[str, Any]:
    """The columns of an evaluation; what is not finite is NULL and stands in `nonfinite`."""
    finite = {name: float(value) for name, value in evaluation.values.items() if math.isfinite(value)}
    nonfinite = {name: float(value) for name, value in evaluation.values.items() if not math.isfinite(value)}
    more = {name: value for name, value in finite.items() if name not in schema.METRICS}
    return {
        "step": evaluation.step,
        "epoch": evaluation.epoch,
        "train_s": evaluation.train_s,
        **{column: finite.get(name) for name, column in schema.METRICS.items()},
        "more": more or None,
        "nonfinite": nonfinite or None,
    }


def evaluation_record(row: Row[Any]) -> Evaluation:
    """The evaluation that `evaluation_row` stored."""
    stored = row._mapping
    values = {name: stored[column] for name, column in schema.METRICS.items() if stored[column] is not None}
    values |= stored["more"] or {}
    values |= stored["nonfinite"] or {}
    return Evaluation(stored["step"], stored["epoch"], stored["train_s"], values)


def study_record(row: Row[Any]) -> StudyRecord:
    """The record of a row of studies."""
    return StudyRecord(**row._mapping)


def answer_record(row: Row[Any]) -> Answer:
    """The record of a row of answers."""
    return Answer(**row._mapping)


def attempt_record(row: Row[Any]) -> Attempt:
    """The record of a row of attempts."""
    return Attempt(**row._mapping)


def event_record(row: Row[Any]) -> Event:
    """The record of a row of events."""
    return Event(**row._mapping)


def snapshot_entry(row: Row[Any]) -> SnapshotEntry:
    """The record of a row of the snapshot index."""
    return SnapshotEntry(**{name: value for name, value in row._mapping.items() if name != "run"})


def look_row(look: Look) -> dict[str, Any]:
    """The columns of a look."""
    finite = math.isfinite(look.value)
    return {**look.__dict__, "value": look.value if finite else None, "nonfinite": None if finite else look.value}


def look_record(row: Row[Any]) -> Look:
    """The look that `look_row` stored."""
    stored = dict(row._mapping)
    nonfinite = stored.pop("nonfinite")
    return Look(**stored if nonfinite is None else {**stored, "value": nonfinite})
