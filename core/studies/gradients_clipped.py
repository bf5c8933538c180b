"""Clipping on a network that explodes: the length of the gradient before and after it, update by update."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from core.experiment import Experiment
from core.studies.gradients_asked import Clipped
from core.training.device import conditions
from core.training.evaluation import Evaluation
from core.training.events import Event
from core.training.instruments.norms import total_norm
from core.training.recorder import StepBlock
from core.training.resident import ResidentData
from core.training.run import Run


@dataclass(frozen=True)
class Descent:
    """One run: of each update the loss of its batch, and log10 of the gradient's norm before and after clipping."""

    losses: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    num_clipped: int
    diverged: bool
    """Whether it ended because a loss or a gradient was not a number."""


def clipped(data: ResidentData, asked: Clipped) -> Generator[None, None, tuple[Descent, Descent]]:
    """Train without and with the limit, in pieces."""
    without = yield from _descent(data, asked.experiment(clips=False), asked.updates)
    limited = yield from _descent(data, asked.experiment(clips=True), asked.updates)
    return without, limited


class _Rows:
    """Listens to a run and keeps what it records."""

    def __init__(self) -> None:
        self.columns: dict[str, list[float]] = {}

    def on_block(self, block: StepBlock) -> None:
        for name, values in block.columns.items():
            self.columns.setdefault(name, []).extend(values.tolist())

    def on_evaluation(self, evaluation: Evaluation) -> None:
        """Errors are not looked at."""

    def on_event(self, event: Event) -> None:
        """Nobody changes this run."""


def _descent(data: ResidentData, experiment: Experiment, updates: int) -> Generator[None, None, Descent]:
    rows, after = _Rows(), []
    where = conditions(experiment.precision, device="cpu")
    run = Run(experiment, Path(), conditions=where, listener=rows, data=data)
    while run.step_count < updates:
        run.step()
        # Clipping shortens the gradients where they are, and an update leaves them there.
        gradients = [parameter.grad for parameter in run.parts.loop.parameters if parameter.grad is not None]
        norm = total_norm(gradients).item()
        after.append(math.log10(norm) if norm > 0 else -math.inf)
        if not math.isfinite(norm):
            break
        yield
    run.flush()
    before = rows.columns["gradient_norm/total"]
    return Descent(
        tuple(rows.columns["batch/loss"]),
        tuple(before),
        tuple(after[: len(before)]),
        int(sum(rows.columns.get("clipped", ()))),
        run.is_ending,
    )
