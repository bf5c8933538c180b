"""What a preset's caption claims, measured on a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import torch

from core.catalog.presets import Measure
from core.catalog.regularizers.early_stopping import EarlyStopping
from core.experiment import Experiment
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


def measured(experiment: Experiment, folder: Path, claimed: set[str]) -> dict[str, float]:
    """Every measure of one run of the experiment; errors of classes in percent.

    Those on its way are right where one of them is claimed.
    """
    stops = any(isinstance(regularizer, EarlyStopping) for regularizer in experiment.regularizers)
    follows = experiment.schedule.watch() is not None
    if not (stops or follows or claimed & ON_ITS_WAY):
        experiment = experiment.replace(evaluate_every=NEVER)
    run = Run(experiment, folder)
    sizes = list(gradient_sizes(run).values())
    run.train()
    final, outcome = run.final, run.outcome
    assert final is not None
    assert outcome is not None
    unit = 100 if run.parts.data.task == "classification" else 1
    lowest = min(run.evaluations, key=lambda item: item.validation.error)
    weights = torch.cat([tensor.detach().abs().flatten() for tensor in run.parts.loop.parameters if tensor.dim() > 1])
    values: dict[Any, float] = {
        "untrained_error": unit * run.evaluations[0].validation.error,
        "train_error": unit * final.train.error,
        "validation_error": unit * final.validation.error,
        "train_loss": final.train.loss,
        "validation_loss": final.validation.loss,
        "lowest_error": unit * lowest.validation.error,
        "lowest_epoch": lowest.epoch,
        "epochs_done": run.epoch,
        "updates_to_10": next((item.step for item in run.evaluations if item.validation.error <= 0.1), math.inf),
        "gradient_ratio": sizes[0] - sizes[-1],
        "gradient_times": 10 ** (sizes[0] - sizes[-1]),
        "small_weights": 100 * float((weights < SMALL).double().mean()),
        "updates_until_diverged": run.step_count if outcome.state == "diverged" else math.inf,
    }
    assert set(values) == set(get_args(Measure))
    return values
