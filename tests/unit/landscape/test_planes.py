"""Planes through a checkpoint: filter norms, what spans them, and what is said where they are not as asked."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.catalog.registry import entries
from core.errors import BadInput
from core.experiment import Experiment
from core.landscape.asked import PLANES, Asked
from core.landscape.measured import Measured
from core.landscape.planes import filter_normalized, plane_of
from core.landscape.trajectory import exact
from core.pieces import worked_off
from core.training.run import Run
from tests.experiments import everything, points
from tests.landscapes import NETWORKS, path_of, run_with_snapshots


def test_every_architecture_is_among_the_networks():
    keys = {experiment.architecture.key for experiment in NETWORKS.values()}  # type: ignore[attr-defined]
    assert keys == set(entries("architectures"))


@pytest.mark.parametrize("name", NETWORKS)
def test_random_directions_have_the_norms_of_the_filters_and_leave_vectors_alone(name: str, data_folder: Path):
    measured = Measured(Run(NETWORKS[name], data_folder).train(3), samples=20, dtype=torch.float64)
    direction = filter_normalized(measured, 0, 0)
    weights = measured.tensors(measured.flat)
    for part, along in measured.tensors(direction).items():
        if weights[part].dim() < 2:
            assert not along.any(), part
        else:
            lengths = torch.linalg.vector_norm(weights[part].flatten(1), dim=1)
            torch.testing.assert_close(torch.linalg.vector_norm(along.flatten(1), dim=1), lengths)
    assert torch.equal(direction, filter_normalized(measured, 0, 0))
    for other in (filter_normalized(measured, 0, 1), filter_normalized(measured, 1, 0)):
        assert abs(torch.corrcoef(torch.stack([direction, other]))[0, 1]) < 0.8


@pytest.mark.parametrize("kind", PLANES)
def test_a_plane_contains_its_checkpoint_and_its_points_are_found_again(kind: str, data_folder: Path):
    run, snapshots = run_with_snapshots(everything(), data_folder, 0, 3, 6)
    measured = Measured(run, samples=30, dtype=torch.float64)
    plane = worked_off(plane_of(kind, measured, path_of(measured, snapshots)))  # type: ignore[arg-type]
    assert torch.equal(plane.at(torch.zeros(1, 2))[0], measured.flat)
    wanted = torch.tensor([[0.5, -0.25], [-1.0, 2.0], [0.0, 1.0]], dtype=torch.float64)
    found, distances = plane.coordinates(exact(plane.at(wanted)))
    torch.testing.assert_close(found, wanted)
    assert distances.max() < 1e-12
    if kind != "random":
        torch.testing.assert_close(plane.directions @ plane.directions.T, torch.eye(2, dtype=torch.float64))


def test_the_plane_of_the_ends_contains_start_end_and_best(data_folder: Path):
    run, snapshots = run_with_snapshots(points(), data_folder, 0, 3, 5, 8)
    measured = Measured(run, samples=30)
    path = path_of(measured, snapshots, best_step=5)
    plane = worked_off(plane_of("ends", measured, path))
    coordinates, distances = plane.coordinates(path.flats)
    assert distances[[0, 2, 3]].max() < 1e-6 < distances[1]
    assert coordinates[0, 1] == pytest.approx(0, abs=1e-6)
    assert plane.notes == ()
    assert (coordinates.abs() <= torch.tensor(plane.reach)).all()


@pytest.mark.parametrize(
    ("kind", "steps", "best", "says"),
    [
        ("ends", (0, 3, 8), 8, ["update 3 is in it"]),
        ("ends", (0, 3, 8), 0, ["update 3 is in it"]),
        ("ends", (0, 8), 8, ["direction 2 is random"]),
        ("ends", (0,), 0, ["direction 1 is random", "direction 2 is random"]),
        ("pca", (0, 3, 8), 8, []),
        ("pca", (0, 8), 8, ["direction 2 is random"]),
        ("pca", (0,), 0, ["direction 1 is random", "direction 2 is random"]),
    ],
)
def test_a_plane_that_the_path_does_not_span_is_completed_and_says_so(
    kind: str, steps: tuple[int, ...], best: int, says: list[str], data_folder: Path
):
    run, snapshots = run_with_snapshots(points(), data_folder, *steps)
    measured = Measured(run, samples=30)
    plane = worked_off(plane_of(kind, measured, path_of(measured, snapshots, best)))  # type: ignore[arg-type]
    assert len(plane.notes) == len(says)
    assert all(words in str(note) for words, note in zip(says, plane.notes, strict=True))
    torch.testing.assert_close(plane.directions @ plane.directions.T, torch.eye(2))
    assert min(plane.reach) > 0


def test_no_plane_explains_more_of_the_path_than_its_main_axes(data_folder: Path):
    run, snapshots = run_with_snapshots(points(), data_folder, 0, 2, 4, 6, 8)
    measured = Measured(run, samples=30)
    path = path_of(measured, snapshots)
    shares = {kind: worked_off(plane_of(kind, measured, path)).explained_variance(path) or 0.0 for kind in PLANES}
    assert all(0 < share <= shares["pca"] <= 1 for share in shares.values())
    _, sizes, _ = torch.linalg.svd(path.flats - path.flats.mean(0), full_matrices=False)
    variances = sizes.square()
    assert shares["pca"] == pytest.approx(float(variances[:2].sum() / variances.sum()))
    assert (
        worked_off(plane_of("random", measured, path_of(measured, []))).explained_variance(path_of(measured, []))
        is None
    )


def test_the_plane_of_the_eigenvectors_carries_their_values(data_folder: Path):
    run, _ = run_with_snapshots(points(), data_folder, 4)
    measured = Measured(run, samples=30, dtype=torch.float64)
    plane = worked_off(plane_of("hessian", measured, path_of(measured, [])))
    assert plane.eigenvalues is not None
    dense = torch.autograd.functional.hessian(measured.loss, measured.flat)
    for value, direction in zip(plane.eigenvalues, plane.directions, strict=True):
        assert float(direction @ dense @ direction) == pytest.approx(value, rel=1e-6)  # type: ignore[operator]
    assert plane.eigenvalues[0] < plane.eigenvalues[1]


def test_all_weights_zero_have_no_filter_normalized_direction(data_folder: Path):
    run = Run(points(), data_folder)
    with torch.no_grad():
        run.parts.frame.weights.all.zero_()
    measured = Measured(run, samples=30)
    with pytest.raises(BadInput, match="no filter-normalized direction"):
        worked_off(plane_of("random", measured, path_of(measured, [])))


@pytest.mark.parametrize(
    "asked", [{"resolution": 32}, {"resolution": 1}, {"resolution": 999}, {"samples": 0}, {"samples": 10_001}]
)
def test_what_cannot_be_asked_is_bad_input(asked: dict[str, int]):
    with pytest.raises(BadInput):
        Asked(**asked)  # type: ignore[arg-type]


def test_a_sample_is_named_by_its_rows(data_folder: Path):
    run = Run(Experiment.from_json({"dataset": "digits"}), data_folder)
    one, same, other = (Measured(run, samples=64, seed=seed) for seed in (0, 0, 1))
    assert one.sample_hash == same.sample_hash != other.sample_hash
    assert one.num_samples == 64
    assert one.standard_error > 0
    whole = Measured(run, samples=5000)
    assert whole.num_samples == run.parts.data.num_train
    assert whole.standard_error == 0
    assert abs(one.loss_here - whole.loss_here) < 5 * one.standard_error


@pytest.mark.parametrize("name", ["mlp", "mlp, squared error", "regression"])
def test_the_standard_error_is_that_of_a_mean_of_the_samples_losses(name: str, data_folder: Path):
    run = Run(NETWORKS[name], data_folder).train(2)
    measured = Measured(run, samples=20, dtype=torch.float64)
    pairs = zip(measured.outputs(measured.flat), measured.targets, strict=True)
    each = torch.stack([measured.criterion(output.unsqueeze(0), target.unsqueeze(0)) for output, target in pairs])
    left_open = 1 - 20 / run.parts.data.num_train
    assert measured.standard_error == pytest.approx(float(each.std()) * (left_open / 20) ** 0.5)
