"""Practice races drawn for a page: computed in the compute thread, each once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import torch

from core.landscape.leaving import leaving_by_rate, updates_to_leave, way_down
from core.landscape.path import Path
from core.landscape.paths import paths_of
from core.landscape.practice import Practice
from core.training.compute import Compute, Pieces

LEAVING_RATES = tuple(float(f"{10 ** (place / 4 - 2.5):.2g}") for place in range(9))
"""From 0.003 to 0.3 in equal factors."""
LEAVING_STEPS = 1_000
GRID = 121
"""Points of the drawn surface along each axis."""
MOST_KEPT = 64


@dataclass(frozen=True)
class Drawing:
    """A practice race with its paths and the surface's heights (len(y), len(x)), NaN where it has none."""

    practice: Practice
    paths: tuple[Path, ...]
    x: np.ndarray
    y: np.ndarray
    heights: np.ndarray
    leaving: tuple[int | None, ...] | None = None
    """Updates of each path until it has left the saddle at which it starts; None where it starts at none."""


class PracticeRaces:
    """Draws practice races; any thread may ask. The last ones are kept."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._drawings: OrderedDict[Practice, Future[Drawing]] = OrderedDict()
        self._leaving: OrderedDict[Hashable, Future[list[list[int | None]]]] = OrderedDict()

    def draw(self, practice: Practice, owner: str) -> Drawing:
        """The drawing of a race; waits for its turn. BadInput where the surface has no value at the start."""
        with self._lock:
            drawing = self._drawings.get(practice)
            if drawing is None or (drawing.done() and (drawing.cancelled() or drawing.exception())):
                drawing = self._drawings[practice] = self._compute.call(lambda: drawn(practice), owner)
            self._drawings.move_to_end(practice)
            while len(self._drawings) > MOST_KEPT:
                self._drawings.popitem(last=False)
        return drawing.result()

    def leaving_by_rate(self, practice: Practice, owner: str) -> tuple[Sequence[float], list[list[int | None]]]:
        """Learning rates, and for each optimizer that has one its updates to leave the saddle at them."""
        kept = [optimizer for optimizer in practice.optimizers if "lr" in type(optimizer).model_fields]
        if not kept:
            return LEAVING_RATES, []
        key = (practice.surface, tuple(kept), practice.begin)
        with self._lock:
            found = self._leaving.get(key)
            if found is None or (found.done() and (found.cancelled() or found.exception())):
                surface, begin = practice.surface, practice.begin
                pieces = leaving_by_rate(surface, kept, begin, LEAVING_RATES, LEAVING_STEPS)
                job = Pieces(pieces, owner)
                self._compute.submit(job)
                found = self._leaving[key] = job.future
                while len(self._leaving) > MOST_KEPT:
                    self._leaving.popitem(last=False)
        return LEAVING_RATES, found.result()


def drawn(practice: Practice) -> Drawing:
    """Compute the paths of a race and the heights of its surface."""
    domain = practice.surface.domain
    x = torch.linspace(domain.x_low, domain.x_high, GRID, dtype=torch.float64)
    y = torch.linspace(domain.y_low, domain.y_high, GRID, dtype=torch.float64)
    down, across = torch.meshgrid(y, x, indexing="ij")
    heights = practice.surface.build()(across, down)
    heights = torch.where(torch.isfinite(heights), heights, torch.nan)
    paths = tuple(paths_of(practice))
    saddle = way_down(practice.surface, practice.begin)
    leaving = None if saddle is None else tuple(updates_to_leave(path, *saddle) for path in paths)
    return Drawing(practice, paths, x.numpy(), y.numpy(), heights.numpy(), leaving)
