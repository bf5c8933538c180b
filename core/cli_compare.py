"""The command `compare`: runs the variants of an experiment side by side, waits for their ends and reports them."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from core.cli_executor import use_workers
from core.cli_training import INTERRUPTED, Answer, named, read_document, refuse_if_held, set_changes
from core.errors import BadInput, CoreError
from core.strict_json import finite
from core.terminal import Progress, say, tell
from core.text import Text

if TYPE_CHECKING:
    from core.studies.comparison import Comparison
    from core.studies.workbench import Workbench

LOOK_AGAIN_S = 0.2


def compare(arguments: argparse.Namespace) -> Answer:
    """Race the variants of the experiment of a file."""
    document = read_document(arguments, arguments.changes, arguments.vary)
    if not arguments.vary:
        raise BadInput(
            Text("Nothing is varied."),
            Text("A comparison needs at least two variants."),
            Text("Write for example --vary optimizer=sgd,adam."),
        )
    refuse_if_held(arguments)
    from core.experiment import Experiment
    from core.studies.comparison import Comparison
    from core.studies.workbench import Workbench

    document, notes = set_changes(document, arguments.changes)
    base = Experiment.from_json(document)
    comparison = Comparison.of(
        document, arguments.vary, rates=arguments.rates, seeds=arguments.seeds, name=base.name, notes=base.notes
    )
    comparison.check()
    with Workbench.open(arguments.data, live=False) as bench:
        say(Text("Data folder: {folder}", folder=str(bench.folder.path)))
        return _raced(arguments, bench, comparison, notes)


def _raced(arguments: argparse.Namespace, bench: Workbench, comparison: Comparison, notes: list[Text]) -> Answer:
    study, code = run_to_end(arguments, bench, comparison)
    arguments.show = partial(_show, _columns(bench, study))
    return _report(bench, study, notes), code


def run_to_end(arguments: argparse.Namespace, bench: Workbench, comparison: Comparison) -> tuple[str, int]:
    """Start a comparison and wait for its end; its id, and the exit code."""

    def begin() -> str:
        return bench.start_comparison(comparison, pace="max", executor=use_workers(bench, arguments))

    def wait(study: str) -> int:
        bench.wait_comparison(study, LOOK_AGAIN_S)
        return _tell_failures(bench, study)

    def resume(study: str) -> list[Text]:
        return [Text("Continue it with: python -m core resume {run}", run=run.id) for run in bench.runs_of(study)]

    return to_end(arguments, bench, begin=begin, wait=wait, doing=bench.runner.races.doing, resume=resume)


def to_end(
    arguments: argparse.Namespace,
    bench: Workbench,
    *,
    begin: Callable[[], str],
    wait: Callable[[str], int],
    doing: Callable[[str], Text],
    resume: Callable[[str], list[Text]],
) -> tuple[str, int]:
    """Begin a study, wait for its end, say what it is `doing` and, where it is broken off, how to `resume` it.

    `wait` gives the exit code, or a TimeoutError where the end is not there after a moment. The study's id, that code.
    """
    study, code = None, 0
    with Progress(Text("Loading PyTorch")) as progress:
        try:
            study = begin()
            while True:
                try:
                    code = wait(study)
                    break
                except TimeoutError:
                    progress.show(doing(study))
            arguments.interruptions.ignore()
        except KeyboardInterrupt:
            if study is None:
                raise
            say(Text("Interrupted: the state of all runs is being saved."))
            bench.runner.close()
            bench.store.flush()
            for sentence in resume(study):
                say(sentence)
            code = INTERRUPTED
    return study, code


def _tell_failures(bench: Workbench, study: str) -> int:
    """Say why the comparison, or one of its runs, failed; the exit code."""
    runs = bench.runs_of(study)
    errors = [bench.runner.races.error(study), *(bench.runner.error(run.id) for run in runs if run.state == "failed")]
    code = 0
    for error in dict.fromkeys(error for error in errors if error is not None):
        if isinstance(error, CoreError):
            tell(error)
            code = code or error.exit_code
        else:
            say(
                Text(
                    "The comparison failed: {error}. The traceback stands in {file}.",
                    error=named(error),
                    file=str(bench.folder.logs / "saddlepoint.log"),
                )
            )
            code = 1
    return code


# -- what is written -------------------------------------------------------------------------------------------------


def _report(bench: Workbench, study: str, notes: list[Text]) -> dict[str, Any]:
    """The fields of one comparison."""
    from core.studies.comparison import Comparison
    from core.studies.lanes import stored_lanes
    from core.studies.race_columns import json_rows
    from core.studies.race_meta import texts
    from core.studies.race_table import study_table
    from core.studies.report import run_report

    record = bench.study(study)
    comparison = Comparison.from_json(record.document)
    runs = bench.runs_of(study)
    facts = _plain(texts(record.facts))
    table = study_table(bench.store, record, runs)
    lanes = stored_lanes(comparison, runs)
    reports = [run_report(bench.store, run) for run, _ in lanes]
    places = [comparison.variants[lane.variant].name for _, lane in lanes]
    return {
        "study": study,
        "name": record.name,
        "fingerprint": comparison.fingerprint(),
        "comparison": comparison.to_json(),
        "fairness": facts.get("fairness") or {"matched": [], "unmatched": [], "num": 0, "num_updates": 0},
        "search": facts.get("search"),
        "runs": [
            {**report, "variant": variant, "nonfinite": finite(report)[1]}
            for report, variant in zip(reports, places, strict=True)
        ],
        "verdict": facts.get("verdict") or [],
        "target_error": table.target,
        "table": json_rows(table),
        "notes": [*map(str, notes), *facts.get("notes", [])],
        "events": sorted(
            ({"run": report["run"], **event} for report in reports for event in report["events"]),
            key=lambda event: event["utc"],
        ),
    }


def _plain(value: Any) -> Any:
    """A value with every Text written out."""
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _columns(bench: Workbench, study: str) -> Mapping[str, list[Any]]:
    """The table of a comparison for people."""
    from core.studies.race_columns import report_columns
    from core.studies.race_table import study_table

    return report_columns(study_table(bench.store, bench.study(study), bench.runs_of(study)))


def _show(columns: Mapping[str, list[Any]], value: Mapping[str, Any], out: IO[str]) -> None:
    """Fairness, the table, the verdict."""
    fairness = value["fairness"]
    out.write(f"comparison {value['study']}  {value['name']}".rstrip() + "\n")
    out.write(f"fair: {len(fairness['matched'])} of {fairness['num']}\n")
    for item in fairness["unmatched"]:
        out.write(f"  not matched: {item['title']}. {item['why']}\n")
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(columns))]
    for row in rows:
        line = "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
        out.write(f"{line.rstrip()}\n")
    for sentence in [*value["verdict"], *value["notes"]]:
        out.write(f"{sentence}\n")
