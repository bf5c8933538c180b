"""A process that trains three runs while four threads are busy, and that may be killed at a given place."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from core.store.changes import StepRows
from core.store.store import Store
from core.store.writer import Writer
from core.studies.workbench import Workbench
from core.training import checkpoint, job
from core.training.run import Run
from tests.experiments import everything, points
from tests.jobs import four_busy_threads
from tests.polling import until

MAIN = everything(
    optimizer="adam",
    epochs=10,
    evaluate_every=5,
    regularizers=[{"key": "l2", "strength": 1e-3}, "clip_norm", {"key": "early_stopping", "patience": 25}],
)
"""30 updates, 3 an epoch, with an evaluation after every fifth: in the midst of epochs too."""
NEIGHBOURS = (
    everything(optimizer="rmsprop", seed=7, epochs=10, evaluate_every=10),
    points(optimizer="momentum", epochs=10, evaluate_every=10),
)
COMMANDS: tuple[tuple[str, dict[str, Any]], ...] = (("set", {"lr": 0.003}), ("extend", {"epochs": 2}))
"""What the main run is told before its first update: its recipe."""


def evaluate_in_small_pieces() -> None:
    """Let every evaluation take many turns, as that of a large network does."""
    built = Run.__init__

    def build(self: Run, *arguments: Any, **options: Any) -> None:
        built(self, *arguments, **options)
        self.parts.piece_size = 64

    Run.__init__ = build  # type: ignore[method-assign]


def die() -> None:
    """Be gone without a word, as after a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


def train(folder: str, pipe: Connection, place: str) -> None:
    """Start three runs and wait for their end, or die at `place` before; tells the ids through the pipe."""
    evaluate_in_small_pieces()
    job.POWER_SNAPSHOT_S = 0.0  # So that those who are killed stand at many of them.
    PLACES[place]()
    with Workbench.open(folder) as bench, four_busy_threads():
        runs = [bench.start(MAIN, pace="max", paused=True)]
        for kind, values in COMMANDS:
            bench.command(runs[0], kind, values)
        until(lambda: len(bench.store.events(runs[0])) == len(COMMANDS), within_s=60)
        runs += [bench.start(neighbour, pace="max") for neighbour in NEIGHBOURS]
        pipe.send(runs)
        bench.command(runs[0], "start")
        for run in runs:
            bench.wait(run, 100)
        pipe.send("over")


def resume(folder: str, pipe: Connection, runs: list[str]) -> None:
    """Resume runs and wait for their end."""
    evaluate_in_small_pieces()
    with Workbench.open(folder) as bench, four_busy_threads():
        for run in runs:
            bench.resume(run, pace="max")
        for run in runs:
            bench.wait(run, 100)
        pipe.send("over")


# -- places to die at -------------------------------------------------------------------------------------------------


def _nowhere() -> None:
    """The parent decides."""


def _is_main(run: Run) -> bool:
    return run.experiment == MAIN


def _before_the_first_update() -> None:
    real = Run.step

    def step(self: Run) -> None:
        if _is_main(self):
            die()
        real(self)

    Run.step = step  # type: ignore[method-assign]


def _within_an_epoch() -> None:
    real = Run.step

    def step(self: Run) -> None:
        real(self)
        if _is_main(self) and self.step_count == 23:
            die()

    Run.step = step  # type: ignore[method-assign]


def _within_an_evaluation() -> None:
    real = Run._evaluation_piece

    def piece(self: Run) -> None:
        real(self)
        if _is_main(self) and self.step_count == 25 and self.is_evaluating:
            die()

    Run._evaluation_piece = piece  # type: ignore[method-assign]


def _while_a_snapshot_is_written() -> None:
    class Os:
        """The operating system, which dies at the ninth flush of a file."""

        num_flushes = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def fsync(self, descriptor: int) -> None:
            self.num_flushes += 1
            if self.num_flushes == 9:
                die()
            os.fsync(descriptor)

    checkpoint.os = Os()  # type: ignore[attr-defined]


def _between_a_snapshot_and_its_place_in_the_index() -> None:
    real = Store.record_snapshot

    def record(self: Store, run: str, entry: Any, *others: Any, **how: Any) -> bool:
        if entry.step >= 16:
            die()
        return real(self, run, entry, *others, **how)

    Store.record_snapshot = record  # type: ignore[method-assign]


def _within_a_transaction() -> None:
    real = Writer._commit

    def commit(self: Writer, batch: list[Any]) -> None:
        rows = next((operation for operation in batch if isinstance(operation, StepRows)), None)
        if rows is not None:
            acts = rows.act

            def act(connection: Any) -> Any:
                acts(connection)
                die()

            rows.act = act
        real(self, batch)

    Writer._commit = commit  # type: ignore[method-assign]


PLACES: dict[str, Callable[[], None]] = {
    "nowhere": _nowhere,
    "before the first update": _before_the_first_update,
    "within an epoch": _within_an_epoch,
    "within an evaluation": _within_an_evaluation,
    "while a snapshot is written": _while_a_snapshot_is_written,
    "between a snapshot and its place in the index": _between_a_snapshot_and_its_place_in_the_index,
    "within a transaction": _within_a_transaction,
}
