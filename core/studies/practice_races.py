"""Practice races drawn for a page: computed in the compute thread, each once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
import torch

from core.landscape.path import Path
from core.landscape.paths import paths_of
from core.landscape.practice import Practice
from core.training.compute import Compute

GRID = 81
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


class PracticeRaces:
    """Draws practice races; any thread may ask. The last ones are kept."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._lock = threading.Lock()
        self._drawings: OrderedDict[Practice, Future[Drawing]] = OrderedDict()

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


def drawn(practice: Practice) -> Drawing:
    """Compute the paths of a race and the heights of its surface."""
    domain = practice.surface.domain
    x = torch.linspace(domain.x_low, domain.x_high, GRID, dtype=torch.float64)
    y = torch.linspace(domain.y_low, domain.y_high, GRID, dtype=torch.float64)
    down, across = torch.meshgrid(y, x, indexing="ij")
    heights = practice.surface.build()(across, down)
    heights = torch.where(torch.isfinite(heights), heights, torch.nan)
    return Drawing(practice, tuple(paths_of(practice)), x.numpy(), y.numpy(), heights.numpy())
