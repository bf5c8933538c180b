"""The commands `train` and `resume`: they begin or continue a run, wait for its end and report it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from core.cli_executor import use_workers
from core.errors import BadInput, CoreError
from core.executors.choice import RAY
from core.json_input import read_json_file, read_value
from core.store.folder import DataFolder, WriteLock
from core.terminal import Progress, say, show_fields, tell
from core.text import Text

if TYPE_CHECKING:
    from core.store.records import RunRecord
    from core.studies.workbench import Workbench

INTERRUPTED = 130
LEAST_PROCESSES = 2
"""So many share a run on a cluster, where nobody says how many."""

Answer = tuple[Any, int]
"""The value that a command writes, and its exit code."""


def named(error: BaseException | None) -> str:
    """An exception's class and what it says, in short."""
    return f"{type(error).__name__}: {error}"[:300]


def train(arguments: argparse.Namespace) -> Answer:
    """Train the experiment of a file."""
    check_test_options(arguments)
    document = read_document(arguments, arguments.changes)
    refuse_if_held(arguments)
    from core.compatibility import check
    from core.experiment import Experiment
    from core.studies.workbench import Workbench

    document, notes = set_changes(document, arguments.changes)
    experiment = Experiment.from_json(document)
    check(experiment)
    with Workbench.open(arguments.data, live=False) as bench:
        say(Text("Data folder: {folder}", folder=str(bench.folder.path)))
        if use_workers(bench, arguments) == RAY:
            processes = arguments.workers or LEAST_PROCESSES
            bench.connect_cluster()
            return trained(arguments, bench, lambda: bench.start_shared(experiment, processes, notes=notes))
        return trained(arguments, bench, lambda: bench.start(experiment, pace="max", notes=notes))


def resume(arguments: argparse.Namespace) -> Answer:
    """Continue a run that was broken off; the stored answer of one that is over."""
    from core.people import LOCAL
    from core.studies.report import run_report
    from core.studies.workbench import Workbench

    check_test_options(arguments)
    with stored(arguments) as bench:
        record = bench.store.get_run(arguments.run, actor=LOCAL)
        over = record.state in ("finished", "diverged")
        if over and not arguments.evaluate_test:
            arguments.show = show_fields
            return run_report(bench.store, record), 0
    with Workbench.open(arguments.data, live=False) as bench:
        say(Text("Data folder: {folder}", folder=str(bench.folder.path)))
        begin = (lambda: record.id) if over else (lambda: bench.resume(record.id, pace="max"))
        return trained(arguments, bench, begin)


def stored(arguments: argparse.Namespace) -> Workbench:
    """A workbench that only reads, for a command that writes afterwards: an older database is brought up to date."""
    from core.store.migrations import OlderForm
    from core.studies.workbench import Workbench

    try:
        bench = Workbench.reading(arguments.data)
        bench.runs()
    except OlderForm:
        Workbench.open(arguments.data, live=False).close()
        bench = Workbench.reading(arguments.data)
    return bench


def trained(arguments: argparse.Namespace, bench: Workbench, begin: Callable[[], str]) -> Answer:
    """Begin or continue a run, wait for its end, look at the test set where asked; its report and the exit code."""
    from core.people import LOCAL
    from core.store.records import STATE_NAMES
    from core.studies.report import run_report

    arguments.show = show_fields
    run, code = None, 0
    with Progress(Text("Loading PyTorch")) as progress:
        try:
            with arguments.interruptions.held():
                run = begin()
            record = _wait(bench, run, progress)
            if record.state == "failed":
                code = _tell_failure(bench, run)
            elif record.active:
                raise CoreError(
                    Text("The end of run {run} could not be stored.", run=run),
                    bench.store.delay or Text("It still counts as {state}.", state=STATE_NAMES[record.state]),
                    Text("Free some room on the disk, then resume it."),
                )
            elif arguments.evaluate_test:
                progress.show(Text("Looking at the test set"))
                code = _look(bench, run, insist=arguments.contaminate)
            arguments.interruptions.ignore()
        except KeyboardInterrupt:
            if run is None:
                raise
            say(Text("Interrupted: the state is being saved."))
            bench.runner.close()
            bench.store.flush()
            say(Text("Continue it with: python -m core resume {run}", run=run))
            code = INTERRUPTED
    return run_report(bench.store, bench.store.get_run(run, actor=LOCAL)), code


def _look(bench: Workbench, run: str, *, insist: bool) -> int:
    """Look at the test set; the exit code. A refusal is told, the answer of the training stands."""
    try:
        bench.evaluate_test(run, insist=insist)
    except CoreError as error:
        tell(error)
        return error.exit_code
    return 0


def _wait(bench: Workbench, run: str, progress: Progress) -> RunRecord:
    """Wait for the end of a run and show how far it is."""
    while True:
        try:
            return bench.wait(run, 0.2)
        except TimeoutError:
            progress.show(bench.runner.doing(run))


def _tell_failure(bench: Workbench, run: str) -> int:
    """Say why a run failed; the exit code."""
    error = bench.runner.error(run)
    if isinstance(error, CoreError):
        tell(error)
        return error.exit_code
    say(
        Text(
            "Run {run} failed: {error}. The traceback stands in {file}.",
            run=run,
            error=named(error),
            file=str(bench.folder.logs / "saddlepoint.log"),
        )
    )
    return 1


# -- what is asked for -----------------------------------------------------------------------------------------------


def refuse_if_held(arguments: argparse.Namespace) -> None:
    """Refused when another process writes the data folder: said before the catalogue and the database are loaded."""
    folder = DataFolder.find(arguments.data)
    if WriteLock.file(folder).exists():
        WriteLock.acquire(folder, timeout_s=0.3).release()


def _written(changes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Path and value of every --set, as typed."""
    for change in changes:
        path, equals, value = change.partition("=")
        if not equals:
            raise BadInput(
                Text("“{change}” changes nothing.", change=change[:200]),
                Text("A change has the form PATH=VALUE."),
                Text("Write for example --set optimizer.lr=0.01."),
            )
        yield path, value


def set_changes(document: Any, changes: Iterable[str]) -> tuple[Any, list[Text]]:
    """The document after every --set, and notes about what they did beside what was asked."""
    from core.set_path import set_path

    notes: list[Text] = []
    for path, value in _written(changes):
        document, more = set_path(document, path, value, keep_defaults=True)
        notes += more
    return document, notes


def changes_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """The values of all --set by their paths: JSON where it is JSON, else text."""
    return {path: read_value(value) for path, value in _written(arguments.changes)}


def check_test_options(arguments: argparse.Namespace) -> None:
    if arguments.contaminate and not arguments.evaluate_test:
        raise BadInput(
            Text("--contaminate has no effect alone."),
            Text("It insists on a look at the test set, which --evaluate-test asks for."),
            Text("Give both, or neither."),
        )


def read_document(arguments: argparse.Namespace, *lists: list[str]) -> Any:
    """The JSON value of the experiment's file. `lists` are options of the form PATH=VALUE that take several."""
    # `--set A=1 FILE`: the file's name was taken for a change.
    for changes in lists:
        names = [change for change in changes if "=" not in change]
        if arguments.experiment is None and len(names) == 1:
            arguments.experiment = names[0]
            changes.remove(names[0])
    if arguments.experiment is None:
        raise BadInput(
            Text("No experiment is named."),
            Text("The command “{command}” reads it from a JSON file.", command=arguments.command.__name__),
            Text("Name a file, or write - and give it on standard input; {empty} is the default.", empty="{}"),
        )
    return read_json_file(arguments.experiment)
