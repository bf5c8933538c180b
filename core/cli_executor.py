"""The options `--executor` and `--workers`: where the runs of a study train."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from core.errors import BadInput
from core.executors.choice import EXECUTORS, LOCAL, RAY, checked_executor
from core.text import Text

if TYPE_CHECKING:
    from core.studies.workbench import Workbench


def executor_options(made: argparse.ArgumentParser, workers: str = "so many runs at once (default: all cores)") -> None:
    """What the commands take that train several runs; `workers` is what N is with Ray."""
    made.add_argument(
        "--executor",
        choices=EXECUTORS,
        help="train in this process, or on the cluster of RAY_ADDRESS, else one on this machine (default: local)",
    )
    made.add_argument("--workers", type=int, metavar="N", help=f"with ray: {workers}")


def use_workers(bench: Workbench, arguments: argparse.Namespace) -> str:
    """The executor that is asked for, with as many workers; BadInput for workers where there are none."""
    if arguments.workers is not None and arguments.executor != RAY:
        raise BadInput(
            Text("--workers has no effect alone."),
            Text("It says how many runs train at once on a cluster."),
            Text("Give --executor ray with it, or leave it out."),
        )
    if arguments.workers is not None and arguments.workers < 1:
        raise BadInput(
            Text("{count} workers are asked for.", count=arguments.workers),
            Text("At least one is needed to train."),
            Text("Use 1 or more, for example the number of cores."),
        )
    name = checked_executor(arguments.executor or LOCAL)
    bench.runner.cluster.workers = arguments.workers
    return name
