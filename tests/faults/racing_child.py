"""A process that runs a comparison and may be killed at any moment, and one that resumes its runs one by one."""

from __future__ import annotations

from multiprocessing.connection import Connection

from core.studies.comparison import Comparison
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from tests.experiments import POINTS
from tests.polling import until

COMPARISON = Comparison.of(POINTS | {"epochs": 150}, ["optimizer=sgd,adam,momentum,rmsprop"], rates="hand")
"""600 updates of each of four runs, as rows of one stack."""


def race(folder: str, pipe: Connection) -> None:
    """Start the comparison and wait for its end; tells its id when it is under way."""
    with Workbench.open(folder) as bench:
        study = bench.start_comparison(COMPARISON, pace="max")
        until(lambda: bench.hub.meta(study_channel(study)).get("step", 0) > 0)
        pipe.send(study)
        bench.wait_comparison(study, 100)


def resume(folder: str, pipe: Connection, runs: list[str]) -> None:
    """Resume runs by themselves and wait for their ends."""
    with Workbench.open(folder) as bench:
        for run in runs:
            bench.resume(run, pace="max")
        for run in runs:
            bench.wait(run, 100)
        pipe.send("over")
