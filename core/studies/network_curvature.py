"""The curvature of a stored run's loss after one of its updates."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.landscape.curvature import Curvature, curvature
from core.landscape.measured import Measured
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.landscapes import opened
from core.text import Text

NUM_PLACES = 201
"""Places at which the density is told."""
WIDTH = 0.01
"""How far each eigenvalue is spread out in the density, as a share of the spectrum's extent."""


@dataclass(frozen=True, eq=False)
class NetworkCurvature:
    """The curvature of a stored run after update `step`."""

    run: str
    step: int
    measured: Measured
    found: Curvature

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values; `residual` bounds the error of both ends."""
        measured, extremes, spectrum = self.measured, self.found.extremes, self.found.spectrum
        bottom, top = extremes.values.tolist()
        width = WIDTH * max(top - bottom, abs(top), np.finfo(float).tiny / WIDTH)
        places = np.linspace(bottom - 3 * width, top + 3 * width, NUM_PLACES)
        return {
            "run": self.run,
            "step": self.step,
            "top": top,
            "bottom": bottom,
            "residual": float(extremes.residuals.max()),
            "negative_share": spectrum.negative_share,
            "gradient_norm": self.found.gradient_norm,
            "spectrum": {
                "eigenvalues": spectrum.values.tolist(),
                "shares": spectrum.shares.tolist(),
                "at": places.tolist(),
                "density": spectrum.density(places, width).tolist(),
            },
            "loss": measured.loss_here,
            "num_parameters": len(measured.flat),
            "num_samples": measured.num_samples,
            "sample_hash": measured.sample_hash,
        }


def network_curvature(
    store: Store, folder: DataFolder, record: RunRecord, step: int | None, samples: int
) -> Generator[Text, None, NetworkCurvature]:
    """Measure the curvature of a run after update `step` (None: the last one); yields what is being done.

    It belongs into the thread that computes, and may be given up after every piece.
    """
    run = yield from opened(store, folder, record, step)
    measured = Measured(run, samples=samples)
    pieces = curvature(measured)
    while True:
        try:
            num_products = next(pieces)
        except StopIteration as end:
            return NetworkCurvature(record.id, run.step_count, measured, end.value)
        yield Text("Products with the Hessian: {num:,}", num=num_products)
