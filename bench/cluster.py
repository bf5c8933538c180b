"""A study of eight equal CNN runs on a Ray cluster of two workers against one of a single worker, one thread each.

Each cluster first trains the study once for a moment, so that its workers have loaded what they need.
"""

from __future__ import annotations

import time
from itertools import starmap
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import core.catalog  # noqa: F401 - registers every entry
from bench.calibration import load
from bench.figure import Figure
from core.executors.cluster import Cluster
from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.workbench import Workbench

NUM_RUNS = 8
ROUNDS = 2
CNN = {
    "dataset": "digits",
    "architecture": {"key": "cnn", "blocks": [{"channels": 32, "padding": "same"}, {"channels": 32, "pooling": "max"}]},
    "batch_size": 64,
    "evaluate_every": 18,
}
WAIT_S = 300.0


def study(bench: Workbench, epochs: int) -> float:
    """The study from its start to the last of its runs, all finished; seconds."""
    document = {**Experiment.from_json(CNN).to_json(), "epochs": epochs}
    comparison = Comparison.of(document, [f"seed={','.join(map(str, range(NUM_RUNS)))}"], rates="hand")
    begun = time.perf_counter()
    made = bench.start_comparison(comparison, pace="max", executor="ray")
    bench.wait_comparison(made, WAIT_S)
    seconds = time.perf_counter() - begun
    states = [run.state for run in bench.runs_of(made)]
    if states != ["finished"] * NUM_RUNS:
        raise RuntimeError(f"the runs ended as {states}")
    return seconds


def seconds_with(workers: int) -> float:
    """The study on a cluster of its own."""
    with TemporaryDirectory() as place, Workbench.open(place, live=False) as bench:
        bench.runner.cluster = Cluster(Path(place), workers)
        study(bench, epochs=1)
        return study(bench, epochs=10)


def measure() -> list[Figure]:
    """The one figure."""
    rounds = [(seconds_with(1), seconds_with(2)) for _ in range(ROUNDS)]
    one, two = map(median, zip(*rounds, strict=True))
    return [
        Figure(
            "eight equal CNN runs on two workers of a Ray cluster against one",
            median(starmap(lambda alone, pair: alone / pair, rounds)),
            1.5,
            True,
            "times as fast",
            f"{one:.1f} against {two:.1f} s, one thread each, medians of {ROUNDS} in turn; {load()}",
        )
    ]


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
