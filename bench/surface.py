"""A network's loss surface against `loss-landscapes` 3.0.6: the same network, samples, directions and points.

The peer draws its own directions and moves along them in place; where it stands at each point is recorded once, and our
losses at those very points must equal its own before anything is timed. Timed are its `random_plane` and our random
plane with as many points, directions included. The useful picture is the first of the progressive ones that, drawn
smoothly, is nowhere farther from the complete one than a share of its range.

The physical limit is the rate of matrix products measured beside it: the products of one point, without those of the
first layer, which is no product on a plane. `python -m bench.surface` runs it alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import loss_landscapes
import numpy as np
import torch
from loss_landscapes.metrics import Loss
from torch import Tensor

import core.catalog  # noqa: F401 - registers every entry
from bench.calibration import load, products_a_second
from bench.figure import Figure, alternate, quarter
from core.catalog.architectures.reference_nets import REFERENCE_NETS
from core.experiment import Experiment
from core.landscape.measured import Measured
from core.landscape.plane_losses import plane_losses
from core.landscape.planes import Plane, plane_of
from core.landscape.surface import Grid, Surface
from core.landscape.trajectory import Trajectory, exact, trajectory_of
from core.pieces import worked_off
from core.training.device import use_threads
from core.training.run import Run

SIDE, CNN_SIDE = 41, 5
"""Points a side."""
ROUNDS, CNN_ROUNDS = 21, 7
BAR, CNN_BAR, PICTURE_BAR = 3.0, 1.1, 8.0
USEFUL = 0.05
"""The largest error of a useful picture, as a share of the range of losses."""
SEED = 7


class _Recorded(Loss):
    """The peer's loss, which also notes where it is asked for."""

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor], measured: Measured) -> None:
        super().__init__(loss, measured.inputs, measured.targets)
        self._measured = measured
        self.flats: list[Tensor] = []
        self.losses: list[float] = []

    def __call__(self, model_wrapper: Any) -> float:
        tensors = model_wrapper.get_module_parameters().parameters
        self.flats.append(self._measured.flat_of(dict(zip(self._measured.names, tensors, strict=True))))
        self.losses.append(super().__call__(model_wrapper))
        return self.losses[-1]


class _Case:
    """A trained network, and its surface as both of us compute it."""

    def __init__(self, experiment: dict[str, Any], until: int, side: int, folder: Path) -> None:
        self.run = Run(Experiment.from_json(experiment), folder).train(until)
        use_threads(self.run.conditions.threads)
        self.run.parts.model.eval()
        self.side, self.measured = side, Measured(self.run)
        self.path: Trajectory = worked_off(trajectory_of(self.measured, []))

    def theirs(self, metric: Loss | None = None) -> np.ndarray:
        metric = metric or Loss(self.run.parts.plain_loss, self.measured.inputs, self.measured.targets)
        torch.manual_seed(SEED)
        return loss_landscapes.random_plane(self.run.parts.model, metric, steps=self.side, deepcopy_model=True)

    def plane(self) -> Plane:
        return worked_off(plane_of("random", self.measured, self.path))

    def ours(self) -> Grid:
        surface = Surface(self.plane(), self.side)
        worked_off(surface.pieces(self.measured))
        return surface.grid

    def check(self) -> None:
        """Assert that both find the same losses at the points of the peer."""
        recorded = _Recorded(self.run.parts.plain_loss, self.measured)
        self.theirs(recorded)
        flats = exact(torch.stack(recorded.flats))
        ways = flats - exact(self.measured.flat)
        directions = torch.linalg.svd(ways[:: max(1, len(ways) // 64)], full_matrices=False).Vh[:2]
        plane = Plane("random", self.measured.flat, directions.to(self.measured.flat), (1.0, 1.0))
        points, off = plane.coordinates(flats)
        # Its steps are added up in place, so rounding moves it off the plane a little.
        assert float(off.max()) < 1e-3 * float(torch.linalg.vector_norm(ways, dim=1).max())
        losses = torch.cat(list(plane_losses(self.measured, plane, points)))
        np.testing.assert_allclose(losses, recorded.losses, rtol=2e-3)


def measure() -> list[Figure]:
    """Points a second as a ratio to the peer's, for both networks, and how much sooner a useful picture is there."""
    with TemporaryDirectory() as name:
        mlp = _Case({"dataset": "digits"}, 200, SIDE, Path(name))
        cnn = _Case(REFERENCE_NETS["cnn_32_64_64"], 20, CNN_SIDE, Path(name))
    mlp.check()
    cnn.check()
    useful, error = _useful(mlp)
    return [
        _ratio("digits MLP", mlp, ROUNDS, BAR, 1),
        _ratio("B2(b) CNN, 512 images", cnn, CNN_ROUNDS, CNN_BAR, 0),
        _picture(mlp, useful, error),
    ]


def _ratio(name: str, case: _Case, rounds: int, bar: float, spared: int) -> Figure:
    theirs, ours = (quarter(times) for times in alternate(case.theirs, case.ours, rounds))
    points = case.side**2
    limit = products_a_second() / (case.measured.num_samples * _multiplications(case, spared))
    detail = (
        f"{points / ours:,.0f} to {points / theirs:,.0f} points/s, quarter quantile of {rounds}; "
        f"{points / ours / limit:.0%} of the limit of its products; {load()}"
    )
    return Figure(f"surface points/s, {name}, to loss-landscapes", theirs / ours, bar, True, "×", detail)


def _picture(case: _Case, side: int, error: float) -> Figure:
    def useful() -> None:
        worked_off(Surface(case.plane(), side).pieces(case.measured))

    theirs, ours = (quarter(times) for times in alternate(case.theirs, useful, ROUNDS))
    detail = (
        f"{side}×{side} after {1e3 * ours:.1f} ms, wrong by at most {error:.1%} of the range, to the peer's complete "
        f"{case.side}×{case.side} after {1e3 * theirs:.0f} ms; {load()}"
    )
    return Figure(
        "first useful picture of a surface, to loss-landscapes", theirs / ours, PICTURE_BAR, True, "×", detail
    )


def _useful(case: _Case) -> tuple[int, float]:
    """Points a side of the first useful picture, and its largest error as a share of the range."""
    plane = case.plane()
    fine = Surface(plane, 65)
    worked_off(fine.pieces(case.measured))
    whole = fine.grid
    for side in (9, 17, 33):
        stride = 64 // (side - 1)
        coarse = Grid(whole.alpha[::stride], whole.beta[::stride], whole.loss[::stride, ::stride])
        error = float(np.abs(_drawn(coarse, whole) - whole.loss).max() / np.ptp(whole.loss))
        if error <= USEFUL:
            return side, error
    raise AssertionError("no preview is useful")


def _drawn(coarse: Grid, fine: Grid) -> np.ndarray:
    """A grid between its points, as a picture shows it: linearly along both axes."""
    rows = np.stack([np.interp(fine.alpha, coarse.alpha, row) for row in coarse.loss])
    return np.stack([np.interp(fine.beta, coarse.beta, column) for column in rows.T], axis=1)


def _multiplications(case: _Case, spared: int) -> int:
    """Multiplications of a sample, without those of the first `spared` layers."""
    experiment, frame = case.run.experiment, case.run.parts.frame
    plan = experiment.architecture.plan(frame.input_shape, frame.num_outputs)  # type: ignore[attr-defined]
    return sum(layer.multiplications for layer in plan[spared:])


if __name__ == "__main__":
    for figure in measure():
        print(figure, flush=True)
