"""The narrator measured on runs that were trained from a declared list and labelled from how they were made.

A label never asks the narrator. It is found from the run's settings, by training *relatives* that differ in one of
them, and from the errors on *held-out* samples, some thousand that neither train nor validate. What a run ends with is
the mean over its last tenth of epochs, three at least; the scale of losses is the loss of guessing.

- overfitting: the held-out error (running median of five) ends more than 2 points (numbers: 0.05) above its lowest,
  which lies before the last tenth, while training loss has fallen and training error has not risen since.
- underfitting: a relative (a larger network without penalties, four times the epochs, a tenth or ten times of the
  rate, Adam with 0.01) ends with at most half of the training error and 5 points (numbers: 0.1) less of both errors.
- plateau: training loss falls by less than 2 % of the scale over the last quarter, and a relative trained four times
  as long, at ten times the rate or by Adam with 0.01 ends more than a quarter of the scale lower.
- rate_too_high: a relative at a tenth of the rate ends with less than 70 % of the training loss, by 5 % of the scale.
- diverging: training loss ends above that of the first weights, or was not a finite number.
- noise: the gap to the held-out error is smaller than the ± which a held-out error has on so few validation samples.

`python -m bench narrator` trains all anew and measures; `python -m bench.narrator` also writes down what it found.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from tempfile import gettempdir
from typing import Any

import numpy as np
import torch

import core.catalog  # noqa: F401 - registers every entry
from bench.figure import Figure
from bench.narrator_runs import CASES, Case
from core.catalog.datasets.generated import Generated
from core.catalog.optimizers.adam import Adam
from core.experiment import Experiment
from core.pieces import worked_off
from core.training.evaluation import Evaluation, Score, score
from core.training.feed import batch_sizes
from core.training.guessing import guessing
from core.training.narrator import RULES
from core.training.narrator_record import FILE, HALVES, counts, stored_runs
from core.training.resident import host_samples
from core.training.run import Run
from core.training.splits import draw_splits, split_sizes
from core.training.trend import uncertainty_of

NUM_HELD_OUT = 4_000
DATA = Path(gettempdir())
DOCUMENT = Path(__file__).parents[1] / "docs" / "narrator.md"
LOSS, TRAINING, HELD_OUT = range(3)
"""The places of what a run ends with."""
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


class Seen:
    """Measures a run on the samples that validate and on held-out ones, after each epoch from `since` on."""

    def __init__(self, experiment: Experiment, num_validation: int | None, since: float = 0.0) -> None:
        self._since = since
        steps = len(batch_sizes(split_sizes(experiment).num_train, experiment.batch_size))
        self.run = Run(experiment.replace(evaluate_every=steps), DATA, listener=self)
        parts = self.run.parts
        rows = parts.data.splits.validation
        if num_validation is not None:
            rows = rows[np.random.default_rng(experiment.seed).permutation(len(rows))[:num_validation]]
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
        self.evaluations.append(replace(evaluation, validation=self._score(self._validation)))
        self.held_out.append(self._score(self._held_out).error)

    def _score(self, batches: list[Any]) -> Score:
        parts = self.run.parts
        return worked_off(score(parts.model, batches, parts.plain_loss, parts.target_spread))


def relatives(experiment: Experiment) -> dict[str, Experiment]:
    """What differs from a run in one thing."""
    rate = experiment.optimizer.lr
    net = experiment.architecture
    larger = {"hidden_layers": max(2, net.hidden_layers), "width": max(64, 4 * net.width)}
    return {
        "slower": experiment.replace(optimizer=experiment.optimizer.model_copy(update={"lr": rate / 10})),
        "faster": experiment.replace(optimizer=experiment.optimizer.model_copy(update={"lr": rate * 10})),
        "adam": experiment.replace(optimizer=Adam(lr=0.01)),
        "longer": experiment.replace(epochs=4 * experiment.epochs),
        "larger": experiment.replace(architecture=net.model_copy(update=larger), regularizers=()),
    }


def _num_last(values: Sequence[float]) -> int:
    return max(3, len(values) // 10)


def _end(values: Sequence[float]) -> float:
    """What a series ends with: the mean over its last tenth, three values at least."""
    return fmean(values[-_num_last(values) :])


def _ended(seen: Seen) -> list[float] | None:
    """What a run ends with: training loss, training error, held-out error; None where a number was not finite."""
    if seen.run.outcome is None or seen.run.outcome.state != "finished":
        return None
    losses, errors = zip(*((item.train.loss, item.train.error) for item in seen.evaluations), strict=True)
    return [_end(losses), _end(errors), _end(seen.held_out)]


def trained(case: Case) -> dict[str, Any]:
    """All that is to be known of a run: its series, after each epoch, what its relatives end with, and its labels."""
    experiment = Experiment.from_json(case.settings)
    seen = _train(experiment, case.num_validation)
    evaluations, data = seen.evaluations, seen.run.parts.data
    guess = guessing(data)
    if data.task == "classification":
        errors = {"wrong": [[item.train.wrong, item.validation.wrong] for item in evaluations]}
    else:
        errors = {"error": [[item.train.error, item.validation.error] for item in evaluations]}
    run = {
        "settings": case.settings,
        "task": data.task,
        "guess_loss": guess.loss,
        "num": [evaluations[0].train.num, evaluations[0].validation.num, seen.num_held_out],
        "loss": [item.train.loss for item in evaluations],
        **errors,
        "held_out": seen.held_out,
        "ended": _ended(seen),
        "relatives": {
            name: _ended(_train(other, case.num_validation, since=0.8 * other.epochs))
            for name, other in relatives(experiment).items()
        },
    }
    return {**run, "labels": labels(run)}


def _train(experiment: Experiment, num_validation: int | None, since: float = 0.0) -> Seen:
    seen = Seen(experiment, num_validation, since)
    seen.run.train()
    return seen


def labels(run: dict[str, Any]) -> list[str]:
    """What is true of a run when it ends."""
    return [kind for kind, is_true in LABELS.items() if is_true(run)]


def _overfits(run: dict[str, Any]) -> bool:
    if run["ended"] is None:
        return False
    held_out = [median(run["held_out"][max(0, place - 2) : place + 3]) for place in range(len(run["held_out"]))]
    lowest = held_out.index(min(held_out))
    is_over = lowest < len(held_out) - _num_last(held_out)
    rises = _end(held_out) - held_out[lowest] > _unit(run, 0.02, 0.05)
    error = run["error"][lowest][0] if "error" in run else run["wrong"][lowest][0] / run["num"][0]
    falls = run["ended"][LOSS] < run["loss"][lowest] and run["ended"][TRAINING] <= error
    return is_over and rises and falls


def _underfits(run: dict[str, Any]) -> bool:
    ended, less = run["ended"], _unit(run, 0.05, 0.1)
    return ended is not None and any(
        other[TRAINING] < min(0.5 * ended[TRAINING], ended[TRAINING] - less)
        and other[HELD_OUT] < ended[HELD_OUT] - less
        for other in _relatives(run, *run["relatives"])
    )


def _is_on_a_plateau(run: dict[str, Any]) -> bool:
    if run["ended"] is None:
        return False
    loss = run["loss"]
    quarter = max(3, len(loss) // 4)
    stands_still = abs(fmean(loss[-quarter - 2 : -quarter + 1]) - run["ended"][LOSS]) < 0.02 * run["guess_loss"]
    return stands_still and any(
        other[LOSS] < run["ended"][LOSS] - 0.25 * run["guess_loss"]
        for other in _relatives(run, "longer", "faster", "adam")
    )


def _has_too_high_a_rate(run: dict[str, Any]) -> bool:
    if run["ended"] is None:
        return True
    loss = run["ended"][LOSS]
    return any(other[LOSS] < min(0.7 * loss, loss - 0.05 * run["guess_loss"]) for other in _relatives(run, "slower"))


def _diverges(run: dict[str, Any]) -> bool:
    return run["ended"] is None or run["ended"][LOSS] > run["loss"][0]


def _is_noise(run: dict[str, Any]) -> bool:
    if run["ended"] is None:
        return False
    held_out = run["ended"][HELD_OUT]
    beyond = uncertainty_of(held_out, run["num"][1], is_share=run["task"] == "classification")
    return abs(held_out - run["ended"][TRAINING]) < beyond


def _relatives(run: dict[str, Any], *names: str) -> list[list[float]]:
    return [other for name, other in run["relatives"].items() if name in names and other is not None]


def _unit(run: dict[str, Any], share: float, relative: float) -> float:
    return share if run["task"] == "classification" else relative


LABELS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "diverging": _diverges,
    "rate_too_high": _has_too_high_a_rate,
    "overfitting": _overfits,
    "underfitting": _underfits,
    "plateau": _is_on_a_plateau,
    "noise": _is_noise,
}


# -- measured ---------------------------------------------------------------------------------------------------------


def measure() -> list[Figure]:
    """Train all runs anew; the share of what is said that is right and of what is right that is said, in each half."""
    return figures(all_trained())


def all_trained() -> list[dict[str, Any]]:
    """Every run of both halves."""
    return [trained(case) | {"half": half} for half, cases in CASES.items() for case in cases]


def figures(runs: Sequence[dict[str, Any]]) -> list[Figure]:
    """Precision and recall over all kinds, for each half."""
    found = []
    for half in HALVES:
        these = [run for run in runs if run["half"] == half]
        rows = counts(these).values()
        right, said, true = (sum(getattr(row, name) for row in rows) for name in ("right", "said", "true"))
        detail = f"{len(these)} runs, {half} when the rules were chosen; {right} right of {said} said, {true} true"
        found += [
            Figure(f"narrator, precision ({half})", right / said, 0.75, True, "", detail),
            Figure(f"narrator, recall ({half})", right / true, 0.75, True, "", detail),
        ]
    return found


def table(runs: Sequence[dict[str, Any]]) -> str:
    """The counts of each kind in each half, as a Markdown table."""
    lines = ["| kind | half | said | true | right | precision | recall |", "|---|---|---|---|---|---|---|"]
    halves = {half: counts([run for run in runs if run["half"] == half]) for half in HALVES}
    for kind in RULES:
        for half, found in halves.items():
            row = found[kind]
            shares = f"{row.precision:.2f} | {row.recall:.2f}"
            lines.append(f"| {kind} | {half} | {row.said} | {row.true} | {row.right} | {shares} |")
    return "\n".join(lines)


def write(runs: Sequence[dict[str, Any]]) -> None:
    """Write down the runs, with three digits of each number, and put the table into the document."""
    rounded = [_short(run) for run in runs]
    lines = [json.dumps(run | {"labels": labels(run)}, separators=(",", ":")) for run in rounded]
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table(stored_runs())}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.3g}")
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return [_short(one) for one in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    found = all_trained()
    write(found)
    print(*figures(found), sep="\n")
