"""A training process that is killed at any moment loses nothing that matters: its runs resume to the same bits."""

from __future__ import annotations

import multiprocessing
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.store.folder import DataFolder
from core.store.store import Store
from core.training.checkpoint import read_snapshot, snapshot_path
from tests.experiments import TIMES
from tests.faults import training_child as child

NUM_KILLS = 20

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks processes and kills them"),
    pytest.mark.slow,
]


@dataclass(frozen=True)
class Ended:
    """What is kept of a run, times left out."""

    state: str
    step: int
    weights_sha256: str | None
    tensors: dict[str, bytes]
    series: dict[str, bytes]
    evaluations: list[tuple[int, dict[str, float]]]
    events: list[tuple[int, str, dict[str, Any]]]


def ended(store: Store, run: str) -> Ended:
    record = store.get_run(run, actor="local")
    snapshot = read_snapshot(snapshot_path(store.folder.snapshots(run), record.step), run=run)
    rows = store.read_evaluations(run)
    return Ended(
        record.state,
        record.step,
        record.weights_sha256,
        {name: tensor.numpy().tobytes() for name, tensor in snapshot.tensors.items()},
        {name: column.tobytes() for name, column in store.read_steps(run).items() if name not in TIMES},
        [(row.step, {name: value for name, value in row.values.items() if name not in TIMES}) for row in rows],
        [(event.step, event.kind, dict(event.values)) for event in store.events(run)],
    )


class Processes:
    """Processes forked from one that has everything imported."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.faults.warmed_up"])

    def begin(self, work: Callable[..., None], *arguments: Any) -> tuple[Any, Connection]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(str(self._folder), theirs, *arguments), daemon=True)
        process.start()
        theirs.close()
        return process, ours

    def whole(self, work: Callable[..., None], *arguments: Any) -> list[Any]:
        """A process from its beginning to its end; what it told."""
        process, pipe = self.begin(work, *arguments)
        told = list(messages(pipe))
        process.join(100)
        assert process.exitcode == 0
        return told


def messages(pipe: Connection) -> Any:
    """What a process tells, until it is gone."""
    try:
        while pipe.poll(100):
            yield pipe.recv()
    except EOFError:
        return


@pytest.mark.timeout(300)
def test_runs_killed_at_twenty_moments_end_with_the_bits_of_an_uninterrupted_one(data_folder: Path):
    rng = random.Random(3)
    processes = Processes(data_folder)
    process, pipe = processes.begin(child.train, "nowhere")
    told = messages(pipe)
    [*whole] = next(told)
    begun = time.monotonic()
    assert next(told) == "over"
    whole_s = time.monotonic() - begun
    process.join(100)
    assert process.exitcode == 0

    places = [place for place in child.PLACES if place != "nowhere"]
    killed: list[list[str]] = []
    for number in range(NUM_KILLS):
        place = places[number] if number < len(places) else "nowhere"
        process, pipe = processes.begin(child.train, place)
        assert pipe.poll(100)
        killed.append(pipe.recv())
        # Uniformly from the first moment to the last; a place of its own is reached within the time of a whole run.
        process.join(100 if place != "nowhere" else rng.uniform(0, 1) * whole_s)
        if process.exitcode is None:
            process.kill()
            process.join()
        if place != "nowhere":
            assert process.exitcode == -signal.SIGKILL, f"it was never {place}"

    with Store.open(DataFolder(data_folder)) as store:
        reached = [max((entry.step for entry in store.snapshots(runs[0])), default=0) for runs in killed]
        assert len(set(reached)) > 2, "the moments are spread over the run"
    for first in range(0, NUM_KILLS, 5):
        processes.whole(child.resume, [run for runs in killed[first : first + 5] for run in runs])

    with Store.open(DataFolder(data_folder)) as store:
        expected = [ended(store, run) for run in whole]
        assert {item.state for item in expected} == {"finished"}
        assert expected[0].step == 36
        assert [kind for _, kind, _ in expected[0].events][:2] == ["set", "extend"]
        for number, runs in enumerate(killed):
            for run, want in zip(runs, expected, strict=True):
                assert_equal(ended(store, run), want, f"kill {number}, from snapshot {reached[number]}")


def assert_equal(found: Ended, want: Ended, what: str) -> None:
    assert (found.state, found.step, found.weights_sha256) == (want.state, want.step, want.weights_sha256), what
    assert found.tensors == want.tensors, what
    assert found.events == want.events, what
    assert [step for step, _ in found.evaluations] == [step for step, _ in want.evaluations], what
    assert found.evaluations == want.evaluations, what
    steps = np.frombuffer(found.series["step"], dtype=np.int64)
    np.testing.assert_array_equal(steps, np.arange(1, found.step + 1), err_msg=what)
    assert found.series == want.series, what
