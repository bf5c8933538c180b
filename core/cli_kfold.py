"""The command `kfold`: runs an experiment once with every fold of its samples and tells the means of its errors."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any

from core.cli_compare import run_to_end
from core.cli_training import Answer, read_document, refuse_if_held, set_changes
from core.terminal import say
from core.text import Text

if TYPE_CHECKING:
    from core.studies.workbench import Workbench


def kfold(arguments: argparse.Namespace) -> Answer:
    """Run the experiment of a file with every fold."""
    document = read_document(arguments, arguments.changes)
    refuse_if_held(arguments)
    from core.experiment import Experiment
    from core.studies.kfold import folded
    from core.studies.workbench import Workbench

    document, notes = set_changes(document, arguments.changes)
    comparison = folded(Experiment.from_json(document), arguments.folds)
    with Workbench.open(arguments.data, live=False) as bench:
        say(Text("Data folder: {folder}", folder=str(bench.folder.path)))
        begun = time.monotonic()
        study, code = run_to_end(arguments, bench, comparison)
        seconds = time.monotonic() - begun
        arguments.show = _show
        return {**_report(bench, study), "seconds": seconds, "notes": [str(note) for note in notes]}, code


def _report(bench: Workbench, study: str) -> dict[str, Any]:
    """What came out of every fold, and the means."""
    from core.studies.comparison import Comparison
    from core.studies.kfold import fold_means, fold_runs

    record = bench.study(study)
    comparison = Comparison.from_json(record.document)
    found = fold_runs(bench.store, comparison, bench.runs_of(study))
    return {
        "study": study,
        "name": record.name,
        "fingerprint": comparison.fingerprint(),
        "folds": [asdict(one) for one in found],
        **asdict(fold_means(comparison, found)),
    }


def _show(value: Mapping[str, Any], out: IO[str]) -> None:
    """A line for every fold, then the means."""
    out.write("fold  training error  validation error  run\n")
    for one in value["folds"]:
        errors = f"{one['train_error']:>14.4f}  {one['validation_error']:>16.4f}"
        out.write(f"{one['fold']:>4}  {errors}  {one['run']}  {one['state']}\n")
    out.write(f"mean  {value['mean_train_error']:>14.4f}  {value['mean_validation_error']:>16.4f}\n")
    out.write(f"std   {value['std_train_error']:>14.4f}  {value['std_validation_error']:>16.4f}\n")
    out.write(f"{value['seconds']:.1f} s\n")
