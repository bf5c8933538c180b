"""Trajectory: the snapshots of a run as points in the space of all parameters, with their true losses.

Shape letters: T snapshots, N parameters.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.landscape.measured import Measured


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Snapshots by increasing step, the measured checkpoint among them.

    `flats` are their parameters (T, N), as `exact` gives them; `losses` what the measured function is at each; `best`
    is the best one's place.
    """

    steps: list[int]
    flats: Tensor
    losses: list[float]
    best: int


def trajectory_of(
    measured: Measured, snapshots: Iterable[tuple[int, Mapping[str, Tensor]]], best_step: int | None = None
) -> Generator[None, None, Trajectory]:
    """Measure the snapshots (step, state of the network) of the measured run; yields after each.

    The best is that after update `best_step`, which must be among them, or else the one of the lowest loss.
    """
    found = {measured.step: (measured.flat, measured.loss_here)}
    for step, state in snapshots:
        if step not in found:
            found[step] = measured.flat_of(state), measured.true_loss(state)
            yield
    steps = sorted(found)
    losses = [found[step][1] for step in steps]
    best = losses.index(min(losses)) if best_step is None else steps.index(best_step)
    return Trajectory(steps, torch.stack([exact(found[step][0]) for step in steps]), losses, best)


def exact(flat: Tensor) -> Tensor:
    """The same numbers in float64, in the host's memory: steps are small beside the weights, and differences count."""
    return flat.detach().to("cpu", torch.float64)
