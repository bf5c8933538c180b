"""The narrator measured: runs trained from a declared list, labelled from how they were made, and what was said of them.

A label never asks the narrator. It is found from the run's settings, by training *relatives* that differ in one of
them, and from the errors on *held-out* samples, some thousand that neither train nor validate. What a run ends with is
the mean over its last tenth of epochs, three at least; the scale of losses is the loss of guessing.

- overfitting: the held-out error (running median of five) ends more than 2 points (numbers: 0.05) above its lowest,
  which lies before the last tenth, while training loss has fallen since.
- underfitting: a relative with a larger network and no penalty, or one trained four times as long, ends with at most
  half of the training error and at least 5 points (numbers: 0.1) less of both errors.
- plateau: training loss falls by less than 2 % of the scale over the last quarter, and a relative trained four times as
  long, or at ten times the rate, ends more than a quarter of the scale lower.
- rate_too_high: a relative at a tenth of the rate ends with less than 70 % of the training loss, by 5 % of the scale.
- diverging: training loss ends above that of the first weights, or was not a finite number.
- noise: the gap to the held-out error is smaller than the ± which a held-out error has on so few validation samples.

`python -m bench narrator` trains all anew and measures; `python -m bench.narrator` also writes down what it found.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import fmean, median
from tempfile import gettempdir
from typing import Any

import numpy as np
import torch

import core.catalog  # noqa: F401 - registers every entry
from bench.narrator_runs import CASES, Case
from core.catalog.datasets.generated import Generated
from core.experiment import Experiment
from core.training.evaluation import Evaluation, Score, score
from core.training.feed import batch_sizes
from core.training.guessing import guessing
from core.training.resident import host_samples
from core.training.run import Run
from core.training.splits import draw_splits, split_sizes
from core.training.trend import uncertainty_of

NUM_HELD_OUT = 4_000
DATA = Path(gettempdir())


class Seen:
    """Measures a run on the samples that validate and on held-out ones, after each epoch from `since` on."""

    def __init__(self, experiment: Experiment, num_validation: int | None, since: float = 0.0) -> None:
        self._since = since
        steps = len(batch_sizes(split_sizes(experiment).num_train, experiment.batch_size))
        self.run = Run(experiment.replace(evaluate_every=steps), DATA, listener=self)
        parts = self.run.parts
        rows = parts.data.splits.validation
        if num_validation is not None:
            rows = rows[torch.from_numpy(np.random.default_rng(experiment.seed).permutation(len(rows)))[:num_validation]]
        self._validation = list(parts.feed.pieces(rows, parts.piece_size))
        if isinstance(experiment.dataset, Generated):
            dataset = experiment.dataset.model_copy(update={"n": NUM_HELD_OUT})
            others = Run(experiment.replace(dataset=dataset, split_seed=10_000 + experiment.split_seed), DATA)
            self._held_out = list(others.parts.evaluated[0])
        else:
            rest = torch.from_numpy(draw_splits(host_samples(parts.data), experiment).rest)
            self._held_out = list(parts.feed.pieces(rest, parts.piece_size))
        self.num_held_out = sum(len(batch.sample_ids) for batch in self._held_out)
        self.evaluations: list[Evaluation] = []
        self.held_out: list[float] = []

    def on_block(self, block: object) -> None:
        """Nothing is asked of single updates."""

    def on_event(self, event: object) -> None:
        """Nothing happens to these runs."""

    def on_evaluation(self, evaluation: Evaluation) -> None:
        if not (math.isfinite(evaluation.train.loss) and math.isfinite(evaluation.validation.loss)):
            return
        if evaluation.epoch < self._since:
            return
        values = evaluation.__dict__ | {"validation": self._score(self._validation)}
        self.evaluations.append(Evaluation(**values))
        self.held_out.append(self._score(self._held_out).error)

    def _score(self, batches: list[Any]) -> Score:
        parts = self.run.parts
        work = score(parts.model, batches, parts.plain_loss, parts.target_spread)
        while True:
            try:
                next(work)
            except StopIteration as done:
                return done.value


def relatives(experiment: Experiment) -> dict[str, Experiment]:
    """What differs from a run in one thing."""
    rate = experiment.optimizer.lr
    net = experiment.architecture
    larger = {"hidden_layers": max(2, net.hidden_layers), "width": max(64, 4 * net.width)}
    return {
        "slower": experiment.replace(optimizer=experiment.optimizer.model_copy(update={"lr": rate / 10})),
        "faster": experiment.replace(optimizer=experiment.optimizer.model_copy(update={"lr": rate * 10})),
        "longer": experiment.replace(epochs=4 * experiment.epochs),
        "larger": experiment.replace(architecture=net.model_copy(update=larger), regularizers=()),
    }


def _end(values: list[float]) -> float:
    """What a series ends with: the mean over its last tenth, three values at least."""
    return fmean(values[-max(3, len(values) // 10) :])


def _ended(seen: Seen) -> dict[str, float] | None:
    """What a run ends with; None where a number was not finite."""
    if seen.run.outcome is None or seen.run.outcome.state != "finished":
        return None
    return {
        "loss": _end([item.train.loss for item in seen.evaluations]),
        "training": _end([item.train.error for item in seen.evaluations]),
        "held_out": _end(seen.held_out),
    }


def trained(case: Case) -> dict[str, Any]:
    """All that is to be known of a run: its series, after each epoch, and what its relatives end with."""
    experiment = Experiment.from_json(case.settings)
    seen = _train(experiment, case.num_validation)
    evaluations, data = seen.evaluations, seen.run.parts.data
    classes = data.task == "classification"
    guess = guessing(data)
    return {
        "settings": case.settings,
        "task": data.task,
        "guess_error": guess.error,
        "guess_loss": guess.loss,
        "num": [evaluations[0].train.num, evaluations[0].validation.num, seen.num_held_out],
        "loss": [[item.train.loss, item.validation.loss] for item in evaluations],
        "wrong" if classes else "error": [
            [item.train.wrong, item.validation.wrong] if classes else [item.train.error, item.validation.error]
            for item in evaluations
        ],
        "held_out": seen.held_out,
        "ended": _ended(seen),
        "relatives": {
            name: _ended(_train(other, case.num_validation, since=0.8 * other.epochs))
            for name, other in relatives(experiment).items()
        },
    }


def _train(experiment: Experiment, num_validation: int | None, since: float = 0.0) -> Seen:
    seen = Seen(experiment, num_validation, since)
    seen.run.train()
    return seen
