"""Lines: the loss along the straight line through two networks, from a little before the first to beyond the second.

Parameters go along θ(t) = (1 − t)·start + t·end; statistics of batch normalization do so between both ends, and beyond
an end they are those of that end. So the loss is that of each network where the line passes it.

Shape letter: P places.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.landscape.measured import Measured
from core.pieces import saying

State = Mapping[str, Tensor]
"""Parameters and buffers of a network by name."""

BETWEEN = tuple((np.arange(-10, 51) / 40).tolist())
"""Places t from −¼ to 1¼ between two networks, both ends among them."""
ALONG_UPDATE = tuple((np.arange(-12, 49) / 12).tolist())
"""Places t from −1 to 4 updates, before and after the update among them."""


@dataclass(frozen=True, eq=False)
class Line:
    """`losses` (P,) at `places` (P,), which increase and have 0 and 1 among them."""

    places: np.ndarray
    losses: np.ndarray

    @property
    def ends(self) -> tuple[float, float]:
        """The losses of the first and of the second network."""
        first, second = self.losses[np.isin(self.places, (0.0, 1.0))].tolist()
        return first, second

    @property
    def barrier(self) -> float:
        """How far the loss between the ends rises above the straight line through the losses of both; 0: not at all.

        Sources: Frankle et al., Linear Mode Connectivity and the Lottery Ticket Hypothesis, 2020; with the straight
        line in place of the mean of both ends: Entezari et al., The Role of Permutation Invariance in Linear Mode
        Connectivity of Neural Networks, 2022, definition 2.1.
        """
        first, second = self.ends
        excess = self.losses - ((1 - self.places) * first + self.places * second)
        return float(excess[(self.places >= 0) & (self.places <= 1)].max())

    @property
    def bottom(self) -> int | None:
        """Which place has the lowest loss; None where no loss is a number.

        Source of the picture: Schneider et al., Cockpit: A Practical Debugging Tool for the Training of Deep Neural
        Networks, 2021, section 3.1.
        """
        return None if np.isnan(self.losses).all() else int(np.nanargmin(self.losses))


def line_through(measured: Measured, start: State, end: State, places: Sequence[float]) -> Generator[int, None, Line]:
    """Measure the line through two networks of the measured shape; yields the number of places done."""
    start, end = _as_measured(measured, start), _as_measured(measured, end)
    losses: list[float] = []
    for place in places:
        pieces = measured.true_loss(_state_at(measured, start, end, place))
        losses.append((yield from saying(len(losses), pieces)))
        yield len(losses)
    return Line(np.array(places), np.array(losses))


def _as_measured(measured: Measured, state: State) -> dict[str, Tensor]:
    """A state where and in the numbers in which it is measured; counters stay whole numbers."""
    device, dtype = measured.inputs.device, measured.dtype
    return {
        name: tensor.to(device, dtype) if tensor.is_floating_point() else tensor.to(device)
        for name, tensor in state.items()
    }


@torch.no_grad()
def _state_at(measured: Measured, start: State, end: State, place: float) -> dict[str, Tensor]:
    parameters = set(measured.names)
    between = min(max(place, 0.0), 1.0)
    return {
        name: torch.lerp(tensor, end[name], place if name in parameters else between)
        if tensor.is_floating_point()
        else tensor
        for name, tensor in start.items()
    }
