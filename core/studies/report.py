"""What is told about a stored run, with the same fields everywhere: `train`, `resume` and `runs` write them as JSON."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from core.store.records import Evaluation, RunRecord
from core.store.store import Store
from core.studies.seals import is_of_its_weights, seal_of
from core.text import Text, Translate, untranslated

NUMBERS = (
    "num_parameters",
    "num_train",
    "num_validation",
    "num_test",
    "steps",
    "epochs",
    "seconds",
    "samples_per_s",
    "train_loss",
    "train_error",
    "validation_loss",
    "validation_error",
    "gap",
    "best_epoch",
    "test_error",
    "test_look",
    "weights_sha256",
)
"""Fields that describe the weights a run ends with, or those it has now; None where they are not known."""


def run_report(store: Store, record: RunRecord, translate: Translate = untranslated) -> dict[str, Any]:
    """The fields of one run. Errors are fractions, times are in seconds; NaN and ±Infinity are kept."""
    numbers = ending_numbers(store, record)
    facts = record.facts
    return {
        "run": record.id,
        "name": record.name,
        "created": _utc(record.created),
        "parent": record.parent,
        "fork_step": record.fork_step,
        "fingerprint": record.fingerprint,
        "state": record.state,
        "reason": record.reason,
        "reason_text": record.reason_text.render(translate) if record.reason_text else None,
        **{name: numbers.get(name) for name in NUMBERS},
        "test_seed": record.experiment.get("test_seed", 0),
        "test_seal": seal_of(record),
        "device": facts.device,
        "threads": facts.threads,
        "precision": facts.precision,
        "engine": facts.engine,
        "events": [
            {
                "step": event.step,
                "epoch": event.epoch,
                "train_s": event.train_s,
                "utc": _utc(event.utc),
                "actor": event.actor,
                "kind": event.kind,
                "values": dict(event.values),
            }
            for event in store.events(record.id)
        ],
        "notes": [note.render(translate) for note in notes_of(record)],
    }


def notes_of(record: RunRecord) -> list[Text]:
    """What is to be known about a run's settings, and about its test set when that is a fresh one or contaminated."""
    notes = [Text.from_json(note) for note in record.answer.get("notes", ())]
    if number := record.experiment.get("test_seed"):
        notes.append(
            Text(
                "Its test set is number {number}, dealt as new: not the first one, nor an official one.",
                number=number,
            )
        )
    if record.answer.get("contaminated"):
        notes.append(
            Text(
                "The test error is contaminated: it is look {number} at this test set, so weights can be chosen by it.",
                number=record.answer["test_look"],
            )
        )
    return notes


def ending_numbers(store: Store, record: RunRecord) -> dict[str, Any]:
    """What is known of the weights a run ends with, or has now: the stored answer where it is of them, else the rows.

    Where early stopping has put the best weights back, these are their numbers and not those of the last evaluation.
    """
    answer = dict(record.answer)
    if is_of_its_weights(record):
        return answer
    numbers = {name: answer.get(name) for name in ("num_parameters", "num_train", "num_validation", "num_test")}
    numbers |= {"steps": record.step, "epochs": record.epoch, "seconds": record.train_s}
    evaluations = store.read_evaluations(record.id)
    if evaluations:
        latest = evaluations[-1].values
        best = min(evaluations, key=_validation_error)
        numbers |= {
            "samples_per_s": latest.get("samples_per_s"),
            "train_loss": latest.get("train/loss"),
            "train_error": latest.get("train/error"),
            "validation_loss": latest.get("validation/loss"),
            "validation_error": latest.get("validation/error"),
            "gap": latest.get("gap"),
            "best_epoch": best.epoch,
        }
    return numbers


def _validation_error(row: Evaluation) -> float:
    """For the lowest of several: NaN, which is neither below nor above anything, comes last."""
    error = row.values.get("validation/error", math.inf)
    return math.inf if math.isnan(error) else error


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
