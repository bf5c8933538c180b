"""The paths of stored runs: their snapshots, measured by one function, and how they stand to a surface."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from core.landscape.measured import Measured
from core.landscape.planes import Plane
from core.landscape.surface import PathPoint, path_on
from core.landscape.trajectory import Trajectory, trajectory_of
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.opened import Doing, float32, run_name, told
from core.studies.replayed import shown_slot
from core.text import Text
from core.training.checkpoint import DamagedSnapshot, read_snapshot, snapshot_path
from core.training.run import Run


@dataclass(frozen=True, eq=False)
class RunPath:
    """The path of a run on a surface.

    `same_start`: whether it began with the very weights of the first run; None where one of them has none stored.
    """

    record: RunRecord
    points: list[PathPoint]
    same_start: bool | None

    def to_meta(self) -> dict[str, Any]:
        """For viewers: a column for each number."""
        columns = {name: [getattr(point, name) for point in self.points] for name in vars(self.points[0])}
        return {
            "run": self.record.id,
            "name": run_name(self.record),
            "slot": shown_slot(self.record),
            "same_start": self.same_start,
            "step": columns.pop("step"),
            **{name: float32(column) for name, column in columns.items()},
        }


def trajectories_of(
    store: Store,
    folder: DataFolder,
    records: Sequence[RunRecord],
    run: Run,
    measured: Measured,
    notes: list[Text],
) -> Generator[Doing, None, dict[str, Trajectory]]:
    """The snapshots of all runs, measured, by run; one that has none yet has no path, which is noted."""
    best = [] if run.best is None else [(run.best.step, _with_prefix("best.", run.measuring.best_weights.state()))]
    snapshots = chain(_snapshots(store, folder, records[0], notes), best)
    own = trajectory_of(measured, snapshots, run.best.step if run.best else None)
    found = {records[0].id: (yield from told(own, _measuring(records[0])))}
    for record in records[1:]:
        snapshots = _snapshots(store, folder, record, notes)
        first = next(snapshots, None)
        if first is None:
            notes.append(Text("“{run}” has no snapshot yet, and so no path here.", run=run_name(record)))
            continue
        path = trajectory_of(measured, chain([first], snapshots), of_another=True)
        found[record.id] = yield from told(path, _measuring(record))
    return found


def _snapshots(
    store: Store, folder: DataFolder, record: RunRecord, notes: list[Text]
) -> Iterator[tuple[int, Mapping[str, Tensor]]]:
    """The states of the network that are stored; a damaged one is left out, which is noted."""
    for entry in store.snapshots(record.id):
        path = snapshot_path(folder.snapshots(record.id), entry.step)
        try:
            tensors = read_snapshot(path, run=record.id, sha256=entry.sha256).tensors
        except DamagedSnapshot as error:
            words = {"run": run_name(record), "what": error.what, "why": error.why}
            notes.append(Text("“{run}”: {what} {why} The path is drawn without it.", **words))
            continue
        yield entry.step, _with_prefix("model.", tensors)


def _with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def paths_on(
    plane: Plane, measured: Measured, records: Sequence[RunRecord], trajectories: Mapping[str, Trajectory]
) -> Generator[Doing, None, tuple[RunPath, ...]]:
    """The paths of runs on a plane, the measured run first."""
    own = trajectories[records[0].id]
    found: list[RunPath] = []
    for record in records:
        path = trajectories[record.id]
        points = yield from told(path_on(plane, measured, path), _measuring(record))
        found.append(RunPath(record, points, _same_start(own, path)))
    return tuple(found)


def _same_start(one: Trajectory, other: Trajectory) -> bool | None:
    if one.steps[0] or other.steps[0]:
        return None
    return torch.equal(one.flats[0], other.flats[0])


def _measuring(record: RunRecord) -> Doing:
    return Doing(Text("Measuring the snapshots of “{run}”", run=run_name(record)))
