"""A stored run shown again: its rows from the store into the hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.catalog.regularizers.pretraining import NEARLY
from core.describe import choices, title
from core.experiment import Experiment
from core.live.hub import Hub
from core.store.changes import NUM_COLOURS
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.curvature_rows import show_curvature
from core.studies.report import ending_numbers, notes_of
from core.training.alarms import Alarm, alarms, sizes_of
from core.training.changes import change_words, computed
from core.training.epochs import Epochs
from core.training.evaluation import Evaluation, Score
from core.training.events import Event
from core.training.feed import batch_sizes
from core.training.narrator import Narrator, Saying
from core.training.narrator_record import told
from core.training.trend import Trend, fine_tuned_from
from core.training.verdict import Status, status

if TYPE_CHECKING:
    from core.training.units import Units


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
    """What the hub is told of a run when it opens, before anything is built; `experiment`: what it computes by now."""
    dataset = experiment.dataset
    return {
        "state": record.state,
        "reason": record.reason_text,
        "task": dataset.task,  # type: ignore[attr-defined]
        "name": record.name or title(experiment),
        "is_named": bool(record.name),
        "choices": choices(experiment),
        "gradients_per_update": experiment.optimizer.evaluations_per_step,
        "slot": shown_slot(record),
        "parent": record.parent,
        "fork_step": record.fork_step,
        "extend_epochs": min(experiment.epochs, 100),
        "notes": notes_of(record),
    }


def shown_slot(record: RunRecord) -> int:
    """The colour slot with which a run is drawn: a fork has a dash."""
    return record.colour_slot if record.parent is None else record.colour_slot % NUM_COLOURS + NUM_COLOURS


def show_rows(
    store: Store, run: str, attempt: int, experiment: Experiment, hub: Hub, *, since: int = 0
) -> tuple[list[Evaluation], list[str]]:
    """Put a run's stored rows and events into the hub; returns its evaluations and the names of its layers."""
    evaluations = stored_evaluations(store, run)
    if evaluations:
        rows = [evaluation.to_row() | {"epoch": evaluation.epoch} for evaluation in evaluations]
        columns = {name: np.array([row.get(name, np.nan) for row in rows]) for name in rows[0]}
        hub.append(run, attempt, "evaluation", np.array([evaluation.step for evaluation in evaluations]), columns)
    columns = dict(store.read_steps(run))
    steps = columns.pop("step", np.array([], dtype=np.int64))
    if len(steps):
        hub.append(run, attempt, "update", steps, columns)
    show_curvature(hub, run, attempt, store.read_curvature(run))
    show_events(store, run, experiment, hub, since=since)
    prefix = "weight_norm/"
    return evaluations, [name.removeprefix(prefix) for name in columns if name.startswith(prefix)]


def show_events(store: Store, run: str, experiment: Experiment, hub: Hub, *, since: int = 0) -> None:
    """Put a run's stored events into the hub; of those that a fork has from its parent only what was changed."""
    from core.studies.sinks import EVENT_WORDS

    parents = ("stop", "continue") if since else ()
    now = experiment
    for event in store.events(run):
        before, now = now, computed(now, [event])
        if (event.step < since and event.kind != "set") or (event.step == since and event.kind in parents):
            continue
        if event.kind == "set":
            words = change_words(before, now, event.values)
        elif event.kind in EVENT_WORDS:
            words = EVENT_WORDS[event.kind](Event(event.step, event.kind, dict(event.values)))
        else:
            continue
        hub.event(run, {"step": event.step, "kind": event.kind, "text": words})


def show_stored(store: Store, record: RunRecord, hub: Hub) -> None:
    """Show a run that is not active here: all its rows, its state, the sentence that sums it up."""
    experiment = Experiment.from_json(record.experiment)
    now = computed(experiment, store.events(record.id))
    hub.open(record.id, opening_meta(now, record))
    attempt = max(1, record.attempt)
    hub.attempt(record.id, attempt, 0)
    evaluations, layers = show_rows(store, record.id, attempt, experiment, hub, since=record.fork_step or 0)
    answer = record.answer
    epochs = stored_epochs(store, record)
    alarmed = alarms_at(hub, record.id, record.step)
    numbers = ending_numbers(store, record)
    known = {name: answer[name] for name in ("num_train", "num_validation") if name in answer}
    hub.update(
        record.id,
        **known,
        layers=layers,
        step=record.step,
        epoch=record.epoch,
        num_steps=record.step,
        epochs=record.epoch,
        steps_per_epoch=epochs.steps_per_epoch if epochs else record.step / record.epoch if record.epoch else None,
        stretches=epochs.stretches if epochs else None,
        status=stored_status(record, now, evaluations, alarmed, first=first_of(store, record)).to_meta(),
        ends_with={split: numbers.get(f"{split}_error") for split in ("train", "validation")},
    )
    hub.close(record.id)


def stored_epochs(store: Store, record: RunRecord) -> Epochs | None:
    """How a stored run counts its passes over the data; None when it has not begun."""
    num_train = record.answer.get("num_train")
    if num_train is None:
        return None
    now = Experiment.from_json(record.experiment)
    epochs = Epochs(len(batch_sizes(num_train, now.batch_size)))
    for event in store.events(record.id):
        before, now = now, computed(now, [event])
        if before.batch_size != now.batch_size:
            epochs.change(event.step, len(batch_sizes(num_train, now.batch_size)))
    return epochs


def stored_status(
    record: RunRecord,
    experiment: Experiment,
    evaluations: list[Evaluation],
    alarms: tuple[Alarm, ...],
    guess_error: float | None = None,
    first: Evaluation | None = None,
) -> Status:
    """The sentence that sums up a stored run, and what to try beside it; `experiment`: what it computed at its end.

    `first` is what `first_of` gives.
    """
    trend = stored_trend(experiment, evaluations, guess_error, first)
    said = told(narrated(trend, record).at())
    return status(experiment, trend, state=record.state, reason=record.reason_text, alarms=alarms, told=said)


def stored_trend(
    experiment: Experiment,
    evaluations: list[Evaluation],
    guess_error: float | None = None,
    first: Evaluation | None = None,
) -> Trend:
    """What the evaluations of a run add up to."""
    task, since = experiment.dataset.task, fine_tuned_from(experiment)  # type: ignore[attr-defined]
    return Trend(task, guess_error, evaluations, since=since, first=first)


def first_of(store: Store, record: RunRecord) -> Evaluation | None:
    """The evaluation of a fork's first weights, measured in the run that it or its parents have left.

    None for a run that is no fork, and where that run is deleted. A loss cannot change on the way, so that it can be
    compared with.
    """
    if record.parent is None:
        return None
    run, since = record.id, fine_tuned_from(Experiment.from_json(record.experiment))
    while left := [event.values["parent"] for event in store.events(run) if event.kind == "fork"]:
        run = left[-1]
    return next((found for found in stored_evaluations(store, run) if found.epoch >= since - NEARLY), None)


def narrated(trend: Trend, record: RunRecord) -> Narrator:
    """What was said of a stored run from its beginning to its end."""
    narrator = Narrator().follow(trend)
    return narrator.diverged(record.epoch) if record.state == "diverged" else narrator


def sayings_of(store: Store, record: RunRecord) -> list[Saying]:
    """All that the narrator said of a stored run, in the order in which it did."""
    measured = stored_evaluations(store, record.id)
    trend = stored_trend(Experiment.from_json(record.experiment), measured, first=first_of(store, record))
    return narrated(trend, record).sayings


def alarms_at(hub: Hub, run: str, step: int, units: Mapping[str, Units] | None = None) -> tuple[Alarm, ...]:
    """What is to be said of a run's gradients at an update, by the row shown of it, and of its `units` then."""
    row = hub.row(run, "update", step)
    sizes = sizes_of(dict(zip(row.names, row.values.tolist(), strict=True))) if row else {}
    return alarms(sizes, units or {})
