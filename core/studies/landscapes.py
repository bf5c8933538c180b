"""Surfaces of stored runs, from coarse to fine, with the paths of several runs on them."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from core.catalog.losses.loss import Loss
from core.experiment import Experiment
from core.landscape.asked import Asked
from core.landscape.measured import Measured
from core.landscape.planes import Plane, plane_of
from core.landscape.surface import Grid, Surface
from core.landscape.trajectory import joined
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.opened import Doing, Tell, facts_of, float32, measuring, nobody, opened, products_done, run_name, told
from core.studies.run_paths import RunPath, paths_on, trajectories_of
from core.text import Text
from core.training.assembly import loss_of
from core.training.run import Run


@dataclass(frozen=True, eq=False)
class NetworkSurface:
    """The surface of a stored run after update `step`, and paths on it, its own first.

    `notes` tell what is not as asked.
    """

    run: str
    step: int
    asked: Asked
    measured: Measured
    plane: Plane
    surface: Surface
    paths: tuple[RunPath, ...]
    explained_variance: float | None
    notes: tuple[Text, ...]

    @property
    def grid(self) -> Grid:
        """The picture."""
        return self.surface.grid

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values (NaN and ±Infinity among them), with the run's own path."""
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
            "path": [asdict(point) for point in self.paths[0].points],
            "explained_variance": self.explained_variance,
            **({"eigenvalues": list(eigenvalues)} if eigenvalues else {}),
            "num_samples": measured.num_samples,
            "sample_hash": measured.sample_hash,
            "with_penalty": measured.with_penalty,
            "batch_norm": measured.batch_norm if measured.has_batch_norm else None,
        }


def network_surface(
    store: Store,
    folder: DataFolder,
    records: Sequence[RunRecord],
    step: int | None,
    asked: Asked,
    tell: Tell = nobody,
) -> Generator[Doing, None, NetworkSurface]:
    """Compute the surface of the first run after update `step` (None: the last one), with the paths of all of them.

    All are measured by the first run's function. Yields what is being done, and tells what is there. It belongs into
    the thread that computes, and may be given up after every piece.
    """
    run = yield from opened(store, folder, records[0], step)
    measured = yield from measuring(
        run,
        tell,
        samples=asked.samples,
        seed=asked.seed,
        with_penalty=asked.with_penalty,
        batch_norm=asked.batch_norm,
    )
    notes: list[Text] = []
    trajectories = yield from trajectories_of(store, folder, records, run, measured, notes)
    shown = [record for record in records if record.id in trajectories]
    together = joined(list(trajectories.values()))
    yield Doing(Text("Choosing the plane"))
    plane = yield from told(plane_of(asked.plane, measured, together, seed=asked.seed), products_done)
    notes += _notes_of_several(plane, run, shown)
    surface = Surface(plane, asked.resolution)
    found = NetworkSurface(
        records[0].id,
        run.step_count,
        asked,
        measured,
        plane,
        surface,
        (),
        plane.explained_variance(together),
        (*notes, *plane.notes),
    )
    tell(**_surface_meta(found))
    pieces = surface.pieces(measured)
    # The first picture need not wait for the paths.
    yield from _next_picture(surface, pieces, tell)
    paths = yield from paths_on(plane, measured, shown, trajectories)
    tell(paths=[path.to_meta() for path in paths])
    while surface.num_done < surface.num_points:
        yield from _next_picture(surface, pieces, tell)
    return replace(found, paths=paths)


def refined(known: NetworkSurface, resolution: int, tell: Tell = nobody) -> Generator[Doing, None, NetworkSurface]:
    """The same surface with another number of points a side; yields as `network_surface` does.

    What is known is not computed again where the finer grid holds the points of the coarser one.
    """
    surface = _with_points_of(known.surface, resolution)
    found = replace(known, asked=replace(known.asked, resolution=resolution), surface=surface)
    tell(facts=facts_of(known.measured), **_surface_meta(found), paths=[path.to_meta() for path in known.paths])
    if len(surface.grid.alpha):
        tell(grid=_grid_meta(surface.grid))
    pieces = surface.pieces(known.measured)
    while surface.num_done < surface.num_points:
        yield from _next_picture(surface, pieces, tell)
    return found


def _next_picture(surface: Surface, pieces: Iterator[None], tell: Tell) -> Generator[Doing, None, None]:
    """Work until the next complete picture is there, and tell it."""
    side = len(surface.grid.alpha)
    for _ in pieces:
        is_there = len(surface.grid.alpha) > side
        if is_there:
            tell(grid=_grid_meta(surface.grid))
        done, total = surface.num_done, surface.num_points
        yield Doing(Text("Surface: {done:,} of {total:,} points", done=done, total=total), done / total)
        if is_there:
            return


def _with_points_of(known: Surface, resolution: int) -> Surface:
    """A surface of this resolution on the plane of a known one, with its points where the grid has them."""
    sides = [known.resolution]
    while sides[-1] < resolution:
        sides.append(2 * sides[-1] - 1)
    if sides[-1] != resolution:
        return Surface(known.plane, resolution)
    for side in sides[1:]:
        known = Surface(known.plane, side, known)
    return known


def _surface_meta(found: NetworkSurface) -> dict[str, Any]:
    plane = found.plane
    return {
        "plane": {"kind": plane.kind, "eigenvalues": plane.eigenvalues, "reach": plane.reach},
        "explained_variance": found.explained_variance,
        "notes": list(found.notes),
    }


def _grid_meta(grid: Grid) -> dict[str, Any]:
    return {**{name: float32(numbers) for name, numbers in vars(grid).items()}, "resolution": len(grid.alpha)}


def _notes_of_several(plane: Plane, run: Run, records: Sequence[RunRecord]) -> Iterator[Text]:
    """What is to be known where several runs are shown: which of them span the plane, and whose loss it is."""
    first, *others = records
    if others and plane.kind == "ends":
        yield Text(
            "Besides the network in the middle, the plane goes through the first weights of “{first}” and the end of "
            "“{second}”.",
            first=run_name(first),
            second=run_name(others[0]),
        )
    task = run.parts.data.task
    loss = _chosen_loss(run.current, task)
    if any(_chosen_loss(Experiment.from_json(record.experiment), task) != loss for record in others):
        yield Text(
            "All heights are the loss with which “{run}” is trained: {loss}.",
            run=run_name(first),
            loss=Text(loss.title),
        )


def _chosen_loss(experiment: Experiment, task: str) -> Loss:
    """The loss that was chosen: which one a sealed fault puts in its place is not told."""
    return loss_of(experiment.model_copy(update={"sealed": ""}), task)
