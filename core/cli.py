"""The command line: the services of the pages for scripts, tests and clusters. `python -m core --help`.

Stdout carries the answer alone: with `--json` one line with one JSON value, otherwise a table. Progress, warnings and
errors go to stderr. Exit codes: 0 answered, 1 our own failure, 2 bad input, 3 refused, 130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from core.cli_compare import compare
from core.cli_curvature import curvature
from core.cli_curves import capacity, curve_options, learning_curve
from core.cli_data import data, deal
from core.cli_executor import executor_options
from core.cli_faults import reveal, seal
from core.cli_fork import fork
from core.cli_kfold import kfold
from core.cli_race import race
from core.cli_search import search, search_options
from core.cli_surface import surface, surface_options
from core.cli_training import INTERRUPTED, Answer, named, resume, train
from core.errors import BadInput, CoreError
from core.log_file import log_to
from core.store.folder import DataFolder
from core.strict_json import finite
from core.terminal import Interruptions, Progress, show_fields, show_runs, tell
from core.text import Text

if TYPE_CHECKING:
    from core.store.records import RunRecord
    from core.store.store import Store


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if argv is None else list(argv)
    arguments = argparse.Namespace(json="--json" in words, data=None, show=None)
    own: list[str] = []
    with Interruptions() as interruptions:
        try:
            _parser().parse_args(words, arguments)
            own += _know_own_data(arguments)
            with redirect_stdout(sys.stderr), log_to(_logs(arguments)):
                arguments.interruptions = interruptions
                value, code = arguments.command(arguments)
        except CoreError as error:
            if error.exit_code == CoreError.exit_code:
                _log(error, _logs(arguments))
            value, code = _told(error), error.exit_code
        except KeyboardInterrupt:
            interrupted = CoreError(
                Text("Interrupted."), Text("The command was ended from outside."), Text("Start it again.")
            )
            value, code = _told(interrupted), INTERRUPTED
        except Exception as error:
            value, code = _told(_our_failure(error, _logs(arguments))), 1
        interruptions.ignore()
        _write(value, arguments)
    if own:
        from core.catalog.datasets.own import forget_own

        forget_own(own)
    return code


def _know_own_data(arguments: argparse.Namespace) -> list[str]:
    """Make the data that were brought into the data folder choosable, before an experiment is read; their keys."""
    folder = DataFolder.find(arguments.data)
    if not folder.own_data.is_dir():
        return []
    from core.catalog.datasets.own import register_own

    return register_own(folder.path)


# -- what is typed ---------------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are ours."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(
            Text("The command cannot be read: {problem}.", problem=message),
            Text("It is written as: {usage}", usage=" ".join(self.format_usage().split()).removeprefix("usage: ")),
            Text("Type “{command} --help” for what it takes.", command=self.prog),
        )


def _parser() -> _Parser:
    everywhere = _Parser(add_help=False)
    everywhere.add_argument("--data", metavar="DIR", default=argparse.SUPPRESS, help="the data folder")
    everywhere.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="write one line with one JSON value"
    )
    test = _Parser(add_help=False)
    test.add_argument("--evaluate-test", action="store_true", help="look at the sealed test set with the final weights")
    test.add_argument("--contaminate", action="store_true", help="look even though other weights were looked at before")
    parser = _Parser(
        prog="python -m core",
        description="Watch networks learn, from a shell.",
        parents=[everywhere],
        allow_abbrev=False,
    )
    parser.set_defaults(command=_no_command)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable[[argparse.Namespace], Answer], words: str, *more: Any) -> _Parser:
        made = commands.add_parser(name, help=words, description=words, parents=[everywhere, *more], allow_abbrev=False)
        made.set_defaults(command=run)
        return made

    def changes(made: _Parser) -> None:
        made.add_argument(
            "--set",
            dest="changes",
            nargs="+",
            action="extend",
            default=[],
            metavar="PATH=VALUE",
            help="change one field, such as optimizer.lr=0.01",
        )

    command("catalog", catalog, "everything that can be chosen")
    brought = command("data", data, "own data: bring a file or a folder, remove a set, or list what there is")
    brought.add_argument(
        "--add", metavar="PATH", help="a zip or folder with a folder of images for each class, an .npz, or a CSV file"
    )
    brought.add_argument("--remove", metavar="KEY", help="the key of a set that no stored run has learned from")
    fresh = command("deal", deal, "deal a fresh test set of a data set, which is used with --set test_seed=NUMBER")
    fresh.add_argument("dataset", metavar="DATASET", help="its key, as in catalog")
    new = command("train", train, "train an experiment", test)
    new.add_argument("experiment", nargs="?", metavar="EXPERIMENT.json", help="a JSON file; - is standard input")
    changes(new)
    executor_options(new, "so many processes share each update (default: 2)")
    side_by_side = command("compare", compare, "race variants of an experiment side by side")
    side_by_side.add_argument("experiment", nargs="?", metavar="BASE.json", help="a JSON file; - is standard input")
    side_by_side.add_argument(
        "--vary",
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH=VALUES",
        help="what differs: a,b,c or lin(low,high)xN or log(low,high)xN; several make the product, the first slowest",
    )
    changes(side_by_side)
    side_by_side.add_argument(
        "--rates",
        choices=("own", "same", "hand"),
        help="learning rates: each its own best of nine, one for all, or as they stand (default: own where optimizers "
        "or batch sizes differ)",
    )
    side_by_side.add_argument(
        "--seeds", type=int, default=1, metavar="K", help="runs of each variant, with paired seeds"
    )
    executor_options(side_by_side)
    folds = command("kfold", kfold, "run an experiment with every fold of its samples, and average its errors")
    folds.add_argument("experiment", nargs="?", metavar="EXPERIMENT.json", help="a JSON file; - is standard input")
    folds.add_argument(
        "--folds",
        type=int,
        default=5,
        metavar="K",
        help="parts of the samples, each of which validates once; as many as samples leaves one out (default: 5)",
    )
    changes(folds)
    executor_options(folds)
    sizes = command("learning-curve", learning_curve, "errors of an experiment against its number of training samples")
    curve_options(sizes, "--sizes", "numbers of training samples: a,b,c or log(low,high)xN (default: six, up to all)")
    changes(sizes)
    widths = command("capacity", capacity, "errors of an experiment against the capacity of its network")
    curve_options(widths, "--vary", "PATH=VALUES of what is made larger (default: the width of an MLP, 1 to 128)")
    changes(widths)
    sought = command("search", search, "look for the settings with the lowest validation error")
    changes(sought)
    search_options(sought)
    paths = command("race", race, "race optimizers on a surface of two numbers")
    paths.add_argument("surface", metavar="SURFACE", help="a key, such as saddle, or a formula in x and y")
    paths.add_argument("--optimizers", default="sgd", metavar="KEYS", help="their keys, with commas between them")
    paths.add_argument("--lr", type=float, help="the learning rate of all that have one")
    paths.add_argument("--start", metavar="X,Y", help="where they begin, as in --start=-5,-2 (default: the surface's)")
    paths.add_argument("--steps", type=int, default=100, metavar="N", help="updates of each (default: 100)")
    paths.add_argument("--noise", type=float, default=0.0, help="spread of the noise on every gradient (default: 0)")
    paths.add_argument("--seed", type=int, default=0, help="the seed of the noise")
    changes(paths)
    ground = command("surface", surface, "the loss around a stored run's network, and the run's path on it")
    surface_options(ground)
    bend = command("curvature", curvature, "how the loss of a stored run bends: the ends of its Hessian's spectrum")
    bend.add_argument("run", metavar="RUN", help="the run's id")
    bend.add_argument("--step", type=int, metavar="N", help="after so many updates (default: all that it has done)")
    bend.add_argument("--samples", type=int, default=512, metavar="N", help="training samples (default: 512)")
    command("runs", runs, "all stored runs, newest last")
    again = command(
        "resume", resume, "continue a run from its latest snapshot, or tell the answer of one that is over", test
    )
    again.add_argument("run", metavar="RUN", help="the run's id")
    branch = command("fork", fork, "begin a run as another one was after an update, with something changed", test)
    branch.add_argument("run", metavar="RUN", help="the id of the run that is left")
    branch.add_argument("--at", required=True, type=int, metavar="STEP", help="after so many updates; 0 is untrained")
    changes(branch)
    kept = command("seal", seal, "a fault as the field “sealed” of an experiment, which does not tell which it is")
    kept.add_argument("fault", metavar="FAULT", help="its key, as in catalog")
    told = command("reveal", reveal, "the fault that is sealed in an experiment")
    told.add_argument("seal", metavar="SEAL", help="the field “sealed” of the experiment")
    out = command("export", export, "write a run's measurements, or the run as plain PyTorch, into a file")
    out.add_argument("run", metavar="RUN", help="the run's id")
    out.add_argument(
        "--to",
        required=True,
        choices=("csv", "parquet", "script", "notebook"),
        help="the kind of file: a table with a row for each update, or code that trains to the same numbers",
    )
    out.add_argument("path", metavar="PATH", help="the file to write")
    return parser


def _no_command(arguments: argparse.Namespace) -> Answer:
    _parser().error("no command is given")


def _logs(arguments: argparse.Namespace) -> Path:
    return DataFolder.find(arguments.data).logs


# -- commands --------------------------------------------------------------------------------------------------------


def catalog(arguments: argparse.Namespace) -> Answer:
    """Every entry by family, with its parameters as JSON schema; and the presets."""
    from core.catalog.presets import presets
    from core.catalog.registry import FAMILIES, entries

    found: dict[str, Any] = {
        family: [
            {"key": key, "title": cls.title, "parameters": cls.model_json_schema()}
            for key, cls in entries(family).items()
        ]
        for family in FAMILIES
    }
    found["presets"] = [
        {"key": key, "title": preset.title, "parameters": {"type": "object", "properties": {}}}
        for key, preset in presets().items()
    ]
    arguments.show = _show_catalog
    return found, 0


def runs(arguments: argparse.Namespace) -> Answer:
    """All stored runs; another process may be at work on them."""
    from core.lessons.answered import as_json, reports
    from core.studies.report import run_report
    from core.studies.workbench import Workbench

    arguments.show = show_runs
    with Progress(Text("Reading the stored runs")), Workbench.reading(arguments.data) as bench:
        return [
            run_report(bench.store, record)
            | {"expected": as_json(reports(bench.store, record, bench.answers_before(record.id)))}
            for record in bench.runs()
        ], 0


def export(arguments: argparse.Namespace) -> Answer:
    """Write the measurements of a run, one row a step, or its experiment as plain PyTorch."""
    from core.people import LOCAL
    from core.studies.workbench import Workbench

    with Progress(Text("Reading the stored runs")), Workbench.reading(arguments.data) as bench:
        record = bench.store.get_run(arguments.run, actor=LOCAL)
        content, sizes = _exported(bench.store, record, arguments.to)
    path = Path(arguments.path)
    _write_file(path, content)
    arguments.show = show_fields
    return {
        "run": record.id,
        "path": str(path.resolve()),
        "format": arguments.to,
        **sizes,
        "num_bytes": len(content),
    }, 0


def _exported(store: Store, record: RunRecord, kind: str) -> tuple[bytes, dict[str, int]]:
    """The content of a file of this kind, and what is told of its size."""
    if kind in ("script", "notebook"):
        from core.exports.script import notebook_bytes, parts_of_run, script_bytes

        parts = parts_of_run(store, record)
        return (script_bytes if kind == "script" else notebook_bytes)(parts), {"num_parts": len(parts)}
    from core.exports.tables import measurement_table

    table = measurement_table(
        store.read_evaluations(record.id),
        store.read_steps(record.id),
        store.events(record.id),
        store.read_curvature(record.id),
    )
    if kind == "csv":
        from core.exports.csv import csv_bytes as to_bytes
    else:
        from core.exports.parquet import parquet_bytes as to_bytes
    return to_bytes(table), {"num_rows": len(table["step"]), "num_columns": len(table)}


def _write_file(path: Path, content: bytes) -> None:
    """Write the whole file, or leave what was there; BadInput where it cannot be written."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        try:
            partial.write_bytes(content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise BadInput(
            Text("{path} cannot be written.", path=str(path)),
            Text("The system says: {reason}.", reason=getattr(error, "strerror", None) or str(error)),
            Text("Name a file in a folder that is there and can be written."),
        ) from None


# -- what is written -------------------------------------------------------------------------------------------------


def _told(error: CoreError) -> dict[str, Any]:
    """The error on stderr, and as JSON."""
    tell(error)
    return {"error": {"what": str(error.what), "why": str(error.why), "fix": str(error.fix)}}


def _our_failure(error: Exception, logs: Path) -> CoreError:
    """Keep the traceback; the reader gets a sentence."""
    return CoreError(
        Text("This program failed: {error}.", error=named(error)),
        Text("That is a fault of the program, not of what was typed."),
        Text("The traceback stands in {file}; please report it.", file=str(_log(error, logs))),
    )


def _log(error: Exception, logs: Path) -> Path:
    """Keep a traceback; returns the file."""
    with log_to(logs) as file:
        logging.getLogger(__name__).error("a command failed", exc_info=error)
    return file


def _write(value: Any, arguments: argparse.Namespace) -> None:
    """The answer on stdout."""
    try:
        if arguments.json:
            if isinstance(value, list):
                value = [_finite(item) for item in value]
            elif "run" in value or "study" in value:
                value = _finite(value)
            json.dump(value, sys.stdout, allow_nan=False, separators=(",", ":"))
            sys.stdout.write("\n")
        elif arguments.show is not None and "error" not in value:
            arguments.show(value, sys.stdout)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads on; Python would complain once more when it closes the stream.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _finite(report: dict[str, Any]) -> dict[str, Any]:
    value, names = finite(report)
    return {**value, "nonfinite": names}


def _show_catalog(value: Mapping[str, Any], out: IO[str]) -> None:
    from core.catalog.registry import FAMILIES, entries

    for family, found in value.items():
        out.write(f"{family}\n")
        for entry in found:
            synonyms = entries(family)[entry["key"]].synonyms if family in FAMILIES else ()
            out.write(f"  {' = '.join((entry['key'], *synonyms)):<24} {entry['title']}\n")
