"""Five folds as one experiment against one fold, and against scikit-learn's own cross-validation over skorch.

Ours is the whole service: stored, with snapshots, measured on training and validation samples after every epoch.
Theirs trains the same network from the same first weights with the same optimizer on batches of the same size, scaled
alike, for as many epochs, on the same folds, and measures at the end; both mean errors are told.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold, cross_val_score
from torch import nn

import core.catalog  # noqa: F401 - registers every entry
from bench.calibration import load
from bench.figure import Figure, alternate
from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.kfold import folded, means_of
from core.studies.report import ending_numbers
from core.studies.workbench import Workbench
from core.training.device import default_threads, use_threads
from core.training.run import Run
from core.training.splits import draw_folds, folds_seed

NUM_FOLDS = 5
ROUNDS = 25
DIGITS = Experiment(evaluate_every=18)
"""Its errors are measured once an epoch. By default that is every second update, which takes longer than training."""
WAIT_S = 120.0


def k_fold(bench: Workbench) -> float:
    """All folds through the workbench, to the end; their mean validation error."""
    study = bench.start_comparison(folded(DIGITS, NUM_FOLDS), pace="max")
    record = bench.wait_comparison(study, WAIT_S)
    (means,) = means_of(bench.store, Comparison.from_json(record.document), bench.runs_of(study))
    return means.mean_validation_error


def one_fold(bench: Workbench) -> float:
    """One of the folds through the workbench, to the end; its validation error."""
    run = bench.start(DIGITS.replace(num_folds=NUM_FOLDS, fold=1), pace="max")
    bench.wait(run, WAIT_S)
    return ending_numbers(bench.store, bench.run(run))["validation_error"]


def samples() -> tuple[np.ndarray, np.ndarray, StratifiedKFold]:
    """The samples outside of the test split, scaled, their classes, and the folds."""
    choice = DIGITS.replace(num_folds=NUM_FOLDS)
    loaded = DIGITS.dataset.load(Path())
    rows, _ = draw_folds(loaded, choice)
    inputs = loaded.inputs[rows].reshape(len(rows), -1).astype(np.float32) * np.float32(loaded.scale.factor)
    return inputs, loaded.targets[rows], StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=folds_seed(choice))


@cache
def first_weights() -> list[torch.Tensor]:
    """The weights that every fold begins with."""
    return [tensor.clone() for tensor in Run(DIGITS, Path()).parts.model.parameters()]


def theirs(inputs: np.ndarray, targets: np.ndarray, folds: StratifiedKFold) -> float:
    """The same by scikit-learn over skorch; the mean validation error."""
    from skorch import NeuralNetClassifier

    use_threads(default_threads())
    torch.manual_seed(DIGITS.seed)
    widths = (inputs.shape[1], 64, 64, 10)
    layers: list[Any] = [layer for width, next_ in pairwise(widths) for layer in (nn.Linear(width, next_), nn.ReLU())]
    module = nn.Sequential(*layers[:-1])
    with torch.no_grad():
        for tensor, first in zip(module.parameters(), first_weights(), strict=True):
            tensor.copy_(first)
    network = NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,  # pyright: ignore[reportArgumentType]  # its annotations name the defaults alone
        optimizer=torch.optim.Adam,
        lr=DIGITS.optimizer.lr,
        batch_size=DIGITS.batch_size,
        max_epochs=DIGITS.epochs,
        iterator_train__shuffle=True,
        train_split=None,  # pyright: ignore[reportArgumentType]
        verbose=0,
    )
    return 1 - float(cross_val_score(network, inputs, targets, cv=folds, scoring="accuracy").mean())


def measure() -> list[Figure]:
    """Both figures."""
    with TemporaryDirectory() as place, Workbench.open(place, live=False) as bench:
        times = alternate(lambda: k_fold(bench), lambda: one_fold(bench), ROUNDS)
        (many, one), ratio = map(median, times), median(a / b for a, b in zip(*times, strict=True))
        data = samples()
        ours, other = map(median, alternate(lambda: k_fold(bench), lambda: theirs(*data), ROUNDS))
        errors = k_fold(bench), theirs(*data)
    detail = f"medians of {ROUNDS} in turn; {load()}"
    return [
        Figure(
            "5 folds of the digits MLP against one fold",
            ratio,
            2.2,
            False,
            "times",
            f"the median of {ROUNDS} in turn, {many:.2f} against {one:.2f} s; {load()}",
        ),
        Figure(
            "the same against cross_val_score over skorch",
            other / ours,
            3.0,
            True,
            "times as fast",
            f"{ours:.2f} against {other:.2f} s, mean errors {errors[0]:.3f} and {errors[1]:.3f}, {detail}",
        ),
    ]


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
