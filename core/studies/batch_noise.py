"""The noise of the gradient in a comparison of batch sizes, measured at the first weights."""

from __future__ import annotations

import math
from collections.abc import Generator
from pathlib import Path
from typing import Any

from core.studies.comparison import Comparison
from core.training.gradient_noise import noise_pieces
from core.training.run import Run


def compares_batches(comparison: Comparison) -> bool:
    """Whether the variants differ in their batch size on the same data, so that its noise is worth a picture."""
    differing = comparison.differing_settings()
    return "batch_size" in differing and not any(path.startswith("dataset") for path in differing)


def batch_noise(comparison: Comparison, folder: Path) -> Generator[None, None, dict[str, Any] | None]:
    """Measure the noise of batches of each variant's size, in pieces; returns what viewers are told of it, if anything.

    On a fresh run of each variant: no run of the race is touched. Batches of all samples have no noise to show.
    """
    points: list[dict[str, Any]] = []
    num_train = 0
    for place, experiment in enumerate(comparison.varied()):
        run = Run(experiment, folder)
        yield
        num_train = len(run.parts.data.splits.train)
        if experiment.batch_size < num_train:
            noise = yield from noise_pieces(run, experiment.batch_size)
            if math.isfinite(noise):
                points.append({"variant": place, "batch_size": experiment.batch_size, "noise": noise})
    return {"points": points, "num_train": num_train} if points else None
