"""Error curves: the final errors of an experiment against how many samples it learns from, or against its capacity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from core.errors import BadInput
from core.experiment import Experiment
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.lanes import stored_lanes
from core.studies.report import ending_numbers
from core.studies.seals import Seal, seal_of
from core.text import Text
from core.training.splits import split_sizes

NUM_SIZES = 6
SMALLEST_SHARE = 0.02
"""The smallest training set that is tried, as a share of the largest; at least two samples a class."""
WIDTHS = (1, 2, 4, 8, 16, 32, 64, 128)
DEPTHS = (1, 2, 3, 4, 6, 8)


@dataclass(frozen=True)
class Point:
    """One value of what is varied, over the seeds or folds whose runs have a number: fractions, or relative errors.

    `gap` is the median of validation − training error. Medians are NaN where no run has a number.
    """

    value: Any
    num_train: int | None
    num_parameters: int | None
    train_errors: tuple[float, ...]
    validation_errors: tuple[float, ...]
    train_error: float
    validation_error: float
    gap: float
    test_seal: Seal = "sealed"


def sizes(experiment: Experiment) -> tuple[str, str]:
    """What `--vary` says for a learning curve: the path of the training size of these data, and a range of sizes."""
    dataset: Any = experiment.dataset
    most = split_sizes(experiment.replace(train_size=None)).num_train
    facts = dataset.facts()
    least = max(2 * max(2, facts.num_outputs), math.ceil(SMALLEST_SHARE * most), 10)
    if least >= most:
        raise BadInput(
            Text("{data} is too small for a learning curve.", data=Text(dataset.title)),
            Text("There are {most} training samples.", most=most),
            Text("Take a larger data set, or name sizes with --sizes."),
        )
    path = "dataset.n" if dataset.generated else "train_size"
    return path, f"log({least},{most})x{NUM_SIZES}"


def widths(experiment: Experiment) -> tuple[str, str]:
    """What `--vary` says for capacity: widths of an MLP, all hidden layers alike. BadInput for other networks."""
    network: Any = experiment.architecture
    if not hasattr(network, "widths"):
        raise BadInput(
            Text("The capacity of {network} is not varied by itself.", network=Text(network.title)),
            Text("Only an MLP has hidden layers whose width says how much it can learn."),
            Text("Say what is varied, for example --vary architecture.width=log(4,64)x5."),
        )
    if network.widths is None:
        return "architecture.width", ",".join(map(str, WIDTHS))
    return "architecture.widths", ",".join(str([width] * len(network.widths)) for width in WIDTHS)


def depths(experiment: Experiment) -> tuple[str, str]:
    """The same for the depth of an MLP, all hidden layers as wide as the first."""
    network: Any = experiment.architecture
    if network.widths is None:
        return "architecture.hidden_layers", ",".join(map(str, DEPTHS))
    width = network.widths[0] if network.widths else network.width
    return "architecture.widths", ",".join(str([width] * depth) for depth in DEPTHS)


def error_curve(store: Store, comparison: Comparison, runs: Sequence[RunRecord]) -> list[Point]:
    """What came out of the runs of a comparison over one thing, in the order of its values."""
    by_variant: dict[int, list[RunRecord]] = {}
    for run, lane in stored_lanes(comparison, runs):
        by_variant.setdefault(lane.variant, []).append(run)
    return [
        _point(store, next(iter(variant.changes.values())), by_variant.get(place, []))
        for place, variant in enumerate(comparison.variants)
    ]


def _point(store: Store, value: Any, runs: Sequence[RunRecord]) -> Point:
    ends = [ending_numbers(store, run) for run in runs if run.state != "diverged"]
    numbers = [(_number(end.get("train_error")), _number(end.get("validation_error"))) for end in ends]
    pairs = [pair for pair in numbers if all(map(math.isfinite, pair))]
    train = tuple(error for error, _ in pairs)
    validation = tuple(error for _, error in pairs)
    first = runs[0].answer if runs else {}
    return Point(
        value,
        first.get("num_train"),
        first.get("num_parameters"),
        train,
        validation,
        _median(train),
        _median(validation),
        _median([after - before for before, after in pairs]),
        seal_of(*runs),
    )


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _median(values: Sequence[float]) -> float:
    return median(values) if values else math.nan


def one_standard_error(points: Sequence[Point]) -> tuple[Point, Point]:
    """The point with the lowest mean validation error, and the last one within one standard error of it.

    The points stand in the order of their values, the simplest network last; every one has errors of all folds.
    Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2009, section 7.10.1.
    """
    means = [float(np.mean(point.validation_errors)) for point in points]
    best = points[int(np.argmin(means))]
    errors = best.validation_errors
    spread = float(np.std(errors, ddof=1)) / math.sqrt(len(errors)) if len(errors) > 1 else 0.0
    near = [point for point, mean in zip(points, means, strict=True) if mean <= min(means) + spread]
    return best, near[-1]
