"""What a deep layer feels when the weights of an early one are multiplied, with and without batch normalization."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch

from core.experiment import Experiment
from core.studies.gradients_asked import Felt, Network, Pair, Shared
from core.studies.gradients_before import first_batch, first_network, handed_on
from core.training.resident import ResidentData

DEPTH = 12
"""Layers of the two networks, or more where a deeper one is asked about."""


@dataclass(frozen=True)
class Inputs:
    """Spread of the input of each layer, from the first on, before and after the weights were multiplied."""

    before: tuple[float, ...]
    after: tuple[float, ...]

    def times(self, layer: int) -> float:
        """How many times as far the input of a layer (from 1) spreads afterwards."""
        return self.all_times[layer - 1]

    @property
    def all_times(self) -> tuple[float, ...]:
        """The same of every layer."""
        return tuple(after / before for before, after in zip(self.before, self.after, strict=True))


def felt(data: ResidentData, asked: Felt) -> Generator[None, None, tuple[Inputs, Inputs]]:
    """Without and with batch normalization: the same weights, the same batch."""
    depth = max(DEPTH, asked.changed, asked.feels)
    pair = Pair(shared=Shared(seed=asked.seed))
    plain = Network(depth=depth, activation=asked.activation, first_weights=asked.first_weights)
    without = _inputs(data, pair.experiment(plain), depth, asked)
    yield
    return without, _inputs(data, pair.experiment(plain.model_copy(update={"normalization": "batch"})), depth, asked)


@torch.no_grad()
def _inputs(data: ResidentData, experiment: Experiment, depth: int, asked: Felt) -> Inputs:
    model, batch = first_network(data, experiment), first_batch(data, experiment)
    layers = [f"hidden.{number}" for number in range(1, depth + 1)]

    def spreads() -> tuple[float, ...]:
        with handed_on(model, layers) as given:
            model(batch.inputs)
        return tuple(given[layer].std().item() for layer in layers)

    before = spreads()
    model.get_parameter(f"hidden.{asked.changed}.weight").mul_(asked.factor)
    return Inputs(before, spreads())
