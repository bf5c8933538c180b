"""Snapshots in the background: what stands in the index when, and which files are there."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import torch

from core.store.records import SnapshotEntry
from core.store.store import Store
from core.studies.snapshots import SnapshotWriter
from core.training.checkpoint import read_snapshot, snapshot_path, stored_steps


class Index:
    """A store that notes what it is told of snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder = SimpleNamespace(snapshots=lambda run: folder)
        self.told: list[tuple[int, tuple[int, ...], bool]] = []
        self.forgotten: list[int] = []
        self.num_flushes = 0
        self.is_slow = False

    def record_snapshot(self, run: str, entry: SnapshotEntry, gone: Sequence[int], *, later: bool) -> bool:
        folder = self.folder.snapshots(run)
        assert {entry.step, *gone} <= set(stored_steps(folder)), "files that the index names are there"
        self.told.append((entry.step, tuple(gone), later))
        return not later and not self.is_slow

    def flush(self) -> bool:
        self.num_flushes += 1
        return True

    def forget_snapshots(self, run: str, steps: Sequence[int]) -> bool:
        self.forgotten += steps
        return True


def save(index: Index, *taken: tuple[int, str]) -> None:
    """Take snapshots with a writer of their own, and wait until they are written."""
    with ThreadPoolExecutor(1) as pool:
        writer = SnapshotWriter(cast(Store, index), "run", 1, pool)
        for step, kind in taken:
            writer.save(step, kind, {"weight": torch.full((2, 3), float(step)).T}, cast(dict[str, Any], {"best": None}))
        writer.wait()


def test_the_index_may_wait_unless_somebody_has_asked_or_files_went(tmp_path: Path):
    index = Index(tmp_path)
    save(index, (0, "start"), (8, "power"), (11, "power"), (16, "power"), (20, "epoch"), (22, "pause"), (22, "end"))
    assert index.told == [
        (0, (), True), (8, (), True), (11, (), True), (16, (), True), (20, (11,), False), (22, (), False),
        (22, (), True),
    ]  # fmt: skip
    assert index.num_flushes == 1, "who waits finds the last one in the index"
    assert index.forgotten == [22], "its hash in the index is exchanged before the file is"
    assert stored_steps(tmp_path) == (0, 8, 16, 20, 22)
    assert read_snapshot(snapshot_path(tmp_path, 20), run="run").tensors["weight"].equal(torch.full((3, 2), 20.0))


def test_files_of_an_earlier_attempt_are_known(tmp_path: Path):
    index = Index(tmp_path)
    save(index, (0, "start"), (8, "power"), (11, "end"))
    save(index, (16, "power"), (20, "power"))
    assert index.told[-1] == (20, (11,), False)
    assert stored_steps(tmp_path) == (0, 8, 16, 20)


def test_files_that_the_index_still_names_wait_for_the_next_entry(tmp_path: Path):
    index = Index(tmp_path)
    save(index, (0, "start"), (8, "power"), (11, "power"), (16, "power"))
    index.is_slow = True
    save(index, (20, "epoch"))
    assert stored_steps(tmp_path) == (0, 8, 11, 16, 20), "the database has not taken out 11 yet"
    index.is_slow = False
    save(index, (23, "power"))
    assert index.told[-1] == (23, (11,), False)
    assert stored_steps(tmp_path) == (0, 8, 16, 20, 23)
