"""Trajectory: the snapshots of a run as points in the space of all parameters, with their true losses.

Shape letters: T snapshots, N parameters.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.landscape.measured import Measured


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Snapshots of one run by increasing step, or of several runs one after another.

    `flats` are their parameters (T, N), as `exact` gives them; `losses` what the measured function is at each; `best`
    is the best one's place.
    """

    steps: list[int]
    flats: Tensor
    losses: list[float]
    best: int


def trajectory_of(
    measured: Measured,
    snapshots: Iterable[tuple[int, Mapping[str, Tensor]]],
    best_step: int | None = None,
    *,
    of_another: bool = False,
) -> Generator[None, None, Trajectory]:
    """Measure the snapshots (step, state of the network) of the measured run; yields after every piece of work.

    The measured checkpoint is one of them too, unless they are those `of_another` run: then there is at least one. The
    best is that after update `best_step`, which must be among them, or else the one of the lowest loss.
    """
    found = {} if of_another else {measured.step: (measured.flat, (yield from measured.look())[0])}
    for step, state in snapshots:
        if step not in found:
            found[step] = measured.flat_of(state), (yield from measured.true_loss(state))
            yield
    steps = sorted(found)
    losses = [found[step][1] for step in steps]
    best = losses.index(min(losses)) if best_step is None else steps.index(best_step)
    return Trajectory(steps, torch.stack([exact(found[step][0]) for step in steps]), losses, best)


def joined(paths: Sequence[Trajectory]) -> Trajectory:
    """The paths of several runs as one, that of the measured run first.

    Of two and more the best is where the second has come to: a plane through it and the start shows where they part.
    """
    first, *others = paths
    if not others:
        return first
    return Trajectory(
        [step for path in paths for step in path.steps],
        torch.cat([path.flats for path in paths]),
        [loss for path in paths for loss in path.losses],
        len(first.steps) + len(others[0].steps) - 1,
    )


def exact(flat: Tensor) -> Tensor:
    """The same numbers in float64, in the host's memory: steps are small beside the weights, and differences count."""
    return flat.detach().to("cpu", torch.float64)
