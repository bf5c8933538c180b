"""Runs as jobs of a compute thread in tests, and threads that keep the machine busy beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.catalog.registry import entries, parse
from core.experiment import Experiment
from core.training.augmentation_preview import preview
from core.training.command import Command
from core.training.compute import Compute
from core.training.job import TrainingJob
from core.training.run import Run
from tests.experiments import Diary


class Kept:
    """Takes states and remembers when and why."""

    is_busy = False

    def __init__(self) -> None:
        self.taken: list[tuple[int, str]] = []

    def save(self, step: int, kind: str, tensors: Any, position: Any) -> None:
        self.taken.append((step, kind))


class SinkDiary(Diary):
    """A run's sink that keeps all it hears."""

    def __init__(self) -> None:
        super().__init__()
        self.states: list[str] = []
        self.outcome: Any = None
        self.applied_at: list[tuple[Command, int, Any]] = []

    def state(self, state: str, run: Any, outcome: Any) -> None:
        self.states.append(state)
        self.outcome = outcome

    def block(self, run: Run, block: Any) -> None:
        self.on_block(block)

    def evaluation(self, run: Run, evaluation: Any) -> None:
        self.on_evaluation(evaluation)

    def event(self, run: Run, event: Any, actor: str) -> None:
        self.on_event(event)

    def applied(self, command: Command, step: int, problem: Any) -> None:
        self.applied_at.append((command, step, problem))

    def progress(self, run: Run, pace: str, seconds_left: float | None) -> None:
        """Not kept."""


@contextmanager
def computing() -> Iterator[Compute]:
    """A compute thread at work."""
    compute = Compute()
    compute.start()
    try:
        yield compute
    finally:
        compute.close()


def ready() -> Future[None]:
    """Data that are there."""
    future: Future[None] = Future()
    future.set_result(None)
    return future


def submitted(
    compute: Compute,
    experiment: Experiment,
    folder: Path,
    *,
    build: Callable[[], Run] | None = None,
    data: Future[Any] | None = None,
    snapshots: Any = None,
    **options: Any,
) -> tuple[TrainingJob, SinkDiary]:
    """A run of the experiment as a job that has been submitted, and its diary."""
    sink = SinkDiary()
    made = build or (lambda: Run(experiment, folder))
    job = TrainingJob(data or ready(), made, [sink], snapshots or Kept(), compute.wake, **options)
    compute.submit(job)
    return job, sink


def ended(job: TrainingJob, sink: SinkDiary) -> tuple[Run, Diary]:
    """Wait for the end of a job; its run and diary."""
    assert job.over.wait(100)
    assert job.run is not None
    return job.run, sink


@contextmanager
def four_busy_threads() -> Iterator[None]:
    """Two build layers, one of them with the default generator; two preview augmentations and draw first values."""
    is_over, errors = threading.Event(), []
    chosen = [entries("augmentations")[key]() for key in ("shift", "noise", "rotate")]

    def with_the_default_generator() -> None:
        nn.Sequential(nn.Linear(20, 20), nn.Dropout(0.5), nn.Conv2d(1, 2, 3)).train()(torch.rand(2, 1, 22, 20))

    def on_meta() -> None:
        parse("architectures", "mlp").build((8,), 3)  # type: ignore[attr-defined]

    def previewing() -> None:
        preview(chosen, torch.rand((4, 1, 8, 8), generator=torch.Generator().manual_seed(1)), seed=3)

    def drawing() -> None:
        nn.init.normal_(torch.empty(50, 50), generator=torch.Generator().manual_seed(2))

    def again_and_again(work: Callable[[], object]) -> None:
        try:
            while not is_over.wait(0.01):  # a moment for the thread that computes: there is one lock for all
                work()
        except Exception as error:
            errors.append(error)

    work = (with_the_default_generator, on_meta, previewing, drawing)
    threads = [threading.Thread(target=again_and_again, args=(item,)) for item in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert not errors
