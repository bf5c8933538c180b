"""Max against average pooling of one feature map, as it is and where the image was moved by one pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.nn import functional


@dataclass(frozen=True, eq=False)
class Pooled:
    """A map (H, W) of the image and of the moved one; `changed`: all differences over all values, in size."""

    kind: Literal["map", "max", "average"]
    plain: np.ndarray
    moved: np.ndarray

    @property
    def changed(self) -> float:
        """The sum of the sizes of all differences, as a share of that of all values; 0 where all are 0."""
        size = float(np.abs(self.plain).sum())
        return float(np.abs(self.plain - self.moved).sum()) / size if size else 0.0


def pooled(plain: np.ndarray, moved: np.ndarray, window: int, stride: int) -> list[Pooled]:
    """The map itself, its largest and its mean values in windows; one map of at most a few thousand numbers."""
    both = torch.from_numpy(np.stack([plain, moved]))[:, None]
    largest = functional.max_pool2d(both, window, stride)[:, 0].numpy()
    mean = functional.avg_pool2d(both, window, stride)[:, 0].numpy()
    return [
        Pooled("map", plain, moved),
        Pooled("max", largest[0], largest[1]),
        Pooled("average", mean[0], mean[1]),
    ]
