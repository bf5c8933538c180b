"""Gradients before training: what one batch says about a network's first weights, layer by layer, in float64.

The weights are the very ones that a run of the experiment starts with, and the batch is that of its first update; only
the arithmetic is done with more digits. Shape letters: B samples, F features, K outputs.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from core.catalog.architectures.architecture import Architecture, layer_of
from core.catalog.initializers import Initializer, initialize
from core.catalog.registry import parse
from core.experiment import Experiment
from core.seeding import seed32
from core.studies.gradients_asked import Pair
from core.training.assembly import loss_of
from core.training.batch import Batch
from core.training.feed import Feed
from core.training.parts import network_of
from core.training.resident import ResidentData
from core.training.units import Units, watching


@dataclass(frozen=True)
class Profile:
    """One network on one batch: a row for each layer from the input to the output, named as in its plan.

    `means`, `spreads`: of what a layer hands on. `gradients`: log10 of the norm of the layer's gradient, −inf for
    exactly 0. `ratios`: log10 of the norm of its first update by plain SGD over that of its weights. `units`: the state
    of the hidden layers. `loss` is the batch's.
    """

    layers: tuple[str, ...]
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    gradients: tuple[float, ...]
    ratios: tuple[float, ...]
    units: dict[str, Units]
    loss: float

    @property
    def sizes(self) -> dict[str, float]:
        """The gradients by layer."""
        return dict(zip(self.layers, self.gradients, strict=True))


def profiles(data: ResidentData, pair: Pair) -> Generator[None, None, tuple[Profile, Profile]]:
    """Both networks of a pair, in two pieces."""
    shared = pair.shared
    left = profile(data, pair.experiment(pair.left), shared.input_scale, shared.lr)
    yield
    return left, profile(data, pair.experiment(pair.right), shared.input_scale, shared.lr)


def first_batch(data: ResidentData, experiment: Experiment) -> Batch:
    """The batch of a run's first update, in float64 where it holds numbers."""
    feed = Feed(
        data.inputs,
        data.targets,
        data.splits.train,
        data.shift,
        data.factor,
        experiment.batch_size,
        experiment.seed,
    )
    batch = feed.batch(0)
    targets = batch.targets.double() if batch.targets.is_floating_point() else batch.targets
    return Batch(batch.inputs.double(), targets, batch.sample_ids)


def first_network(data: ResidentData, experiment: Experiment) -> nn.Module:
    """The network of a run before its first update, its weights widened to float64."""
    architecture = cast(Architecture, experiment.architecture)
    model = network_of(experiment, tuple(data.inputs.shape[1:]), data.num_outputs).to_empty(device="cpu")
    entry = experiment.initializer or parse("initializers", architecture.default_initializer)
    initialize(model, cast(Initializer, entry), partial(seed32, experiment.seed, "init"))
    return model.double().train()


def profile(data: ResidentData, experiment: Experiment, input_scale: float, lr: float) -> Profile:
    """Measure an experiment's network on its first batch, whose inputs are multiplied by `input_scale`."""
    model, batch = first_network(data, experiment), first_batch(data, experiment)
    loss = loss_of(experiment, data.task).build(data.task)  # type: ignore[arg-type]
    named = dict(model.named_parameters())
    layers = tuple(dict.fromkeys(layer_of(name) for name in named))
    with watching(model) as watched, handed_on(model, layers) as given:
        logits_BK = model(batch.inputs * input_scale)
    value = loss(logits_BK, batch.targets)
    gradients = torch.autograd.grad(value, list(named.values()))
    squares, weights = _squares(named, gradients), _squares(named, list(named.values()))
    outputs = [*(given[layer] for layer in layers[1:]), logits_BK.detach()]
    return Profile(
        layers,
        tuple(part.mean().item() for part in outputs),
        tuple(part.std().item() for part in outputs),
        tuple(half_log10(squares[layer]) for layer in layers),
        tuple(ratio(squares[layer], weights[layer], lr) for layer in layers),
        watched.units(),
        value.item(),
    )


@torch.no_grad()
def _squares(names: Iterable[str], tensors: Sequence[Tensor]) -> dict[str, float]:
    """The sum of squares of each layer's tensors."""
    sums: dict[str, float] = {}
    norms = torch.stack(torch._foreach_norm(list(tensors))).tolist()
    for name, norm in zip(names, norms, strict=True):
        sums[layer_of(name)] = sums.get(layer_of(name), 0.0) + norm**2
    return sums


@contextmanager
def handed_on(model: nn.Module, layers: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """What each of these layers is given (B, …), once the model has been called in the block."""
    given: dict[str, Tensor] = {}

    def note(name: str, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        given[name] = inputs[0].detach()

    handles = [model.get_submodule(name).register_forward_pre_hook(partial(note, name)) for name in layers]
    try:
        yield given
    finally:
        for handle in handles:
            handle.remove()


def half_log10(square: float) -> float:
    """log10 of the root of a sum of squares; −inf for 0."""
    return 0.5 * math.log10(square) if square > 0 else -math.inf


def ratio(gradient: float, weight: float, lr: float) -> float:
    """log10 of the length of an update over that of the weights, from both sums of squares."""
    update = math.log10(lr) + half_log10(gradient)
    return update if math.isinf(update) else update - half_log10(weight)
