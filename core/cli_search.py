"""The command `search`: looks for the settings of an experiment with the lowest validation error."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

from core.cli_compare import LOOK_AGAIN_S, to_end
from core.cli_executor import executor_options, use_workers
from core.cli_training import Answer, named, read_document, refuse_if_held, set_changes
from core.errors import BadInput, CoreError, shown
from core.people import LOCAL
from core.store.ids import LENGTH, is_id
from core.terminal import say, tell
from core.text import Text

if TYPE_CHECKING:
    from core.studies.search.asked import Search
    from core.studies.workbench import Workbench


def search_options(made: argparse.ArgumentParser) -> None:
    """What the command takes besides `--set`."""
    made.add_argument("experiment", nargs="?", metavar="EXPERIMENT.json", help="a JSON file; - is standard input")
    made.add_argument(
        "--vary",
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH=VALUES",
        help="what is chosen: a,b,c or lin(low,high)xN or log(low,high)xN; PATH alone takes its usual range",
    )
    made.add_argument(
        "--sampler",
        choices=("grid", "random", "tpe"),
        default="grid",
        help="every combination, or anywhere between the ends, or there where the best so far lie (default: grid)",
    )
    made.add_argument("--trials", type=int, metavar="N", help="how many (default: the whole grid, else 32)")
    made.add_argument("--folds", type=int, metavar="K", help="the mean error over K folds decides")
    made.add_argument(
        "--pruning",
        choices=("none", "median", "asha"),
        default="none",
        help="end trials that are worse than half of the others, or than the best quarter, after as many epochs",
    )
    executor_options(made)
    made.add_argument("--resume", metavar="SEARCH", help="go on with a stored search that was broken off, by its id")


def search(arguments: argparse.Namespace) -> Answer:
    """Search the settings of the experiment of a file, or go on with a search that was broken off."""
    if arguments.resume and not is_id(arguments.resume):
        raise BadInput(
            Text("{id} is not the id of a search.", id=shown(arguments.resume)),
            Text("An id is {length} lower-case letters and digits.", length=LENGTH),
            Text("Copy it from the first line of what the search has printed."),
        )
    refuse_if_held(arguments)
    asked = None if arguments.resume else _asked(arguments)
    from core.studies.workbench import Workbench

    with Workbench.open(arguments.data, live=False) as bench:
        say(Text("Data folder: {folder}", folder=str(bench.folder.path)))
        study, code = _run_to_end(arguments, bench, asked)
        arguments.show = _show
        return {"study": study, **bench.search_report(study)}, code


def _asked(arguments: argparse.Namespace) -> Search:
    """The search that is asked for; BadInput says what is wrong with it."""
    document = read_document(arguments, arguments.changes, arguments.vary)
    from core.studies.search.asked import Search

    document, _ = set_changes(document, arguments.changes)
    options = {name: getattr(arguments, name) for name in ("sampler", "trials", "pruning", "folds")}
    made = Search.from_json({"base": document, "vary": arguments.vary, **options})
    made.check()
    return made


def _run_to_end(arguments: argparse.Namespace, bench: Workbench, asked: Search | None) -> tuple[str, int]:
    """Start or go on with a search and wait for its end; its id, and the exit code."""

    def begin() -> str:
        executor = use_workers(bench, arguments)
        if asked is not None:
            return bench.start_search(asked, executor=executor)
        if arguments.executor:
            bench.store.add_study_facts(arguments.resume, {"executor": executor}, actor=LOCAL)
        bench.command_search(arguments.resume, "resume")
        return arguments.resume

    def wait(study: str) -> int:
        try:
            bench.wait_search(study, LOOK_AGAIN_S)
        except TimeoutError:
            raise
        except CoreError as error:
            tell(error)
            return error.exit_code
        except Exception as error:
            log = str(bench.folder.logs / "saddlepoint.log")
            say(Text("The search failed: {error}. The traceback stands in {file}.", error=named(error), file=log))
            return 1
        return 0

    def resume(study: str) -> list[Text]:
        return [Text("Continue it with: python -m core search --resume {study}", study=study)]

    return to_end(arguments, bench, begin=begin, wait=wait, doing=bench.runner.searches.doing, resume=resume)


def _show(value: Mapping[str, Any], out: IO[str]) -> None:
    """A line for every trial, best first, then what to choose."""
    trials = sorted(value["trials"], key=lambda trial: (trial["state"] != "complete", trial["validation_error"] or 0.0))
    out.write(f"search {value['study']}\n")
    rows = [("trial", "validation error", "±", "state", "settings")]
    for trial in trials:
        settings = ", ".join(f"{path}={_cell(chosen)}" for path, chosen in trial["settings"].items())
        state = f"{trial['state']}: {trial['why']}" if trial["why"] else trial["state"]
        rows.append(
            (str(trial["number"]), _cell(trial["validation_error"]), _cell(trial["standard_error"]), state, settings)
        )
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        out.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    within = value["one_standard_error"]
    if within is not None:
        out.write(f"within one standard error of the best, the simplest: trial {within['trial']}. {within['why']}\n")
    for note in value["notes"]:
        out.write(f"{note}\n")


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
