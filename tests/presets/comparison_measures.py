"""What a comparison's caption claims, measured on its runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import get_args

import numpy as np
import torch

from core.experiment import Experiment
from core.studies.comparison import Comparison
from core.studies.comparison_presets.costs import multiplications_per_update
from core.studies.comparison_presets.registry import Claim, ComparisonPreset, Measure
from core.studies.rates import chosen, found, tries
from core.training.gradient_noise import gradient_noise
from core.training.recorder import StepBlock
from core.training.run import Run
from tests.experiments import Diary
from tests.presets.measures import SMALL

NEVER = 2**31
"""A run that nothing is claimed of on its way is measured at its start and at its end."""


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

    A comparison whose rates are searched is run with its next seed too, on which nothing was searched.
    """

    def __init__(self, preset: ComparisonPreset, seed: int, folder: Path) -> None:
        comparison = preset.comparison()
        on_seed = comparison.base.replace(seed=seed, split_seed=seed)
        own = comparison.rates == "own"
        self.seeds = (seed, seed + 1) if own else (seed,)
        comparison = Comparison.from_json({**comparison.to_json(), "base": on_seed, "seeds": len(self.seeds)})
        rates = searched(comparison, folder) if own else {}
        claimed = {claim.measure for claim in preset.claims}
        self.weights: dict[tuple[str, int], torch.Tensor] = {}
        self.values: dict[tuple[str, int], dict[Measure, float]] = {}
        for lane in comparison.experiments(rates):
            experiment = lane.experiment
            if "updates_to_10" not in claimed:
                experiment = experiment.replace(evaluate_every=NEVER)
            below = FirstBelow(2.0)
            run = Run(experiment, folder, listener=below)
            noise = gradient_noise(run, experiment.batch_size) if "gradient_noise" in claimed else math.nan
            for _ in run.pieces():
                if claimed == {"updates_to_2"} and below.step < math.inf:
                    break
            which = comparison.variants[lane.variant].name, lane.seed
            self.weights[which] = torch.cat([tensor.detach().flatten() for tensor in run.parts.loop.parameters])
            self.values[which] = measures(run, experiment) if run.is_over else {}
            self.values[which] |= {"gradient_noise": 100 * noise, "updates_to_2": below.step}

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


def measures(run: Run, experiment: Experiment) -> dict[Measure, float]:
    """The measures of a run that is over; errors of classes in percent."""
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
        "multiplications": float(f"{multiplications_per_update(experiment) / 1e6:.3g}"),
    }
    assert set(values) | {"weights", "gradient_noise", "updates_to_2"} == set(get_args(Measure))
    return values


def searched(comparison: Comparison, folder: Path) -> dict[int, float]:
    """The learning rates that the race's own search would find."""
    losses: dict[tuple[int, float], float] = {}
    for item in tries(comparison):
        run = Run(item.experiment, folder).train()
        diverged = run.outcome is None or run.outcome.state == "diverged" or run.latest is None
        losses[item.variant, item.rate] = math.inf if diverged else run.latest.train.loss  # type: ignore[union-attr]
    return chosen(found(comparison, comparison.varied(), losses))
