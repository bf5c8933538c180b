"""What is asked of the landscape of a real network: checked before torch is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from core.errors import BadInput
from core.text import Text

PlaneKind = Literal["random", "pca", "ends", "hessian"]
"""Two filter-normalized directions; the path's main axes; through its start and its best; the extreme curvatures."""
BatchNorm = Literal["frozen", "estimated"]
"""Batch normalization with the statistics that training has kept, or with those of the sample at every point."""

PLANES: tuple[PlaneKind, ...] = get_args(PlaneKind)
BATCH_NORMS: tuple[BatchNorm, ...] = get_args(BatchNorm)
MOST_POINTS = 257
"""The finest picture, points a side."""
MOST_SAMPLES = 10_000
"""The largest sample: it is held in memory with all that the layers make of it."""
MOST_RUNS = 8
"""Paths on one surface: all their snapshots are held in memory at once."""

_PREFIX = "landscape-"


@dataclass(frozen=True)
class Asked:
    """A surface: which plane, how many points a side, and of which function. BadInput for what cannot be."""

    plane: PlaneKind = "random"
    resolution: int = 33
    samples: int = 512
    seed: int = 0
    with_penalty: bool = False
    batch_norm: BatchNorm = "frozen"

    def __post_init__(self) -> None:
        check_resolution(self.resolution)
        check_samples(self.samples)


@dataclass(frozen=True)
class SurfaceRequest:
    """A surface through the first of these runs after update `step` (None: its last), with the paths of all of them."""

    runs: tuple[str, ...]
    step: int | None = None
    asked: Asked = field(default_factory=Asked)

    def __post_init__(self) -> None:
        _check_runs(self.runs, MOST_RUNS)


@dataclass(frozen=True)
class LineRequest:
    """The loss along a line: between what two runs have come to, or with one run along its update `step`."""

    runs: tuple[str, ...]
    step: int | None = None
    samples: int = 512
    batch_norm: BatchNorm = "frozen"

    def __post_init__(self) -> None:
        _check_runs(self.runs, 2)
        check_samples(self.samples)


@dataclass(frozen=True)
class CurvatureRequest:
    """The curvature of a run after update `step` (None: its last)."""

    run: str
    step: int | None = None
    samples: int = 512

    def __post_init__(self) -> None:
        check_samples(self.samples)


LandscapeRequest = SurfaceRequest | LineRequest | CurvatureRequest


def landscape_channel(name: str) -> str:
    """The channel of the hub on which the landscape of this name is told."""
    return f"{_PREFIX}{name}"


def is_landscape(channel: str) -> bool:
    """Whether a channel is that of a landscape."""
    return channel.startswith(_PREFIX)


def check_resolution(resolution: int) -> None:
    """BadInput for a grid that has no point in its middle, or too few or too many."""
    if resolution % 2 == 0 or not 3 <= resolution <= MOST_POINTS:
        raise BadInput(
            Text("The resolution is {resolution}.", resolution=resolution),
            Text("The checkpoint stands in the middle of the grid, so a side has an odd number of points."),
            Text("Use an odd number from 3 to {most}; 33 is usual.", most=MOST_POINTS),
        )


def check_samples(samples: int) -> None:
    """BadInput for no samples or too many."""
    if not 1 <= samples <= MOST_SAMPLES:
        raise BadInput(
            Text("The loss cannot be measured on {samples:,} samples.", samples=samples),
            Text("It is a mean over samples of the training split, which are held in memory at once."),
            Text("Use 1 to {most:,} samples; 512 are usual.", most=MOST_SAMPLES),
        )


def _check_runs(runs: tuple[str, ...], most: int) -> None:
    """BadInput for no runs, too many, or one twice."""
    if not 1 <= len(set(runs)) == len(runs) <= most:
        raise BadInput(
            Text("The runs of the picture are {runs}.", runs=", ".join(runs) or "–"),
            Text("It shows at least one run, at most {most}, and each once.", most=most),
            Text("Choose other runs."),
        )
