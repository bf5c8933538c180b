"""A stored run as a script: only one whose experiment alone says how it ended."""

from __future__ import annotations

from dataclasses import replace

from core.errors import Refused
from core.experiment import Experiment
from core.exports.script.augmentation import augmentation_code
from core.exports.script.own import uses
from core.exports.script.parts import Part, parts_of
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.replay import recorded_conditions
from core.text import Text
from core.training.device import SOLO, noise_on

CHANGING = {"set", "extend"}
"""Kinds of events after which a run is no longer what its experiment says."""


def parts_of_run(store: Store, record: RunRecord) -> list[Part]:
    """The run as plain PyTorch, with as many threads; Refused where the script would end with other numbers."""
    why = _why_not(store, record)
    if why is not None:
        raise Refused(
            Text("Run {run} cannot be written as a plain script.", run=record.id),
            why,
            Text("Export its measurements as csv, or train its experiment again and export that run."),
        )
    facts = record.facts
    first, *others = parts_of(Experiment.from_json(dict(record.experiment)), facts.threads)
    if (facts.device, facts.engine) != ("cpu", SOLO):
        conditions = (
            f"This run was computed on “{facts.device}” by the engine “{facts.engine}”, this script computes on "
        )
        first = replace(first, about=f"{first.about} {conditions}the CPU by itself: the last bits differ.")
    return [first, *others]


def _why_not(store: Store, record: RunRecord) -> Text | None:
    if record.parent is not None:
        return Text("It is a branch: what it began with are the weights of another run.")
    if record.state in ("stopped", "diverged"):
        return Text("It did not come to its planned end.")
    if any(event.kind in CHANGING for event in store.events(record.id)):
        return Text("It was changed while it ran.")
    conditions = recorded_conditions(record)
    drew_otherwise = conditions is not None and conditions.device == "cpu" and conditions.noise != noise_on("cpu")
    if drew_otherwise and uses("gaussian", augmentation_code(Experiment.from_json(dict(record.experiment)))):
        return Text("An earlier version of this program, or another machine, drew its noise in another way.")
    return None
