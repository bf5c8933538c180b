"""What a preset's caption claims, measured on a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

import torch

from core.catalog.presets import Measure
from core.catalog.regularizers.early_stopping import EarlyStopping
from core.experiment import Experiment
from core.studies.engine import engine_of
from core.training.assembly import conditions_of
from core.training.pictures import gradient_sizes
from core.training.run import Run
from core.training.stacked import Stack

SMALL = 1e-3
"""Weights below this size are near zero."""
NEVER = 2**31
"""A run that nothing is claimed of on its way is measured at its start and at its end: that changes no weight."""
ON_ITS_WAY = {"lowest_error", "lowest_epoch", "updates_to_10", "updates_until_diverged"}


def advance(runs: Sequence[Run], is_wanted: Callable[[Run], bool] = lambda run: not run.is_over) -> None:
    """Train runs with common updates, each until it is over or not wanted any more."""
    stack = Stack(runs) if len(runs) > 1 else None
    while going := [run for run in runs if is_wanted(run)]:
        due = [run for run in going if not run.update_is_next]
        if due and stack is not None:
            stack.evaluate(due[0], due[1:])
        if due or stack is None:
            for run in due or going:
                run.piece()
        else:
            stack.step(going)


def measured(experiments: Sequence[Experiment], folder: Path, claimed: set[str]) -> list[dict[str, float]]:
    """Every measure of a run of each experiment; errors of classes in percent.

    They share their updates where a comparison of them would. Measures on the way are right where one is claimed.
    """
    if not (any(_is_watched(experiment) for experiment in experiments) or claimed & ON_ITS_WAY):
        experiments = [experiment.replace(evaluate_every=NEVER) for experiment in experiments]
    engine = engine_of(experiments)
    found: dict[int, dict[str, float]] = {}
    for group in engine.groups:
        alike = [experiments[place] for place in group]
        runs = [Run(one, folder, conditions=conditions_of(one, engine=engine.name)) for one in alike]
        sizes = [list(gradient_sizes(run).values()) for run in runs]
        advance(runs)
        for place, run, size in zip(group, runs, sizes, strict=True):
            ratio = size[0] - size[-1]
            found[place] = _measures(run) | {"gradient_ratio": ratio, "gradient_times": 10**ratio}
    assert {name for measures in found.values() for name in measures} == set(get_args(Measure))
    return [found[place] for place in range(len(experiments))]


def _is_watched(experiment: Experiment) -> bool:
    """Whether its course depends on its errors."""
    stops = any(isinstance(regularizer, EarlyStopping) for regularizer in experiment.regularizers)
    return stops or experiment.schedule.watch() is not None


def _measures(run: Run) -> dict[str, float]:
    final, outcome = run.final, run.outcome
    assert final is not None
    assert outcome is not None
    unit = 100 if run.parts.data.task == "classification" else 1
    lowest = min(run.evaluations, key=lambda item: item.validation.error)
    weights = torch.cat([tensor.detach().abs().flatten() for tensor in run.parts.loop.parameters if tensor.dim() > 1])
    return {
        "untrained_error": unit * run.evaluations[0].validation.error,
        "train_error": unit * final.train.error,
        "validation_error": unit * final.validation.error,
        "train_loss": final.train.loss,
        "validation_loss": final.validation.loss,
        "lowest_error": unit * lowest.validation.error,
        "lowest_epoch": lowest.epoch,
        "epochs_done": run.epoch,
        "updates_to_10": next((item.step for item in run.evaluations if item.validation.error <= 0.1), math.inf),
        "small_weights": 100 * float((weights < SMALL).double().mean()),
        "updates_until_diverged": run.step_count if outcome.state == "diverged" else math.inf,
    }
