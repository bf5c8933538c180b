"""Epoch evaluation against a plain `no_grad` loop over the same samples with the same network and weights.

The plain loop has the data scaled and resident, takes a batch by one `index_select`, uses a stock `nn.Sequential` and
reads loss and count back after every batch. It is timed with the run's batch size and with the pieces that our
evaluation takes; the faster one counts. Before timing, both must find the same losses and the same number of wrong
answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from bench.calibration import load
from bench.figure import Figure, alternate, quarter
from bench.steps import CASES, Case, state
from core.experiment import Experiment
from core.training.device import use_threads
from core.training.evaluation import Score, score
from core.training.run import Run

BAR = 1.05
ROUNDS = 41
"""Timed evaluations of each side."""
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


def measure() -> list[Figure]:
    """One ratio a network: our time ÷ the plain loop's."""
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
    return figures


if __name__ == "__main__":
    for figure in measure():
        print(figure)
