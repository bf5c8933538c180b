"""The curvature of a stored run's loss after one of its updates."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.landscape.curvature import DEPTH, STARTS, WHOLE, Curvature, curvature
from core.landscape.measured import Measured
from core.store.folder import DataFolder
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.opened import Doing, Tell, measuring, nobody, opened, products_done, told
from core.text import Text
from core.training.gradient_noise import Halves, halves_of

NUM_PLACES = 201
"""Places at which the density is told."""
WIDTH = 0.01
"""How far each eigenvalue is spread out in the density, as a share of the spectrum's extent."""
NUM_PAIRS = 16
"""Pairs of half-batches that tell how noisy a gradient is."""


@dataclass(frozen=True, eq=False)
class NetworkCurvature:
    """The curvature of a stored run after update `step`, found with so many products with the Hessian."""

    run: str
    step: int
    measured: Measured
    found: Curvature
    num_products: int
    halves: Halves

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values; `residual` bounds the error of both ends."""
        meta = self.to_meta()
        spectrum = {name: array.tolist() for name, array in meta["spectrum"].items()}
        return {
            "run": self.run,
            "step": self.step,
            **{name: value for name, value in meta.items() if name != "num_products"},
            "spectrum": spectrum,
            "num_parameters": len(self.measured.flat),
            "num_samples": self.measured.num_samples,
            "sample_hash": self.measured.sample_hash,
        }

    def to_meta(self) -> dict[str, Any]:
        """For viewers: the numbers, and the spectrum as arrays."""
        extremes, spectrum = self.found.extremes, self.found.spectrum
        bottom, top = extremes.values.tolist()
        width = WIDTH * max(top - bottom, abs(top), np.finfo(float).tiny / WIDTH)
        places = np.linspace(bottom - 3 * width, top + 3 * width, NUM_PLACES)
        return {
            "top": top,
            "bottom": bottom,
            "residual": float(extremes.residuals.max()),
            "negative_share": spectrum.negative_share,
            "gradient_norm": self.found.gradient_norm,
            "loss": self.measured.loss_here,
            "num_products": self.num_products,
            **asdict(self.halves),
            "spectrum": {
                "eigenvalues": spectrum.values,
                "shares": spectrum.shares,
                "at": places,
                "density": spectrum.density(places, width),
            },
        }


def network_curvature(
    store: Store, folder: DataFolder, record: RunRecord, step: int | None, samples: int, tell: Tell = nobody
) -> Generator[Doing, None, NetworkCurvature]:
    """Measure the curvature of a run after update `step` (None: the last one); yields what is being done.

    It belongs into the thread that computes, and may be given up after every piece.
    """
    run = yield from opened(store, folder, record, step)
    measured = yield from measuring(run, tell, samples=samples)
    usual = len(measured.flat) if len(measured.flat) <= WHOLE else STARTS * DEPTH
    num_products = 0

    def reached(num: int) -> Doing:
        nonlocal num_products
        num_products = num
        return products_done(num)._replace(share=min(1.0, num / usual), numbers={"num_products": num})

    bends = yield from told(curvature(measured), reached)
    noise = Doing(Text("Measuring the noise of gradients"), 1.0)
    halves = yield from told(halves_of(run, num_pairs=NUM_PAIRS), noise)
    found = NetworkCurvature(record.id, run.step_count, measured, bends, num_products, halves)
    tell(found=found.to_meta())
    return found
