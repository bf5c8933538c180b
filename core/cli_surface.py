"""The command `surface`: the loss of a stored run's network on a plane, and the run's path on it."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Mapping
from typing import IO, TYPE_CHECKING, Any, TypeVar

from core.cli_training import Answer
from core.landscape.asked import BATCH_NORMS, PLANES, Asked
from core.terminal import Progress, show_fields
from core.text import Text

if TYPE_CHECKING:
    from core.studies.opened import Doing

T = TypeVar("T")


def surface_options(made: argparse.ArgumentParser) -> None:
    """What the command takes."""
    made.add_argument("run", metavar="RUN", help="the run's id")
    made.add_argument("--step", type=int, metavar="N", help="after so many updates (default: all that it has done)")
    made.add_argument("--plane", choices=PLANES, default="random", help="which two directions (default: random)")
    made.add_argument("--resolution", type=int, default=33, metavar="N", help="points a side, odd (default: 33)")
    made.add_argument("--samples", type=int, default=512, metavar="N", help="training samples (default: 512)")
    made.add_argument("--seed", type=int, default=0, help="the seed of the sample and of random directions")
    made.add_argument("--penalty", action="store_true", help="add the penalty of the run's regularizers")
    made.add_argument(
        "--batch-norm",
        choices=BATCH_NORMS,
        default="frozen",
        help="statistics of batch normalization: those kept in training, or those of the sample (default: frozen)",
    )


def surface(arguments: argparse.Namespace) -> Answer:
    """The surface around a run after an update; another process may be at work on the run."""
    asked = Asked(
        arguments.plane,
        arguments.resolution,
        arguments.samples,
        arguments.seed,
        arguments.penalty,
        arguments.batch_norm,
    )
    from core.people import LOCAL
    from core.studies.workbench import Workbench

    with Progress(Text("Loading PyTorch")) as progress, Workbench.reading(arguments.data) as bench:
        record = bench.store.get_run(arguments.run, actor=LOCAL)
        from core.studies.landscapes import network_surface

        found = told(network_surface(bench.store, bench.folder, [record], arguments.step, asked), progress)
    arguments.show = _show
    return found.to_json(), 0


def told(work: Generator[Doing, None, T], progress: Progress) -> T:
    """Do work to its end; what it says it is doing stands on stderr."""
    while True:
        try:
            progress.show(next(work).words)
        except StopIteration as end:
            return end.value


def _show(value: Mapping[str, Any], out: IO[str]) -> None:
    losses = [loss for row in value["loss"] for loss in row]
    pictured = ("alpha", "beta", "loss", "path")
    fields = {name: item for name, item in value.items() if name not in pictured}
    show_fields({**fields, "lowest": min(losses), "highest": max(losses), "num_points": len(losses)}, out)
    for point in value["path"]:
        out.write(
            f"update {point['step']:<10,} alpha {point['alpha']:<12.4g} beta {point['beta']:<12.4g} "
            f"loss {point['true_loss']:<12.6g} on the plane {point['surface_loss']:<12.6g} "
            f"off the plane {point['off_plane']:.4g}\n"
        )
