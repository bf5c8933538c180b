"""A worker without a cluster: what it tells is what a run here does, and what it is told it obeys."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.catalog.datasets.dataset import Samples
from core.errors import CoreError
from core.executors.outbox import Outbox
from core.executors.worker import LaneSink, Travelling, Worker
from core.text import Text
from core.training.command import Command
from core.training.job import TrainingJob
from core.training.ledger import Fed
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.experiments import points

NO_SAMPLES: Any = None


@dataclass(frozen=True)
class Order:
    """A run of points in a folder; `error` comes instead of it."""

    folder: Path
    hashes: bool = True
    fed: Fed | None = None
    error: Exception | None = None
    processes: int = 1

    def built(self, samples: Samples) -> Run:
        if self.error is not None:
            raise self.error
        return Run(points(), self.folder)

    def job(self, samples: Samples, outbox: Outbox, sink: LaneSink, wake: Callable[[], None]) -> TrainingJob:
        prepared: Future[None] = Future()
        prepared.set_result(None)
        return TrainingJob(
            prepared, lambda: self.built(samples), [sink], Travelling(outbox.to("snapshots"), sink), wake
        )


def told_by(worker: Worker, order: Order, *commands: Command) -> list[tuple[str, str, tuple[Any, ...]]]:
    news = worker.train("run", order, NO_SAMPLES, commands)
    return [(told.target, told.method, told.arguments) for batch in news for told in batch]


def last(told: list[tuple[str, str, tuple[Any, ...]]], method: str) -> tuple[Any, ...]:
    return next(arguments for _, name, arguments in reversed(told) if name == method)


def test_it_trains_one_run_after_another_and_tells_where_they_stand(tmp_path: Path):
    worker = Worker()
    for _ in range(2):
        told = told_by(worker, Order(tmp_path))
        [standing] = last(told, "stands")
        assert (standing.step, standing.total_steps, standing.fed.num_fed) == (16, 16, 16)
        assert last(told, "ended")[0].state == "finished"
        assert len([name for _, name, _ in told if name == "evaluated"]) == len(
            Run(points(), tmp_path).train().evaluations
        )


def test_its_last_snapshot_has_the_weights_of_a_run_here(tmp_path: Path):
    told = told_by(Worker(), Order(tmp_path))
    step, kind, tensors, position = last(told, "save")
    assert (step, kind) == (16, "end")
    assert position["fed"] == last(told, "stands")[0].fed.to_json()
    again = Run(points(), tmp_path)
    again.load_state(tensors, position)
    assert weights_sha256(again.parts.model) == weights_sha256(Run(points(), tmp_path).train().parts.model)


def test_what_it_was_told_before_it_began_it_obeys_first(tmp_path: Path):
    told = told_by(Worker(), Order(tmp_path), Command("stop"))
    assert last(told, "ended")[0].state == "stopped"
    assert last(told, "heard") == (Command("stop"),)


@pytest.mark.parametrize("error", [CoreError(Text("a"), Text("b"), Text("c")), ValueError("a b c")])
def test_what_fails_there_is_told_here(tmp_path: Path, error: Exception):
    outcome, found = last(told_by(Worker(), Order(tmp_path, error=error)), "ended")
    assert outcome.state == "failed"
    assert "a b c" in str(found)
    assert isinstance(found, type(error) if isinstance(error, CoreError) else RuntimeError)
