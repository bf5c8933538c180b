"""One step's logging against the same metrics through `SummaryWriter`.

Ours: the row that the step loop keeps, its share of the flush to named series, of the live hub and of the store. The
other: `add_scalar` for every metric, called with plain floats (a loop on tensors would have to read them back first).
Both keep everything at full resolution, and both are timed until their rows are on disk; the detail also says what
remains in the loop when their own threads are not waited for. Before timing, both must give back the same numbers.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter

from bench.calibration import load
from bench.figure import Figure
from core.experiment import Experiment
from core.live.hub import Hub
from core.store.folder import DataFolder, WriteLock
from core.store.store import Store
from core.studies.sinks import LiveSink, StoreSink
from core.training.evaluation import Evaluation
from core.training.events import Event
from core.training.recorder import BLOCK_ROWS, StepBlock
from core.training.run import Run

STEPS = 16 * BLOCK_ROWS
"""Steps of one timed turn, as many as a small network takes in half a second."""
ROUNDS = 9
BAR = 10.0
ACTOR = "local"


class Ours:
    """What a run's rows go through: recorder, hub, store."""

    def __init__(self, run: Run, store: Store, hub: Hub) -> None:
        experiment = run.experiment
        self.run = run
        self.id = store.create_run(
            actor=ACTOR,
            experiment=experiment.to_json(),
            fingerprint=experiment.fingerprint(),
            schema_version=experiment.version,
            name="",
            note="",
            answer={},
        )
        attempt = store.begin_attempt(self.id, 0, "start", actor=ACTOR)
        hub.open(self.id, {})
        hub.attempt(self.id, attempt, 0)
        self.store = store
        self.sinks = (StoreSink(store, self.id, attempt, ACTOR), LiveSink(hub, self.id, attempt, [], lambda: None))
        self.blocks: list[StepBlock] = []

    def on_block(self, block: StepBlock) -> None:
        self.blocks.append(block)
        for sink in self.sinks:
            sink.block(self.run, block)

    def on_evaluation(self, evaluation: Evaluation) -> None:
        """Evaluations are not counted."""

    def on_event(self, event: Event) -> None:
        """There are none."""

    def log(self, steps: int) -> None:
        """Record so many rows as the step loop does, with what the instruments have measured at the last step."""
        recorder = self.run.parts.recorder
        for _ in range(steps):
            recorder.end_row(0.001, time.time())
            recorder.note_time(1.0)
            if recorder.is_full:
                block = recorder.flush()
                assert block is not None
                for sink in self.sinks:
                    sink.block(self.run, block)


def log_scalars(writer: SummaryWriter, metrics: dict[str, float], first: int, steps: int) -> None:
    """The same number of steps through TensorBoard's writer."""
    for step in range(first, first + steps):
        for name, value in metrics.items():
            writer.add_scalar(name, value, step)


def assert_same_numbers(ours: Ours, folder: Path) -> dict[str, float]:
    """Train a few blocks, log them both ways, read both back; returns the metrics of one step."""
    run = ours.run
    while run.step_count < 2 * BLOCK_ROWS:
        run.step()
    run.flush()
    assert ours.store.flush()
    with SummaryWriter(str(folder)) as writer:
        for block in ours.blocks:
            for row, step in enumerate(block.steps):
                for name, column in block.columns.items():
                    writer.add_scalar(name, float(column[row]), int(step))
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    stored = ours.store.read_steps(ours.id)
    names = [name for name in stored if name != "step"]
    assert set(names) == set(events.Tags()["scalars"])
    for name in names:
        theirs = np.array([(event.step, event.value) for event in events.Scalars(name)])
        assert np.array_equal(theirs[:, 0], stored["step"]), name
        assert np.array_equal(theirs[:, 1].astype(np.float32), np.asarray(stored[name]).astype(np.float32)), name
    return {name: float(ours.blocks[-1].columns[name][-1]) for name in names}


def measure() -> list[Figure]:
    """One ratio: `SummaryWriter`'s time a step ÷ ours."""
    with TemporaryDirectory() as name:
        root = Path(name)
        folder = DataFolder.find(root / "data")
        lock = WriteLock.acquire(folder)
        try:
            with Store.open(folder, lock) as store:
                run = Run(Experiment.from_json({"epochs": 1000, "evaluate_every": 10**9}), folder.path)
                ours = run.listener = Ours(run, store, Hub())
                metrics = assert_same_numbers(ours, root / "compared")
                figure = compared(ours, metrics, root / "timed")
        finally:
            lock.release()
    return [figure]


def compared(ours: Ours, metrics: dict[str, float], folder: Path) -> Figure:
    """Both in turn."""
    loop_s: tuple[list[float], list[float]] = ([], [])
    whole_s: tuple[list[float], list[float]] = ([], [])
    with SummaryWriter(str(folder)) as writer:
        for turn in range(ROUNDS + 1):
            start = time.perf_counter()
            ours.log(STEPS)
            loop_s[0].append(time.perf_counter() - start)
            assert ours.store.flush()
            whole_s[0].append(time.perf_counter() - start)
            start = time.perf_counter()
            log_scalars(writer, metrics, turn * STEPS, STEPS)
            loop_s[1].append(time.perf_counter() - start)
            writer.flush()
            whole_s[1].append(time.perf_counter() - start)
    mine, theirs = (1e6 * median(times[1:]) / STEPS for times in whole_s)
    mine_loop, theirs_loop = (1e6 * median(times[1:]) / STEPS for times in loop_s)
    detail = (
        f"{theirs:.0f} µs ÷ {mine:.1f} µs a step of {len(metrics)} metrics until on disk; in the loop alone "
        f"{theirs_loop:.0f} ÷ {mine_loop:.1f}; median of {ROUNDS} × {STEPS} steps; {load()}"
    )
    return Figure("one step's logging against SummaryWriter", theirs / mine, BAR, True, "× cheaper", detail)


if __name__ == "__main__":
    for figure in measure():
        print(figure)
