"""Epoch evaluation against a plain `no_grad` loop over the same samples with the same network and weights.

The plain loop has the data scaled and resident, takes a batch by one `index_select`, uses a stock `nn.Sequential` and
reads loss and count back after every batch. It is timed with the run's batch size and with the pieces that our
evaluation takes; the faster one counts. Before timing, both must find the same losses and the same number of wrong
answers.

A second pair of figures is of races: rows of a stack that are measured in one go, against the same rows measured one
after the other as solo runs are. They too must have found the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bench.calibration import load
from bench.figure import Figure, alternate, quarter
from bench.stacked import DIGITS, OPTIMIZERS, stacked_runs
from bench.steps import CASES, Case, state
from core.experiment import Experiment
from core.training.device import use_threads
from core.training.evaluation import Score, score
from core.training.run import Run
from core.training.stacked import Stack

BAR = 1.05
ROUNDS = 41
"""Timed evaluations of each side."""
RACES = 9
"""Timed races of each side."""
Found = list[tuple[float, int]]


def ours(run: Run) -> Callable[[], Found]:
    """Training and validation loss and wrong answers, as a run measures them."""
    parts = run.parts

    def finished(pieces: Generator[None, None, Score]) -> Score:
        while True:
            try:
                next(pieces)
            except StopIteration as done:
                return done.value

    def evaluate() -> Found:
        found = []
        for batches in parts.evaluated:
            result = finished(score(parts.model, batches, parts.plain_loss, parts.target_spread))
            assert result.wrong is not None
            found.append((result.loss, result.wrong))
        return found

    return evaluate


def plain(case: Case, run: Run, size: int) -> Callable[[], Found]:
    """The same in stock PyTorch, in batches of `size`."""
    data = run.parts.data
    network = case.network()
    if run.conditions.memory_format == "channels_last":
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for mine, theirs in zip(state(run.parts.model), state(network), strict=True):
        theirs.copy_(mine)
    inputs, targets = run.parts.feed.scaled(data.inputs), data.targets

    def evaluate() -> Found:
        return [of_split(data.splits.evaluation), of_split(data.splits.validation)]

    def of_split(split: Tensor) -> tuple[float, int]:
        total, wrong = 0.0, 0
        network.eval()
        with torch.no_grad():
            for rows in split.split(size):
                truth = targets.index_select(0, rows)
                output = network(inputs.index_select(0, rows))
                total += cross_entropy(output, truth, reduction="sum").item()
                wrong += int((output.argmax(1) != truth).sum().item())
        network.train()
        return total / len(split), wrong

    return evaluate


def assert_same(a: Found, b: Found) -> None:
    """The same losses (up to the order of the sums) and exactly the same number of wrong answers."""
    for (loss, wrong), (other_loss, other_wrong) in zip(a, b, strict=True):
        assert math.isclose(loss, other_loss, rel_tol=1e-5), (loss, other_loss)
        assert wrong == other_wrong, (wrong, other_wrong)


def race(folder: Path, *, in_one_go: bool) -> tuple[float, float, Found]:
    """A race of eight optimizers on the digits MLP with errors every 10 updates.

    Seconds of the whole race and of its evaluations, and what these have found.
    """
    experiments = DIGITS.experiments(min(8, len(OPTIMIZERS)), epochs=6, evaluate_every=10)
    runs = stacked_runs(experiments, folder)
    for run in runs:
        if not in_one_go:
            run.parts.row_losses = None
    stack = Stack(runs)
    start = time.perf_counter()
    while going := [run for run in runs if not run.is_over]:
        due = [run for run in going if not run.update_is_next]
        for place, run in enumerate(due):
            stack.evaluate(run, due[place + 1 :])
            run.piece()
        if not due:
            stack.step(going)
    whole = time.perf_counter() - start
    found = [(item.validation.loss, item.validation.wrong or 0) for run in runs for item in run.evaluations]
    return whole, sum(run.evaluation_s for run in runs), found


def races(folder: Path) -> list[Figure]:
    """How many times as fast a race is whose rows are measured in one go, and its evaluations."""
    spent: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    assert_same(race(folder, in_one_go=True)[2], race(folder, in_one_go=False)[2])
    for _ in range(RACES):
        for in_one_go, seconds in spent.items():
            seconds.append(race(folder, in_one_go=in_one_go)[:2])
    figures = []
    for place, (name, bar) in enumerate([("race", 1.1), ("its evaluations", 1.5)]):
        ours, theirs = (median(each[place] for each in spent[in_one_go]) for in_one_go in (True, False))
        detail = f"{1e3 * ours:.0f} against {1e3 * theirs:.0f} ms, medians of {RACES} in turn; {load()}"
        name = f"8 rows measured in one go, {name}"
        figures.append(Figure(name, theirs / ours, bar, True, "of one by one", detail))
    return figures


def measure() -> list[Figure]:
    """One ratio a network: our time ÷ the plain loop's; and the gains of races."""
    figures = []
    with TemporaryDirectory() as folder:
        for case in CASES[:2]:
            run = Run(Experiment.from_json({**case.experiment, "epochs": 1}), Path(folder)).train()
            use_threads(run.conditions.threads)
            compared = []
            for size in {run.experiment.batch_size, run.parts.piece_size}:
                assert_same(ours(run)(), plain(case, run, size)())
                mine, theirs = alternate(ours(run), plain(case, run, size), rounds=ROUNDS)
                compared.append((quarter(theirs), quarter(mine), size))
            theirs_s, mine_s, size = min(compared)
            detail = (
                f"{1e3 * mine_s:.2f} ms ÷ {1e3 * theirs_s:.2f} ms (batches of {size}), "
                f"25 % quantiles of {ROUNDS}; {load()}"
            )
            figures.append(Figure(f"evaluation, {case.name}", mine_s / theirs_s, BAR, False, "× its time", detail))
        return [*figures, *races(Path(folder))]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
