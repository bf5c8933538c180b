"""Landscapes of stored runs: a run is opened after one of its updates, and its surface computed piece by piece."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from torch import Tensor

from core.landscape.asked import Asked
from core.landscape.measured import Measured
from core.landscape.planes import Plane, plane_of
from core.landscape.surface import Grid, PathPoint, Surface, path_on
from core.landscape.trajectory import trajectory_of
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.replay import check_step, last_step, replaying
from core.text import Text
from core.training.checkpoint import DamagedSnapshot, read_snapshot, snapshot_path
from core.training.run import Run

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class NetworkSurface:
    """The surface of a stored run after update `step`, and its path on it; `notes` tell what is not as asked."""

    run: str
    step: int
    asked: Asked
    measured: Measured
    plane: Plane
    grid: Grid
    path: list[PathPoint]
    explained_variance: float | None
    notes: tuple[Text, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values (NaN and ±Infinity among them)."""
        measured, eigenvalues = self.measured, self.plane.eigenvalues
        return {
            "run": self.run,
            "step": self.step,
            "plane": self.plane.kind,
            "alpha": self.grid.alpha.tolist(),
            "beta": self.grid.beta.tolist(),
            "loss": self.grid.loss.tolist(),
            "center_loss": measured.loss_here,
            "standard_error": measured.standard_error,
            "note": " ".join(str(note) for note in self.notes),
            "path": [asdict(point) for point in self.path],
            "explained_variance": self.explained_variance,
            **({"eigenvalues": list(eigenvalues)} if eigenvalues else {}),
            "num_samples": measured.num_samples,
            "sample_hash": measured.sample_hash,
            "with_penalty": measured.with_penalty,
            "batch_norm": measured.batch_norm if measured.has_batch_norm else None,
        }


def opened(store: Store, folder: DataFolder, record: RunRecord, step: int | None = None) -> Generator[Text, None, Run]:
    """A stored run as it was after update `step` (None: the last one); yields what is being done.

    Trains where no snapshot is stored of that update. BadInput for an update that the run has not done.
    """
    step = last_step(record) if step is None else step
    check_step(record, step)
    doing = Text("Going back to update {step:,}", step=step)
    yield doing
    return (yield from _told(replaying(store, folder, record, step), doing))


def network_surface(
    store: Store, folder: DataFolder, record: RunRecord, step: int | None, asked: Asked
) -> Generator[Text, None, NetworkSurface]:
    """Compute the surface of a run after update `step` (None: the last one); yields what is being done.

    It belongs into the thread that computes, and may be given up after every piece.
    """
    run = yield from opened(store, folder, record, step)
    measured = Measured(
        run,
        samples=asked.samples,
        seed=asked.seed,
        with_penalty=asked.with_penalty,
        batch_norm=asked.batch_norm,
    )
    notes: list[Text] = []
    snapshots = _snapshots(store, folder, record, run, notes)
    measuring = Text("Measuring the snapshots of the run")
    trajectory = yield from _told(trajectory_of(measured, snapshots, run.best.step if run.best else None), measuring)
    yield Text("Choosing the plane")
    plane = plane_of(asked.plane, measured, trajectory, seed=asked.seed)
    surface = Surface(plane, asked.resolution)
    for _ in surface.pieces(measured):
        yield Text("Surface: {done:,} of {total:,} points", done=surface.num_done, total=surface.num_points)
    path = yield from _told(path_on(plane, measured, trajectory), measuring)
    return NetworkSurface(
        record.id,
        run.step_count,
        asked,
        measured,
        plane,
        surface.grid,
        path,
        plane.explained_variance(trajectory),
        (*notes, *plane.notes),
    )


def _told(pieces: Generator[None, None, T], doing: Text) -> Generator[Text, None, T]:
    """Pieces of work that say what is being done."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value
        yield doing


def _snapshots(
    store: Store, folder: DataFolder, record: RunRecord, run: Run, notes: list[Text]
) -> Iterator[tuple[int, Mapping[str, Tensor]]]:
    """The states of the network that are stored, and the best one; a damaged one is left out, which is noted."""
    for entry in store.snapshots(record.id):
        path = snapshot_path(folder.snapshots(record.id), entry.step)
        try:
            tensors = read_snapshot(path, run=record.id, sha256=entry.sha256).tensors
        except DamagedSnapshot as error:
            notes.append(Text("{what} {why} The path is drawn without it.", what=error.what, why=error.why))
            continue
        yield entry.step, _with_prefix("model.", tensors)
    if run.best is not None:
        yield run.best.step, _with_prefix("best.", run.measuring.best_weights.state())


def _with_prefix(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
