"""A stored run shown again: its rows from the store into the hub."""

from __future__ import annotations

import numpy as np

from core.describe import choices, title
from core.experiment import Experiment
from core.live.hub import Hub
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.report import notes_of
from core.training.evaluation import Evaluation, Score
from core.training.events import Event
from core.training.trend import Trend
from core.training.verdict import Status, status


def stored_evaluations(store: Store, run: str) -> list[Evaluation]:
    """The evaluations of a run as they were measured."""
    return [
        Evaluation(
            row.step,
            row.epoch,
            _score(row.values, "train"),
            _score(row.values, "validation"),
            row.train_s,
            float("nan"),
            row.values.get("samples_per_s", float("nan")),
        )
        for row in store.read_evaluations(run)
    ]


def _score(values: dict[str, float] | object, split: str) -> Score:
    numbers: dict[str, float] = dict(values)  # type: ignore[arg-type]
    wrong = numbers.get(f"{split}/wrong")
    return Score(
        numbers[f"{split}/loss"],
        numbers[f"{split}/error"],
        int(numbers[f"{split}/num"]),
        None if wrong is None else int(wrong),
    )


def opening_meta(experiment: Experiment, record: RunRecord) -> dict[str, object]:
    """What the hub is told of a run when it opens, before anything is built."""
    dataset = experiment.dataset
    return {
        "state": record.state,
        "reason": record.reason_text,
        "task": dataset.task,  # type: ignore[attr-defined]
        "name": record.name or title(experiment),
        "choices": choices(experiment),
        "slot": record.colour_slot,
        "extend_epochs": min(experiment.epochs, 100),
    }


def show_rows(store: Store, run: str, attempt: int, hub: Hub) -> tuple[list[Evaluation], list[str]]:
    """Put a run's stored rows and events into the hub; returns its evaluations and the names of its layers."""
    from core.studies.sinks import EVENT_WORDS

    evaluations = stored_evaluations(store, run)
    if evaluations:
        rows = [evaluation.to_row() | {"epoch": evaluation.epoch} for evaluation in evaluations]
        columns = {name: np.array([row.get(name, np.nan) for row in rows]) for name in rows[0]}
        hub.append(run, attempt, "evaluation", np.array([evaluation.step for evaluation in evaluations]), columns)
    columns = dict(store.read_steps(run))
    steps = columns.pop("step", np.array([], dtype=np.int64))
    if len(steps):
        hub.append(run, attempt, "update", steps, columns)
    for event in store.events(run):
        if event.kind in EVENT_WORDS:
            words = EVENT_WORDS[event.kind](Event(event.step, event.kind, dict(event.values)))
            hub.event(run, {"step": event.step, "kind": event.kind, "text": words})
    prefix = "weight_norm/"
    return evaluations, [name.removeprefix(prefix) for name in columns if name.startswith(prefix)]


def show_stored(store: Store, record: RunRecord, hub: Hub) -> None:
    """Show a run that is not active here: all its rows, its state, the sentence that sums it up."""
    experiment = Experiment.from_json(record.experiment)
    hub.open(record.id, opening_meta(experiment, record))
    attempt = max(1, record.attempt)
    hub.attempt(record.id, attempt, 0)
    evaluations, layers = show_rows(store, record.id, attempt, hub)
    answer = record.answer
    known = {name: answer[name] for name in ("num_train", "num_validation") if name in answer}
    hub.update(
        record.id,
        **known,
        layers=layers,
        step=record.step,
        epoch=record.epoch,
        num_steps=record.step,
        epochs=record.epoch,
        steps_per_epoch=record.step / record.epoch if record.epoch else None,
        notes=notes_of(record),
        status=stored_status(record, evaluations).to_meta(),
    )
    hub.close(record.id)


def stored_status(record: RunRecord, evaluations: list[Evaluation], guess_error: float | None = None) -> Status:
    """The sentence that sums up a stored run, and what to try beside it."""
    experiment = Experiment.from_json(record.experiment)
    trend = Trend(experiment.dataset.task, guess_error, evaluations)  # type: ignore[attr-defined]
    return status(experiment, trend, state=record.state, reason=record.reason_text)
