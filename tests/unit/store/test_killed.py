"""A process killed at any moment: no acknowledged row is lost or doubled, and the database is whole (R1)."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np

from core.store.folder import DataFolder, WriteLock
from core.store.store import Store
from tests.sources import ROOT

# Two runs are trained in turn; each goes on from its newest indexed snapshot and says what is acknowledged.
TRAIN = """
import sys
import numpy as np
from core.store.folder import DataFolder, WriteLock
from core.store.records import Evaluation, SnapshotEntry
from core.store.store import Store

folder = DataFolder.find(sys.argv[1])
with WriteLock.acquire(folder) as lock, Store.open(folder, lock) as store:
    store.mark_interrupted()
    runs = [run.id for run in store.list_runs(actor="local")]
    while len(runs) < 2:
        runs.append(store.create_run(actor="local", experiment={}, fingerprint="", schema_version=1))
    at = {run: max([entry.step for entry in store.snapshots(run)], default=0) for run in runs}
    attempts = {run: store.begin_attempt(run, at[run], "resume", actor="local") for run in runs}
    while True:
        for run in runs:
            store.set_state(run, "running", actor="local")
            first = at[run] + 1
            step = np.arange(first, first + 10)
            store.append_steps(run, attempts[run], {"step": step, "batch/loss": np.sin(step)})
            rows = [Evaluation(int(step[-1]), 0.0, 0.0, {"gap": float(step[-1])})]
            store.append_evaluations(run, attempts[run], rows)
            at[run] = int(step[-1])
            if at[run] % 50 == 0:
                store.record_snapshot(run, SnapshotEntry(at[run], "file", "0" * 64, 1, "epoch", attempts[run]))
            event = store.add_event(run, "set", actor="local", step=at[run], recipe=True)
            if store.flush():
                print(run, at[run], event.id, flush=True)
"""


def test_no_acknowledged_row_is_lost_or_doubled(tmp_path: Path):
    draw = random.Random(0)
    folder = DataFolder(tmp_path / "data")
    for _ in range(5):
        child = subprocess.Popen(
            [sys.executable, "-c", TRAIN, str(folder.path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(draw.randrange(1, 40))]
        child.kill()
        lines += child.stdout.read().splitlines(keepends=True)
        child.stdout.close()
        child.wait(100)
        # The last line may be cut off by the kill.
        acknowledged = [line.split() for line in lines if line.endswith("\n")]
        assert acknowledged
        with closing(sqlite3.connect(folder.database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        with WriteLock.acquire(folder) as lock, Store.open(folder, lock) as store:
            for run in {run for run, _, _ in acknowledged}:
                last = max(int(step) for one, step, _ in acknowledged if one == run)
                series = store.read_steps(run)
                assert series["step"].tolist() == list(range(1, len(series["step"]) + 1))
                assert len(series["step"]) >= last
                assert series["batch/loss"].tobytes() == np.sin(series["step"]).tobytes()
                evaluations = [row.step for row in store.read_evaluations(run)]
                assert evaluations == list(range(10, evaluations[-1] + 1, 10))
                assert evaluations[-1] >= last
                events = [event.id for event in store.events(run)]
                assert len(set(events)) == len(events)
                assert {event for one, _, event in acknowledged if one == run} <= set(events)
                assert all(entry.step <= len(series["step"]) for entry in store.snapshots(run))
            assert store.mark_interrupted()
