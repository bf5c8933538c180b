"""The command `fork`: begin a run as another one was after some update, change something, and train it to its end."""

from __future__ import annotations

import argparse

from core.cli_training import Answer, changes_of, check_test_options, refuse_if_held, stored, trained
from core.terminal import say
from core.text import Text


def fork(arguments: argparse.Namespace) -> Answer:
    """Branch a stored run and wait for the end of the fork; the same report as that of `train`."""
    check_test_options(arguments)
    refuse_if_held(arguments)
    changes = changes_of(arguments)
    from core.people import LOCAL
    from core.studies.workbench import Workbench

    with stored(arguments) as bench:
        parent = bench.store.get_run(arguments.run, actor=LOCAL).id
    with Workbench.open(arguments.data, live=False) as bench:
        say(Text("Data folder: {folder}", folder=str(bench.folder.path)))
        return trained(arguments, bench, lambda: bench.fork(parent, arguments.at, changes, pace="max"))
