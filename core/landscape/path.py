"""Path: the way of one optimizer on a surface."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from core.catalog.surfaces.surface import Domain


@dataclass(frozen=True)
class Path:
    """The way of one optimizer, T updates: positions (T+1, 2), losses and gradient norms (T+1,), the rest (T, 2).

    What is no finite number is NaN. `gradients` are those at the positions, noise included. `memory` is what the
    optimizer kept after each update, by its names; `rates` the learning rate of each coordinate, None where all share
    one.
    """

    positions: np.ndarray
    losses: np.ndarray
    gradient_norms: np.ndarray
    gradients: np.ndarray
    memory: dict[str, np.ndarray] = field(default_factory=dict)
    rates: np.ndarray | None = None

    @property
    def num_finite(self) -> int:
        """So many of its points are numbers: fewer than all where it went beyond every bound."""
        bad = np.flatnonzero(~np.isfinite(self.positions).all(axis=1) | ~np.isfinite(self.losses))
        return int(bad[0]) if bad.size else len(self.positions)

    def left_at(self, domain: Domain) -> int | None:
        """After which update it was first outside of what is drawn; None where it never was."""
        x, y = self.positions.T
        inside = (x >= domain.x_low) & (x <= domain.x_high) & (y >= domain.y_low) & (y <= domain.y_high)
        out = np.flatnonzero(~inside)
        return int(out[0]) if out.size else None
