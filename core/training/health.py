"""Health: what a live run's gradients and units were last seen to be, for the alarms in its sentence.

Gradients are those recorded at the latest update, where a run diverges at the last finite one. Units are looked at when
errors are measured, at most once a second, on up to 64 training samples in evaluation mode: a run is the same with and
without that.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import numpy as np

from core.training.alarms import Alarm, alarms, sizes_of
from core.training.pictures import evaluating
from core.training.units import Units, watching

if TYPE_CHECKING:
    from core.training.recorder import StepBlock
    from core.training.run import Run

NUM_SAMPLES = 64
EVERY_S = 1.0


class Health:
    """Follows one run; for the compute thread only."""

    def __init__(self) -> None:
        self._sizes: dict[str, float] = {}
        self._units: dict[str, Units] = {}
        self._looked_at = -math.inf

    def block(self, block: StepBlock) -> None:
        """Take the newest recorded updates."""
        sizes = sizes_of(block.columns)
        finite = np.flatnonzero(np.all([values < math.inf for values in sizes.values()], axis=0))
        if sizes and len(finite):
            self._sizes = {name: values[finite[-1]].item() for name, values in sizes.items()}

    def look(self, run: Run) -> None:
        """Look at the units, unless that was done a moment ago and the run goes on."""
        now = time.monotonic()
        if run.is_over or now - self._looked_at >= EVERY_S:
            self._looked_at, self._units = now, units_of(run)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What is to be said now."""
        return alarms(self._sizes, self._units)


def units_of(run: Run) -> dict[str, Units]:
    """The state of a run's units by its present weights, by hidden layer."""
    parts = run.parts
    batch = parts.feed.rows(parts.data.splits.evaluation[:NUM_SAMPLES])
    with evaluating(parts.model), watching(parts.model) as watched:
        parts.model(batch.inputs)
    return watched.units()
