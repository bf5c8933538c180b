"""The command `surface`: the loss of a stored run's network on a plane, and the run's path on it."""

from __future__ import annotations

import argparse
from collections.abc import Generator, Mapping
from typing import IO, TYPE_CHECKING, Any, TypeVar

from core.cli_training import Answer
from core.landscape.asked import Asked
from core.terminal import Progress, show_fields
from core.text import Text

if TYPE_CHECKING:
    from core.studies.opened import Doing

T = TypeVar("T")


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
