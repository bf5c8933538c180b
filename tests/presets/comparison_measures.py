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


class Measured:
    """The runs of one comparison on one base seed, and what is found of them.

    They share their updates as in a race, where no row of a stack knows of the others: variants that nothing is claimed
    of are left out. A comparison whose rates are searched is run with its next seed too, on which nothing was searched.
    """

    def __init__(self, preset: ComparisonPreset, seed: int, folder: Path) -> None:
        comparison = preset.comparison()
        on_seed = comparison.base.replace(seed=seed, split_seed=seed)
        own = comparison.rates == "own"
        self.seeds = (seed, seed + 1) if own else (seed,)
        comparison = Comparison.from_json({**comparison.to_json(), "base": on_seed, "seeds": len(self.seeds)})
        lanes = comparison.experiments(searched(comparison, folder) if own else {})
        claimed = {claim.measure for claim in preset.claims}
        experiments = [lane.experiment for lane in lanes]
        if "updates_to_10" not in claimed:
            experiments = [experiment.replace(evaluate_every=NEVER) for experiment in experiments]
        engine = engine_of(experiments)
        self.weights: dict[tuple[str, int], torch.Tensor] = {}
        self.values: dict[tuple[str, int], dict[Measure, float]] = {}
        names = [comparison.variants[lane.variant].name for lane in lanes]
        spoken_of = {name for claim in preset.claims for name in (*claim.variants, claim.than)}
        for group in engine.groups:
            places = [place for place in group if names[place] in spoken_of]
            runs = together([experiments[place] for place in places], engine.name, folder, claimed)
            for place, (run, on_its_way) in zip(places, runs, strict=True):
                which = names[place], lanes[place].seed
                self.weights[which] = torch.cat([tensor.detach().flatten() for tensor in run.parts.loop.parameters])
                self.values[which] = measures(run) | on_its_way

    def of(self, claim: Claim) -> dict[tuple[str, int], float]:
        """What a claim is about, for each of its variants and each seed."""
        return {(name, seed): self._of(claim, name, seed) for name in claim.variants for seed in self.seeds}

    def _of(self, claim: Claim, name: str, seed: int) -> float:
        if claim.how == "apart":
            return float((self.weights[name, seed] - self.weights[claim.than, seed]).abs().max())
        value = self.values[name, seed][claim.measure]
        if claim.how == "alone":
            return value
        other = self.values[claim.than, seed][claim.measure]
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
