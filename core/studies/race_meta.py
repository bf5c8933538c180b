"""What viewers are told of a comparison on its channel of the hub, while it goes on and from the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import BadInput
from core.exports.tables import flat_settings
from core.live.hub import Hub
from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.comparison import Comparison, Lane
from core.studies.lanes import stored_lanes
from core.studies.outcomes import begun_experiment, branches_beside, facts_of
from core.studies.setting_words import value_words
from core.studies.study import study_channel
from core.text import Text

ENDS = ("finished", "stopped", "diverged", "failed", "interrupted")
"""The states of runs that are over, the one first that says most about a whole race."""


def opening_meta(comparison: Comparison, study: StudyRecord) -> dict[str, Any]:
    """What is known of a comparison before anything is built."""
    return {
        "state": "queued",
        "reason": None,
        "name": study.name,
        "task": comparison.base.dataset.task,
        "lanes": [],
        "forks": [],
        "rates": comparison.rates,
        "seeds": comparison.seeds,
        "folds": comparison.folds,
        "notes": texts(study.facts.get("notes", [])),
        "search": None,
        "fairness": None,
        "verdict": None,
        "noise": None,
        "step": 0,
        "applied": None,
        "extend_epochs": min(comparison.base.epochs, 100),
        "epochs": comparison.base.epochs,
    }


def lane_meta(comparison: Comparison, run: str, lane: Lane) -> dict[str, Any]:
    """A run of a comparison: which variant and seed, which name and colour."""
    return {
        "run": run,
        "variant": lane.variant,
        "seed": lane.seed,
        "number": lane.number,
        "name": comparison.variants[lane.variant].name,
        "slot": lane.variant,
    }


def branch_meta(store: Store, run: RunRecord) -> dict[str, Any]:
    """A run that branched off one of a comparison: where, its name and colour, and its settings by dotted path."""
    settings = flat_settings(begun_experiment(store, run))
    return {
        "run": run.id,
        "parent": run.parent,
        "step": run.fork_step or 0,
        "name": run.name,
        "slot": run.colour_slot,
        "settings": {path: value_words(path, value) for path, value in settings.items() if value},
    }


def texts(stored: Any) -> Any:
    """A stored value in which every Text is one again."""
    if isinstance(stored, Mapping):
        if stored.keys() == {"template", "values"}:
            return Text.from_json(stored)
        return {name: texts(value) for name, value in stored.items()}
    return [texts(value) for value in stored] if isinstance(stored, list | tuple) else stored


def storable(value: Any) -> Any:
    """A value in which every Text is JSON, for the store."""
    if isinstance(value, Text):
        return value.to_json()
    if isinstance(value, Mapping):
        return {name: storable(part) for name, part in value.items()}
    return [storable(part) for part in value] if isinstance(value, list | tuple) else value


def state_of(runs: Sequence[RunRecord]) -> str:
    """The state of a comparison that is not active, from those of its runs."""
    states = {run.state for run in runs}
    return next((state for state in ("interrupted", *ENDS) if state in states), "interrupted")


def stored_meta(store: Store, record: StudyRecord) -> dict[str, Any]:
    """Everything that is told of a stored comparison."""
    comparison = Comparison.from_json(record.document)
    runs = store.list_runs(actor=record.owner, study=record.id)
    facts = texts(facts_of(store, record, runs))
    search = facts.get("search")
    return {
        **opening_meta(comparison, record),
        "state": state_of(runs),
        "lanes": [lane_meta(comparison, run.id, lane) for run, lane in stored_lanes(comparison, runs)],
        "forks": [branch_meta(store, run) for run in branches_beside(store, record, runs)],
        "step": max((run.step for run in runs), default=0),
        "num_steps": facts.get("num_steps"),
        "steps_per_epoch": facts.get("steps_per_epoch"),
        "search": {**search, "running": False, "text": None} if search else None,
        **{name: facts.get(name) for name in ("fairness", "verdict", "target", "noise", "seconds_comparable")},
    }


def show_stored_study(store: Store, record: StudyRecord, hub: Hub) -> bool:
    """Put a comparison that is not active here into the hub; False when it can no longer be read."""
    try:
        meta = stored_meta(store, record)
    except BadInput:
        return False
    channel = study_channel(record.id)
    hub.open(channel, meta)
    hub.close(channel)
    return True
