"""What came out of the stored runs of a comparison: what its verdict, its table and its report are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.experiment import Experiment
from core.exports.tables import experiment_of
from core.store.records import RunRecord, StudyRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.error_words import PLAIN, PRECISELY
from core.studies.kfold import folds_verdict, means_of
from core.studies.lanes import paired_lanes
from core.studies.race_verdict import Trace, Verdict, verdict
from core.studies.report import ending_numbers


@dataclass(frozen=True)
class Outcome:
    """How a stored run went. Errors and the gap are those of the weights it ends with, NaN where they are not known."""

    run: RunRecord
    trace: Trace
    best_error: float
    best_epoch: float
    train_error: float
    gap: float


def outcome_of(store: Store, run: RunRecord, variant: int) -> Outcome:
    """What came out of one run of a variant. One that diverged ends with nothing, whatever it had reached before."""
    rows = [row for row in store.read_evaluations(run.id) if "validation/error" in row.values]
    errors = [row.values["validation/error"] for row in rows]
    ends = {} if run.state == "diverged" else ending_numbers(store, run)
    trace = Trace(
        variant,
        experiment_of(run).seed,
        run.state,
        [row.step for row in rows],
        errors,
        _number(ends.get("validation_error")),
    )
    # The untrained network is not the best of a run.
    finite = [(error, row.epoch) for error, row in zip(errors, rows, strict=True) if row.step and math.isfinite(error)]
    best_error, best_epoch = min(finite, default=(math.nan, math.nan))
    return Outcome(run, trace, best_error, best_epoch, _number(ends.get("train_error")), _number(ends.get("gap")))


def verdict_of(store: Store, comparison: Comparison, runs: Sequence[RunRecord], target: float | None = None) -> Verdict:
    """The verdict over the stored runs of a comparison."""
    if comparison.folds is not None:
        scale = PRECISELY if is_share(comparison) else PLAIN
        return folds_verdict(comparison, means_of(store, comparison, runs), scale)
    traces = [outcome_of(store, run, lane.variant).trace for run, lane in paired_lanes(comparison, runs)]
    return verdict([variant.text for variant in comparison.variants], traces, target, is_share=is_share(comparison))


def facts_of(store: Store, record: StudyRecord, runs: Sequence[RunRecord]) -> Mapping[str, Any]:
    """What is stored of a comparison; with its verdict, also where the program ended before that was stored."""
    is_over = bool(runs) and not any(run.active or run.state == "interrupted" for run in runs)
    if record.facts.get("verdict") or not is_over:
        return record.facts
    found = verdict_of(store, Comparison.from_json(dict(record.document)), runs, record.facts.get("aim"))
    return {**record.facts, "verdict": found.sentences, "target": found.target}


def is_share(comparison: Comparison) -> bool:
    """Whether errors are shares of wrong answers, told in percent; else they are relative errors."""
    return comparison.base.dataset.task == "classification"


# -- branches --------------------------------------------------------------------------------------------------------


def branches_of(store: Store, runs: Sequence[RunRecord], *, actor: str) -> list[RunRecord]:
    """The runs that branched from these, directly or not: each after the one it left."""
    branches = store.list_runs(actor=actor, parents=[run.id for run in runs])
    return [*branches, *branches_of(store, branches, actor=actor)] if branches else []


def branches_beside(store: Store, study: StudyRecord, runs: Sequence[RunRecord]) -> list[RunRecord]:
    """The branches of a comparison's runs that are shown to everybody who may see it."""
    branches = branches_of(store, runs, actor=study.owner)
    return [branch for branch in branches if study.visibility == "private" or branch.visibility == "class"]


def begun_experiment(store: Store, run: RunRecord) -> Experiment:
    """What a run computes at first: its experiment, and that of a branch with the changes it branched with."""
    if run.fork_step is None:
        return experiment_of(run)
    from core.training.changes import computed

    return computed(experiment_of(run), [event for event in store.events(run.id) if event.step <= run.fork_step])


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
