"""The commands `learning-curve` and `capacity`: final errors against the number of samples, or against the network."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

from core.cli_compare import run_to_end
from core.cli_executor import executor_options
from core.cli_training import Answer, read_document, refuse_if_held, set_changes
from core.errors import BadInput
from core.terminal import say
from core.text import Text

if TYPE_CHECKING:
    from core.experiment import Experiment


def curve_options(made: argparse.ArgumentParser, flag: str, help_: str) -> None:
    """What both take besides `--set`; `flag` names what is varied."""
    made.add_argument("experiment", nargs="?", metavar="EXPERIMENT.json", help="a JSON file; - is standard input")
    made.add_argument(flag, dest="vary", metavar="VALUES", help=help_)
    made.add_argument("--seeds", type=int, default=3, metavar="K", help="runs at each point (default: 3)")
    executor_options(made)


def learning_curve(arguments: argparse.Namespace) -> Answer:
    """Final errors against the number of training samples."""
    from core.studies.error_curve import sizes

    return _curve(arguments, lambda base, spec: _spec(*sizes(base), spec))


def capacity(arguments: argparse.Namespace) -> Answer:
    """Final errors against the capacity of the network."""
    from core.studies.error_curve import widths

    return _curve(arguments, lambda base, spec: spec or _spec(*widths(base), None))


def _spec(path: str, usual: str, chosen: str | None) -> str:
    return f"{path}={chosen or usual}"


def _curve(arguments: argparse.Namespace, vary: Callable[[Experiment, str | None], str]) -> Answer:
    document = read_document(arguments, arguments.changes)
    refuse_if_held(arguments)
    from core.experiment import Experiment
    from core.studies.comparison import Comparison
    from core.studies.error_curve import error_curve
    from core.studies.vary import parse_axis
    from core.studies.workbench import Workbench

    document, notes = set_changes(document, arguments.changes)
    base = Experiment.from_json(document)
    spec = vary(base, arguments.vary)
    if len(parse_axis(spec).values) == 1:
        raise BadInput(
            Text("One value gives one point and no curve."),
            Text("{path} is the same in every run.", path=spec.partition("=")[0]),
            Text("Name at least two values, for example log(10,100)x4."),
        )
    comparison = Comparison.of(document, [spec], rates="hand", seeds=arguments.seeds, name=base.name, notes=base.notes)
    comparison.check()
    with Workbench.open(arguments.data, live=False) as bench:
        say(Text("Data folder: {folder}", folder=str(bench.folder.path)))
        begun = time.monotonic()
        study, code = run_to_end(arguments, bench, comparison)
        seconds = time.monotonic() - begun
        points = error_curve(bench.store, comparison, bench.runs_of(study))
        arguments.show = _show
        return {
            "study": study,
            "name": bench.study(study).name,
            "varied": spec.partition("=")[0],
            "curve": [asdict(point) for point in points],
            "seconds": seconds,
            "notes": [str(note) for note in notes],
        }, code


def _show(value: Mapping[str, Any], out: IO[str]) -> None:
    """A line for every point."""
    out.write(f"{value['varied']:>20}  samples  parameters  training error  validation error      gap\n")
    for one in value["curve"]:
        numbers = f"{one['train_error']:>14.4f}  {one['validation_error']:>16.4f}  {one['gap']:>7.4f}"
        facts = f"{one['num_train'] or '–':>7}  {one['num_parameters'] or '–':>10}"
        out.write(f"{one['value']!s:>20}  {facts}  {numbers}\n")
    out.write(f"{value['seconds']:.1f} s\n")
