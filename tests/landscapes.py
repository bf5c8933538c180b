"""Tiny runs with snapshots in memory, and networks of every architecture, for tests of landscapes."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from torch import Tensor

from core.experiment import Experiment
from core.landscape.measured import Measured
from core.landscape.trajectory import Trajectory, trajectory_of
from core.pieces import worked_off
from core.training.run import Run
from tests.experiments import NETWORKS as TINY
from tests.experiments import everything, images, points

T = TypeVar("T")
Snapshots = list[tuple[int, dict[str, Tensor]]]

NETWORKS: dict[str, Experiment] = {
    "logistic": points(architecture="logistic"),
    "mlp": points(),
    "mlp, tanh": images(architecture={"key": "mlp", "width": 7, "activation": "tanh"}),
    "mlp, learned activation": points(architecture={"key": "mlp", "widths": [8], "activation": "prelu"}),
    "mlp, batch normalization": images(architecture={"key": "mlp", "width": 8, "normalization": "batch"}),
    "mlp, squared error": points(loss="squared_error"),
    "cnn": images(),
    "cnn with everything": everything(),
    "cnn, layer normalization": images(
        architecture={"key": "cnn", "blocks": [{"channels": 3}], "dense": [], "normalization": "layer"}
    ),
    "cnn of signals": Experiment.from_json(
        {
            "dataset": "mnist_1d",
            "train_size": 40,
            "architecture": {"key": "cnn", "blocks": [{"channels": 3, "kernel": 5, "stride": 3}], "dense": [6]},
            "batch_size": 16,
        }
    ),
    "regression": points(dataset={"key": "polynomial"}),
    **{name: images(architecture=network) for name, network in TINY.items()},
}


def run_with_snapshots(experiment: Experiment, folder: Path, *steps: int) -> tuple[Run, Snapshots]:
    """A run after the last of some updates, and the states of its network after each of them."""
    run = Run(experiment, folder)
    snapshots: Snapshots = []
    for step in steps:
        run.train(step)
        snapshots.append((step, {name: tensor.clone() for name, tensor in run.parts.model.state_dict().items()}))
    return run, snapshots


def path_of(measured: Measured, snapshots: Snapshots, best_step: int | None = None) -> Trajectory:
    """The trajectory of some snapshots."""
    return worked_off(trajectory_of(measured, snapshots, best_step))
