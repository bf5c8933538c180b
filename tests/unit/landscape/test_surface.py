"""Surfaces of real networks: the loss at the center, equality with a plain loop, refining, and the path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.landscape.measured import Measured
from core.landscape.plane_losses import plane_losses
from core.landscape.planes import Plane, plane_of
from core.landscape.surface import Surface, path_on
from core.pieces import worked_off
from core.training.evaluation import score
from core.training.run import Run
from tests.experiments import everything, images, points
from tests.landscapes import NETWORKS, path_of, run_with_snapshots


def computed(measured: Measured, plane: Plane, resolution: int, coarser: Surface | None = None) -> Surface:
    """A surface with all its points."""
    surface = Surface(plane, resolution, coarser)
    worked_off(surface.pieces(measured))
    return surface


def plainly(run: Run, measured: Measured, plane: Plane, surface: Surface) -> np.ndarray:
    """The same losses by the run's own network, its weights replaced point by point."""
    network, grid = run.parts.model.to(measured.dtype).eval(), surface.grid
    if measured.batch_norm == "estimated":
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.train()
                module.momentum = 0.0
    losses = np.empty_like(grid.loss)
    with torch.no_grad():
        for row, beta in enumerate(grid.beta):
            for column, alpha in enumerate(grid.alpha):
                flat = plane.center + alpha * plane.directions[0] + beta * plane.directions[1]
                for name, tensor in measured.tensors(flat).items():
                    network.get_parameter(name).copy_(tensor)
                losses[row, column] = run.parts.plain_loss(network(measured.inputs), measured.targets)
    return losses


@pytest.mark.parametrize("batch_norm", ["frozen", "estimated"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_surface_equals_a_plain_loop(name: str, batch_norm: str, data_folder: Path):
    run = Run(NETWORKS[name], data_folder).train(3)
    measured = Measured(run, samples=31, dtype=torch.float64, batch_norm=batch_norm)  # type: ignore[arg-type]
    plane = worked_off(plane_of("random", measured, path_of(measured, [])))
    surface = computed(measured, plane, 5)
    np.testing.assert_allclose(surface.grid.loss, plainly(run, measured, plane, surface), rtol=1e-9)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-6), (None, 1e-5)])
@pytest.mark.parametrize("with_penalty", [False, True])
@pytest.mark.parametrize("experiment", [points(regularizers=[{"key": "l1", "strength": 0.01}]), everything()])
def test_the_value_in_the_middle_is_the_loss(
    experiment: object, with_penalty: bool, dtype: torch.dtype | None, tolerance: float, data_folder: Path
):
    run = Run(experiment, data_folder).train(3)  # type: ignore[arg-type]
    measured = Measured(run, samples=10_000, dtype=dtype, with_penalty=with_penalty)
    surface = computed(measured, worked_off(plane_of("random", measured, path_of(measured, []))), 3)
    assert surface.grid.loss[1, 1] == pytest.approx(measured.loss_here, rel=tolerance)
    # On all training samples it is the loss that the run reports.
    found = worked_off(score(run.parts.model, run.parts.evaluated[0], run.parts.plain_loss, None))
    weights = run.parts.frame.named
    penalty = sum(
        float(term.value([weights[place][1].detach() for place in places]))
        for term, places in run.parts.loop.penalties
        if with_penalty
    )
    assert measured.loss_here == pytest.approx(found.loss + penalty, rel=1e-5)
    assert (penalty > 0) == with_penalty


def test_penalties_are_those_of_every_point(data_folder: Path):
    experiment = images(architecture={"key": "mlp", "width": 8}, regularizers=[{"key": "l2", "strength": 0.1}])
    measured = Measured(Run(experiment, data_folder).train(3), samples=20, with_penalty=True, dtype=torch.float64)
    plane = worked_off(plane_of("random", measured, path_of(measured, [])))
    surface = computed(measured, plane, 3)
    corner = torch.tensor([[surface.grid.alpha[2], surface.grid.beta[0]]])
    assert surface.grid.loss[0, 2] == pytest.approx(float(measured.loss(plane.at(corner)[0])), rel=1e-12)


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_refining_computes_no_point_again(name: str, data_folder: Path, monkeypatch: pytest.MonkeyPatch):
    measured = Measured(Run(NETWORKS[name], data_folder).train(3), samples=20)
    plane = worked_off(plane_of("random", measured, path_of(measured, [])))
    asked: list[int] = []

    def counted(measured: Measured, plane: Plane, points: torch.Tensor):
        asked.append(len(points))
        return plane_losses(measured, plane, points)

    monkeypatch.setattr("core.landscape.surface.plane_losses", counted)
    surface = Surface(plane, 33)
    sides = [len(surface.grid.alpha)]
    for _ in surface.pieces(measured):
        if len(surface.grid.alpha) != sides[-1]:
            sides.append(len(surface.grid.alpha))
    assert sides == [0, 9, 17, 33]
    assert asked == [9**2, 17**2 - 9**2, 33**2 - 17**2]
    preview = computed(measured, plane, 9)
    np.testing.assert_array_equal(preview.grid.alpha, surface.grid.alpha[::4])
    np.testing.assert_allclose(preview.grid.loss, surface.grid.loss[::4, ::4], rtol=1e-5)
    asked.clear()
    finer = computed(measured, plane, 65, surface)
    assert asked == [0, 0, 0, 65**2 - 33**2]
    assert finer.num_done == finer.num_points
    np.testing.assert_array_equal(finer.grid.loss[::2, ::2], surface.grid.loss)


def test_a_surface_that_was_given_up_goes_on_where_it_was(data_folder: Path):
    measured = Measured(Run(points(), data_folder).train(3), samples=20)
    plane = worked_off(plane_of("random", measured, path_of(measured, [])))
    surface = Surface(plane, 17)
    pieces = surface.pieces(measured)
    while not surface.num_done:
        next(pieces)
    assert 0 < surface.num_done < surface.num_points
    worked_off(surface.pieces(measured))
    assert surface.num_done == surface.num_points
    np.testing.assert_allclose(surface.grid.loss, computed(measured, plane, 17).grid.loss, rtol=1e-5)


@pytest.mark.parametrize("resolution", [3, 5, 9, 11, 17, 25, 41])
def test_both_axes_increase_and_are_symmetric(resolution: int, data_folder: Path):
    measured = Measured(Run(points(), data_folder), samples=8)
    grid = computed(measured, worked_off(plane_of("random", measured, path_of(measured, []))), resolution).grid
    for axis in (grid.alpha, grid.beta):
        assert len(axis) == resolution
        assert (np.diff(axis) > 0).all()
        np.testing.assert_array_equal(axis, -axis[::-1])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_path_lies_on_the_plane_where_it_says_so(name: str, data_folder: Path):
    run, snapshots = run_with_snapshots(NETWORKS[name], data_folder, 0, 3, 6)
    measured = Measured(run, samples=30, dtype=torch.float64, batch_norm="estimated")
    path = path_of(measured, snapshots, best_step=3)
    plane = worked_off(plane_of("ends", measured, path))
    found = worked_off(path_on(plane, measured, path))
    assert [point.step for point in found] == [0, 3, 6]
    assert (found[-1].alpha, found[-1].beta, found[-1].off_plane) == (0, 0, 0)
    for point, (_, state) in zip(found, snapshots, strict=True):
        assert point.off_plane < 1e-9
        assert point.surface_loss == pytest.approx(point.true_loss, rel=1e-9)
        assert point.true_loss == pytest.approx(float(measured.loss(measured.flat_of(state))), rel=1e-12)
    random = worked_off(path_on(worked_off(plane_of("random", measured, path)), measured, path))
    assert min(point.off_plane for point in random[:-1]) > 1e-3


def test_true_losses_have_the_statistics_of_their_snapshot(data_folder: Path):
    run, snapshots = run_with_snapshots(everything(), data_folder, 0, 6)
    for step, state in snapshots:
        fresh = Run(everything(), data_folder).train(step)
        expected = Measured(fresh, samples=30).loss_here
        assert worked_off(Measured(run, samples=30).true_loss(state)) == pytest.approx(expected, rel=1e-6)


def test_a_measured_network_leaves_its_run_alone(data_folder: Path):
    run = Run(everything(), data_folder).train(3)
    measured = Measured(run, samples=30)
    computed(measured, worked_off(plane_of("random", measured, path_of(measured, []))), 3)
    run.train()
    assert torch.equal(
        Measured(run, samples=30).flat, Measured(Run(everything(), data_folder).train(), samples=30).flat
    )
    assert measured.step == 3
