"""The command `curvature`: how the loss of a stored run bends after one of its updates."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import IO, Any

from core.cli_surface import told
from core.cli_training import Answer
from core.terminal import Progress, show_fields
from core.text import Text


def curvature(arguments: argparse.Namespace) -> Answer:
    """The ends of the Hessian's spectrum with their error bound, the spectrum, and the norm of the gradient."""
    from core.people import LOCAL
    from core.studies.workbench import Workbench

    with Progress(Text("Loading PyTorch")) as progress, Workbench.reading(arguments.data) as bench:
        record = bench.store.get_run(arguments.run, actor=LOCAL)
        from core.studies.network_curvature import network_curvature

        found = told(network_curvature(bench.store, bench.folder, record, arguments.step, arguments.samples), progress)
    arguments.show = _show
    return found.to_json(), 0


def _show(value: Mapping[str, Any], out: IO[str]) -> None:
    """The numbers, a line each; the spectrum is for programs."""
    show_fields({name: item for name, item in value.items() if name != "spectrum"}, out)
