"""K-fold: an experiment run once with every fold of its samples, stored as a comparison; and the means of its errors.

The means choose settings. None of the networks is kept: with the settings that were chosen one is trained on all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.compatibility import check
from core.describe import title
from core.experiment import Experiment
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.error_words import Scale
from core.studies.lanes import stored_lanes
from core.studies.race_verdict import Verdict
from core.studies.report import ending_numbers
from core.studies.seals import Seal, seal_of
from core.studies.variant import MOST_LETTERS, Variant
from core.text import Text
from core.training.splits import least_fraction

NONE_IS_KEPT = Text(
    "None of these networks is kept: the folds choose settings. With those that were chosen, train once on all samples."
)


@dataclass(frozen=True)
class FoldRun:
    """What came out of the run of one fold, counted from 1. Errors are NaN where they are not known."""

    fold: int
    run: str
    state: str
    train_error: float
    validation_error: float
    num_train: int | None
    num_validation: int | None
    test_seal: Seal = "sealed"


@dataclass(frozen=True)
class FoldMeans:
    """Means over the folds, NaN while one of them has no error; `std` is the sample standard deviation over them."""

    num_folds: int
    mean_train_error: float
    mean_validation_error: float
    std_train_error: float
    std_validation_error: float

    @property
    def standard_error(self) -> float:
        """Of the mean validation error: its spread over the folds by the square root of their number."""
        return self.std_validation_error / math.sqrt(self.num_folds)


def folded(experiment: Experiment, num_folds: int) -> Comparison:
    """The comparison that runs an experiment with every one of so many folds. BadInput where that is not possible."""
    experiment = experiment.replace(num_folds=num_folds, fold=1)
    check(experiment)
    name = experiment.name or str(title(experiment))
    variant = Variant(name=name[:MOST_LETTERS])
    return Comparison.from_json(
        {"base": experiment, "variants": [variant], "folds": num_folds, "name": experiment.name}
    )


def once_on_all(experiment: Experiment) -> Experiment:
    """The experiment that trains once, without folds, on all samples but the few without which nothing validates."""
    whole = experiment.replace(num_folds=None, fold=1)
    return whole.replace(validation_fraction=least_fraction(whole))


def fold_runs(store: Store, comparison: Comparison, runs: Sequence[RunRecord], variant: int = 0) -> list[FoldRun]:
    """What came out of the stored runs of one variant, fold by fold; those that were deleted are absent."""
    found = []
    for run, lane in stored_lanes(comparison, runs):
        if lane.variant != variant:
            continue
        ends = {} if run.state in ("diverged", "failed") else ending_numbers(store, run)
        train, validation = _number(ends.get("train_error")), _number(ends.get("validation_error"))
        sizes = ends.get("num_train"), ends.get("num_validation")
        found.append(FoldRun(lane.number + 1, run.id, run.state, train, validation, *sizes, seal_of(run)))
    return sorted(found, key=lambda one: one.fold)


def fold_means(comparison: Comparison, found: Sequence[FoldRun]) -> FoldMeans:
    """The means over all folds of a comparison; a fold whose run diverged or was deleted leaves none."""
    if len(found) < (comparison.folds or 0):
        return FoldMeans(len(found), math.nan, math.nan, math.nan, math.nan)
    errors = np.array([(one.train_error, one.validation_error) for one in found])
    means, spreads = errors.mean(0).tolist(), errors.std(0, ddof=1).tolist()
    return FoldMeans(len(found), *means, *spreads)


def means_of(store: Store, comparison: Comparison, runs: Sequence[RunRecord]) -> list[FoldMeans]:
    """The means of every variant."""
    return [
        fold_means(comparison, fold_runs(store, comparison, runs, place)) for place in range(len(comparison.variants))
    ]


def folds_verdict(comparison: Comparison, means: Sequence[FoldMeans], scale: Scale) -> Verdict:
    """The mean over the folds, or, of several variants, which has the lowest and which are as good."""
    known = [
        (variant.text, one)
        for variant, one in zip(comparison.variants, means, strict=True)
        if math.isfinite(one.mean_validation_error)
    ]
    if not known:
        return Verdict(Text("A fold has no result, so there is no mean."), NONE_IS_KEPT, None)
    name, best = min(known, key=lambda item: item[1].mean_validation_error)
    values = {
        "folds": comparison.folds,
        "mean": scale.one(best.mean_validation_error),
        "spread": scale.one(best.std_validation_error),
        "train": scale.one(best.mean_train_error),
    }
    if len(comparison.variants) == 1:
        said = Text(
            "Mean over {folds} folds: validation error {mean} with a standard deviation of {spread}, training error "
            "{train}.",
            **values,
        )
        return Verdict(said, NONE_IS_KEPT, None, best=str(name))
    near = [
        other
        for other, one in known
        if other is not name and one.mean_validation_error <= best.mean_validation_error + best.standard_error
    ]
    said = Text(
        "Lowest mean over {folds} folds: {name}, validation error {mean}, training error {train}.", name=name, **values
    )
    if near:
        said = Text("{said} Within one standard error of it: {count} more.", said=said, count=len(near))
    return Verdict(said, NONE_IS_KEPT, None, best=str(name))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
