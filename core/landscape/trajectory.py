"""Trajectory: the snapshots of a run as points in the space of all parameters, with their true losses.

Shape letters: T snapshots, N parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from core.landscape.measured import Measured


class Trajectory:
    """Snapshots (step, state of the network) of the measured run by increasing step; the measured one is among them.

    `flats` are their parameters (T, N), `losses` what the measured function is at each. `best_step` names the best one;
    `best` is its place, or that of the nearest one, and without a name that of the lowest loss.
    """

    def __init__(
        self, measured: Measured, snapshots: Iterable[tuple[int, Mapping[str, Tensor]]], best_step: int | None = None
    ) -> None:
        found = {measured.step: (measured.flat, measured.loss_here)}
        for step, state in snapshots:
            if step != measured.step:
                found[step] = measured.flat_of(state), measured.true_loss(state)
        self.steps = sorted(found)
        self.flats = torch.stack([found[step][0] for step in self.steps])
        self.losses = [found[step][1] for step in self.steps]
        places = range(len(self.steps))
        self.best = (
            min(places, key=lambda place: self.losses[place])
            if best_step is None
            else min(places, key=lambda place: abs(self.steps[place] - best_step))
        )
