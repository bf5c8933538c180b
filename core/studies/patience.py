"""Patience: where early stopping would have ended a stored run, for any patience, without training again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from core.catalog.architectures.architecture import Architecture
from core.catalog.regularizers.early_stopping import EarlyStopping
from core.catalog.regularizers.pretraining import NEARLY, stages_of
from core.experiment import Experiment
from core.training.evaluation import Evaluation

PATIENCES = (1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 500, 800)
"""Those that are shown, as far as a run is long enough for them."""


@dataclass(frozen=True)
class Ending:
    """Where a run ends with some patience, in epochs: its evaluation there, and that whose weights are restored.

    `stopped` False: patience never ran out, and the run would have gone to its end.
    """

    patience: int
    stopped: bool
    at: Evaluation
    best: Evaluation


def pretrained_until(experiment: Experiment) -> float:
    """The epoch at which pre-training of single layers ends: patience counts from there."""
    stages = stages_of(experiment.regularizers, cast(Architecture, experiment.architecture))
    return stages.share * experiment.epochs - NEARLY if stages else 0.0


def endings(
    evaluations: Sequence[Evaluation],
    patiences: Sequence[int],
    *,
    monitor: Literal["error", "loss"] = "error",
    since: float = 0.0,
) -> list[Ending]:
    """The end of a run with these evaluations, in their order and at least one, for each patience in epochs.

    Patience counts from epoch `since` on.
    """
    return [_ending(evaluations, patience, monitor, since) for patience in patiences]


def suiting(evaluations: Sequence[Evaluation], *, since: float = 0.0) -> list[int]:
    """The patiences that differ on a run: all up to the first one that never runs out."""
    found = []
    for patience in PATIENCES:
        found.append(patience)
        if not any(_ending(evaluations, patience, monitor, since).stopped for monitor in ("error", "loss")):
            break
    return found


def _ending(
    evaluations: Sequence[Evaluation], patience: int, monitor: Literal["error", "loss"], since: float
) -> Ending:
    stopper = EarlyStopping(patience=patience, monitor=monitor).build()
    stopper.go_on(since)
    best = evaluations[0]
    for evaluation in evaluations:
        is_best, ends = stopper.observe(evaluation.step, evaluation.epoch, evaluation.to_row()[stopper.metric])
        if is_best:
            best = evaluation
        elif ends:
            return Ending(patience, True, evaluation, best)
    return Ending(patience, False, evaluations[-1], best)
