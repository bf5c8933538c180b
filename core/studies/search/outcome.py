"""What came out of a trial: from its stored runs, the error that Optuna is told, its ±, and why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from core.experiment import Experiment
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.report import ending_numbers
from core.text import Text
from core.training.events import PRUNED
from core.training.trend import uncertainty_of

GIVEN_UP = Text("others were better after as many epochs")
DIVERGED = Text("diverged")
BY_HAND = Text("stopped by hand")


@dataclass(frozen=True)
class Outcome:
    """`state`: complete, pruned, failed, or running where it has no end yet. `why`: it has not come to its end."""

    state: str
    error: float | None = None
    standard_error: float | None = None
    why: Text | None = None


def by_trial(store: Store, study: str, actor: str) -> dict[int, list[RunRecord]]:
    """The stored runs of a search by the number of their trial, fold by fold."""
    found: dict[int, list[RunRecord]] = {}
    for run in store.list_runs(actor=actor, study=study):
        found.setdefault(run.colour_slot, []).append(run)
    return {number: sorted(runs, key=fold_of) for number, runs in found.items()}


def fold_of(run: RunRecord) -> int:
    """The fold that validates in a run."""
    return run.experiment.get("fold", Experiment.model_fields["fold"].default)


def outcome_of(store: Store, runs: Sequence[RunRecord], num_runs: int, *, is_stopped: bool) -> Outcome:
    """The outcome of a trial that has `num_runs` runs. `is_stopped`: the whole search was.

    One that diverged is told as pruned: Optuna forgets failed trials, and would go on trying what diverges.
    """
    states = {run.state for run in runs}
    if any(run.state == "stopped" and run.reason == PRUNED.reason for run in runs):
        return Outcome("pruned", why=GIVEN_UP)
    if "failed" in states:
        reasons = [run.reason_text for run in runs if run.state == "failed" and run.reason_text is not None]
        return Outcome("failed", why=reasons[0] if reasons else None)
    if "diverged" in states:
        return Outcome("pruned", why=DIVERGED)
    if len(runs) == num_runs and states == {"finished"}:
        ends = [ending_numbers(store, run) for run in runs]
        found = [end.get("validation_error") for end in ends]
        errors = [math.nan if error is None else float(error) for error in found]
        if not all(map(math.isfinite, errors)):
            return Outcome("pruned", why=DIVERGED)
        return Outcome("complete", fmean(errors), _standard_error(errors, ends[0], runs[0]))
    if is_stopped or states - {"finished", "stopped"} or len(runs) < num_runs:
        return Outcome("running")
    return Outcome("pruned", why=BY_HAND)


def _standard_error(errors: Sequence[float], end: Mapping[str, Any], run: RunRecord) -> float | None:
    """Over folds that of their mean; else that of an error measured on so many validation samples."""
    if len(errors) > 1:
        return stdev(errors) / math.sqrt(len(errors))
    num = end.get("num_validation")
    is_share = Experiment.from_json(dict(run.experiment)).dataset.task == "classification"
    return uncertainty_of(errors[0], num, is_share=is_share) if num else None
