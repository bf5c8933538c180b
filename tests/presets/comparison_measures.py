"""What a comparison's caption claims, measured on its runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import torch

from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.comparison_presets.costs import multiplications_per_update
from core.studies.comparison_presets.registry import Claim, ComparisonPreset, Measure
from core.studies.engine import engine_of
from core.studies.rate_search import RateSearch
from core.studies.rates import chosen
from core.training.assembly import conditions_of
from core.training.gradient_noise import gradient_noise
from core.training.recorder import StepBlock
from core.training.run import Run
from tests.experiments import Diary
from tests.presets.measures import NEVER, SMALL, advance


class FirstBelow(Diary):
    """Hears of the first update whose batch has a loss below a limit."""

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit, self.step = limit, math.inf

    def on_block(self, block: StepBlock) -> None:
        below = block.steps[np.asarray(block.columns["batch/loss"]) < self.limit]
        self.step = min(self.step, *below.tolist(), math.inf)


Which = tuple[int, str, int]
"""A run by the base seed, the name of its variant, and its own seed."""


class Measured:
    """The runs of one comparison on each of some base seeds, and what is found of them.

    They share their updates as in a race, all of them in one where it would, as no row of a stack knows of the others;
    variants that nothing is claimed of are left out. A comparison whose rates are searched is run with the next seed
    too, on which nothing was searched.
    """

    def __init__(self, preset: ComparisonPreset, base_seeds: Sequence[int], folder: Path) -> None:
        whole = preset.comparison()
        own = whole.rates == "own"
        self.runs: list[tuple[int, int]] = [(base, base + add) for base in base_seeds for add in range(1 + own)]
        claimed = {claim.measure for claim in preset.claims}
        spoken_of = {name for claim in preset.claims for name in (*claim.variants, claim.than)}
        which: list[Which] = []
        experiments: list[Experiment] = []
        for base in base_seeds:
            on_seed = whole.base.replace(seed=base, split_seed=base)
            comparison = Comparison.from_json({**whole.to_json(), "base": on_seed, "seeds": 1 + own})
            for lane in comparison.experiments(searched(comparison, folder) if own else {}):
                name = comparison.variants[lane.variant].name
                if name in spoken_of:
                    which.append((base, name, lane.seed))
                    experiments.append(lane.experiment)
        if "updates_to_10" not in claimed:
            experiments = [experiment.replace(evaluate_every=NEVER) for experiment in experiments]
        engine = engine_of(experiments)
        self.weights: dict[Which, torch.Tensor] = {}
        self.values: dict[Which, dict[Measure, float]] = {}
        for group in engine.groups:
            runs = together([experiments[place] for place in group], engine.name, folder, claimed)
            for place, (run, on_its_way) in zip(group, runs, strict=True):
                self.weights[which[place]] = torch.cat(
                    [tensor.detach().flatten() for tensor in run.parts.loop.parameters]
                )
                self.values[which[place]] = measures(run) | on_its_way

    def of(self, claim: Claim) -> dict[Which, float]:
        """What a claim is about, for each of its variants and each run of it."""
        return {
            (base, name, seed): self._of(claim, base, name, seed) for name in claim.variants for base, seed in self.runs
        }

    def _of(self, claim: Claim, base: int, name: str, seed: int) -> float:
        here, there = (base, name, seed), (base, claim.than, seed)
        if claim.how == "apart":
            return float((self.weights[here] - self.weights[there]).abs().max())
        value = self.values[here][claim.measure]
        if claim.how == "alone":
            return value
        other = self.values[there][claim.measure]
        return value - other if claim.how == "minus" else value / other


def together(
    experiments: Sequence[Experiment], engine: str, folder: Path, claimed: set[str]
) -> list[tuple[Run, dict[Measure, float]]]:
    """Train experiments with common updates; each run, and what is known of it before its end.

    Who is only asked when it is below a loss trains no further than that.
    """
    heard = [FirstBelow(2.0) for _ in experiments]
    runs = [
        Run(experiment, folder, conditions=conditions_of(experiment, engine=engine), listener=below)
        for experiment, below in zip(experiments, heard, strict=True)
    ]
    noise = [
        gradient_noise(run, run.experiment.batch_size) if "gradient_noise" in claimed else math.nan for run in runs
    ]
    below_of = dict(zip(runs, heard, strict=True))
    until_below = claimed == {"updates_to_2"}
    advance(runs, lambda run: not (run.is_over or (until_below and below_of[run].step < math.inf)))
    return [
        (run, {"gradient_noise": 100 * size, "updates_to_2": below.step})
        for run, size, below in zip(runs, noise, heard, strict=True)
    ]


def measures(run: Run) -> dict[Measure, float]:
    """The measures of a run that is over, {} of one that is not; errors of classes in percent."""
    if not run.is_over:
        return {}
    final = run.final
    assert final is not None
    matrices = torch.cat([tensor.detach().abs().flatten() for tensor in run.parts.loop.parameters if tensor.dim() > 1])
    everything = torch.cat([tensor.detach().flatten() for tensor in run.parts.loop.parameters])
    to_10 = next((item.step for item in run.evaluations if item.validation.error <= 0.1), math.inf)
    values: dict[Measure, float] = {
        "train_error": 100 * final.train.error,
        "validation_error": 100 * final.validation.error,
        "updates": run.step_count,
        "updates_to_10": to_10,
        "small_weights": 100 * float((matrices < SMALL).double().mean()),
        "weight_length": float(everything.norm()),
        "multiplications": float(f"{multiplications_per_update(run.experiment) / 1e6:.3g}"),
    }
    assert set(values) | {"weights", "gradient_noise", "updates_to_2"} == set(get_args(Measure))
    return values


def searched(comparison: Comparison, folder: Path) -> dict[int, float]:
    """The learning rates that the race's own search finds."""
    search = RateSearch(
        comparison,
        folder,
        prepare=[],
        wake=lambda: None,
        owner="local",
        paused=False,
        report=lambda search, text: None,
        finished=lambda search: None,
    )
    while not search.done:
        search.advance(60)
    return chosen(search.results())
