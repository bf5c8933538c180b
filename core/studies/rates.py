"""The learning rates of a comparison: the nine that are tried for each variant, and what the search has found.

Every variant gets the same search: the same number of rates over the usual range of its optimizer, the same seed, the
same number of updates as in the race; the training loss after them decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.experiment import Experiment
from core.studies.comparison import Comparison, has_rate, with_rate
from core.text import Text

NUM_RATES = 9
_NEVER = 2**31
"""Evaluations that a search does not need are due after so many updates: it measures at the start and at the end."""


@dataclass(frozen=True)
class Try:
    """One run of the search: the place of its variant, its learning rate, and what it trains."""

    variant: int
    rate: float
    experiment: Experiment


@dataclass(frozen=True)
class Found:
    """What the search found for one variant: (rate, training loss) pairs, infinite where it diverged; the best rate.

    `best` None: the variant keeps the rate it has, or has none to choose.
    """

    variant: int
    points: tuple[tuple[float, float], ...]
    best: float | None
    note: Text | None = None

    def to_meta(self) -> dict[str, Any]:
        """For viewers and the store: texts stay Text."""
        points = [list(point) for point in self.points]
        return {"variant": self.variant, "points": points, "best": self.best, "note": self.note}


def rates_of(experiment: Experiment) -> tuple[float, ...]:
    """The rates that are tried: nine over the usual range, equally far apart on a logarithmic scale."""
    if not has_rate(experiment):
        return ()
    usual = next(entry.usual for entry in experiment.optimizer.parameters() if entry.name == "lr")
    return tuple(float(f"{rate:.6g}") for rate in np.geomspace(usual.low, usual.high, NUM_RATES))


def tries(comparison: Comparison) -> list[Try]:
    """All runs of the search, variant by variant, rates rising."""
    return [
        Try(place, rate, _rarely_measured(with_rate(experiment, rate)))
        for place, experiment in enumerate(comparison.varied())
        for rate in rates_of(experiment)
    ]


def _rarely_measured(experiment: Experiment) -> Experiment:
    """The same, measured only where its course depends on it."""
    follows = experiment.schedule.watch() is not None
    return experiment if follows else experiment.replace(evaluate_every=_NEVER)


def found(
    comparison: Comparison, experiments: Sequence[Experiment], losses: Mapping[tuple[int, float], float]
) -> list[Found]:
    """What the losses by (variant, rate) say about each variant; `experiments` are `comparison.varied()`."""
    return [
        _found(place, experiment, comparison.variants[place].text, losses)
        for place, experiment in enumerate(experiments)
    ]


def _found(place: int, experiment: Experiment, name: Text, losses: Mapping[tuple[int, float], float]) -> Found:
    rates = rates_of(experiment)
    if not rates:
        return Found(place, (), None, Text("{name} has no learning rate to choose: it stays as it is.", name=name))
    points = tuple((rate, losses.get((place, rate), math.nan)) for rate in rates)
    finite = [(loss, rate) for rate, loss in points if math.isfinite(loss)]
    if not finite:
        note = Text("{name} diverged at every rate: it keeps the one it has.", name=name)
        return Found(place, points, None, note)
    best = min(finite)[1]
    note = None
    if best in (rates[0], rates[-1]):
        note = Text("The best rate of {name} is an end of the range, {rate:g}.", name=name, rate=best)
    return Found(place, points, best, note)


def chosen(results: Sequence[Found]) -> dict[int, float]:
    """The rates for the race by place of variant."""
    return {result.variant: result.best for result in results if result.best is not None}


def search_meta(
    results: Sequence[Found], *, running: bool, text: Text | None, num_updates: int | None, engine: str | None = None
) -> dict[str, Any]:
    """What viewers are told of the search, and what is stored of it."""
    return {
        "running": running,
        "text": text,
        "num_rates": NUM_RATES,
        "num_updates": num_updates,
        "engine": engine,
        "curves": [result.to_meta() for result in results],
        "notes": [result.note for result in results if result.note is not None],
    }
