"""The parts of an update that may change while a run goes on, made of what stays: one maker for each.

A new run and a changed one call the same makers (core.training.assembly, core.training.rebuild).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from core.catalog.architectures.architecture import Architecture, layer_of
from core.catalog.architectures.layers import set_stochastic_depth
from core.catalog.augmentations.synthetic import LearnedAugmentation
from core.catalog.entry import Entry
from core.catalog.faults import acting
from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.regularizers import Regularizer, depth_rate, dropout_rates
from core.catalog.regularizers.counter_dropout import CounterDropout
from core.catalog.regularizers.terms import Decay, MaxNorm, NormClip, Penalty, ValueClip
from core.experiment import Experiment
from core.seeding import augmentation_seeds, generator
from core.training.average import Average
from core.training.device import NOISE_OF_32_BITS, NOISE_OF_BOTH, NOISE_OF_TORCH
from core.training.flat import Flat
from core.training.gan import Gan
from core.training.guard import Guard
from core.training.update import Closure, Update, update_of

if TYPE_CHECKING:
    from core.catalog.augmentations.gaussian import Draw

Augment = Callable[[Any, int], Any]
Gans = Mapping[LearnedAugmentation, Gan]


@dataclass(frozen=True)
class Frame:
    """What stays while a run goes on: its network's named parameters and statistics, and what is watched."""

    model: nn.Module
    named: list[tuple[str, nn.Parameter]]
    weights: Flat
    statistics: list[Tensor]
    watched: Tensor
    input_shape: tuple[int, ...]
    num_outputs: int
    device: str
    noise: str

    @property
    def parameters(self) -> list[nn.Parameter]:
        """The parameters in their order."""
        return [parameter for _, parameter in self.named]

    def trained(self, frozen: tuple[str, ...]) -> list[int]:
        """The places of the parameters that are updated when these layers are frozen."""
        return [place for place, (name, _) in enumerate(self.named) if layer_of(name) not in frozen]


@dataclass(frozen=True)
class Terms:
    """What regularizers do within an update; penalties name parameters by place, the others hold them."""

    penalties: list[tuple[Penalty, list[int]]]
    clips: list[NormClip | ValueClip]
    decays: list[tuple[Decay, list[Tensor]]]
    projections: list[tuple[MaxNorm, list[Tensor]]]


def terms_of(experiment: Experiment, frame: Frame) -> Terms:
    """The terms of an experiment's regularizers; they leave frozen layers alone."""
    places = frame.trained(experiment.frozen)
    named = [frame.named[place] for place in places]
    place_of = {id(parameter): place for place, (_, parameter) in zip(places, named, strict=True)}
    penalties, decays, projections = (regularizers(experiment, kind) for kind in ("penalty", "decay", "projection"))
    return Terms(
        penalties=[(entry.build(), [place_of[id(t)] for t in entry.tensors(named)]) for entry in penalties],
        clips=[entry.build() for entry in regularizers(experiment, "clip")],
        decays=[(entry.build(), list(entry.tensors(named))) for entry in decays],
        projections=[(entry.build(), list(entry.tensors(named))) for entry in projections],
    )


def average_of(experiment: Experiment, frame: Frame) -> Average | None:
    """The average of the weights that an experiment asks for, beginning with the network as it is."""
    averages = regularizers(experiment, "average")
    return Average(averages[0].build(), frame) if averages else None


def regularizers(experiment: Experiment, kind: str) -> list[Regularizer]:
    """The experiment's regularizers of one kind, compound ones as their parts."""
    chosen = [cast(Regularizer, entry) for entry in experiment.regularizers]
    return [part for entry in chosen for part in entry.parts if part.kind == kind]


@dataclass(frozen=True)
class Rule:
    """What makes an update of gradients. `trained` are the places among `parameters` of those it moves."""

    parameters: list[nn.Parameter]
    optimizer: torch.optim.Optimizer
    guard: Guard
    update: Update
    trained: list[int]
    fresh: Callable[[], torch.optim.Optimizer]
    is_fused: bool
    entry: Optimizer


def rule_of(experiment: Experiment, frame: Frame, head: Sequence[nn.Parameter] = ()) -> Rule:
    """The optimizer of an experiment over the layers that are not frozen and a head beside them, its memory empty."""
    entry = cast(Optimizer, experiment.optimizer)
    everything = [*frame.parameters, *head]
    trained = frame.trained(experiment.frozen) + list(range(len(frame.named), len(everything)))
    parameters = [everything[place] for place in trained]
    optimizer = entry.build(parameters)
    fused = entry.fused(parameters)
    kept = [parameter.detach() for parameter in head]
    changing = partial(_changing, frame.statistics, None if fused else frame.weights, kept, optimizer)
    guard = Guard(frame.watched, None if fused and not frame.statistics else changing)
    update = update_of(entry, optimizer, parameters, guard.found)
    factor = acting(experiment).rate_factor
    if factor != 1:
        update = _at_another_rate(update, optimizer, factor)
    return Rule(everything, optimizer, guard, update, trained, partial(entry.build, parameters), fused, entry)


def network_of(experiment: Experiment, input_shape: tuple[int, ...], num_outputs: int) -> nn.Module:
    """The network of an experiment on the meta device, with the dropout and stochastic depth of its regularizers."""
    architecture = cast(Architecture, experiment.architecture)
    network = architecture.build(input_shape, num_outputs, dropout_rates(experiment.regularizers))
    set_stochastic_depth(network, depth_rate(experiment.regularizers))
    return acting(experiment).network(network)


def dropouts_of(model: nn.Module, device: str) -> list[tuple[str, CounterDropout]]:
    """The layers that drop units or branches of a network by name, each with a generator of its own."""
    found = [(name, module) for name, module in model.named_modules() if isinstance(module, CounterDropout)]
    for _, module in found:
        module.generator = None if device == "meta" else generator(device, 0)
    return found


def augmentation_of(experiment: Experiment, frame: Frame, gans: Gans) -> Augment | None:
    """The experiment's augmentations as one function of a batch and a step; None without any."""
    entries: tuple[Entry, ...] = experiment.augmentations
    if not entries:
        return None
    from core.catalog.augmentations.pipeline import compile_pipeline

    samplers = {entry: gan.sample for entry, gan in gans.items()}
    pipeline = compile_pipeline(entries, frame.input_shape, frame.num_outputs, samplers, draw_of(frame.noise))
    seeds = augmentation_seeds(experiment.seed, frame.device)
    return lambda batch, step: pipeline(batch, step, seeds)


def draw_of(noise: str) -> Draw:
    """How a run draws Gaussian numbers whose conditions name this `noise`."""
    from core.catalog.augmentations.gaussian import gaussian, gaussian_of_64_bits, gaussian_of_torch

    if noise == NOISE_OF_TORCH:
        return gaussian_of_torch
    if noise.endswith(NOISE_OF_32_BITS):
        return gaussian
    return partial(gaussian_of_64_bits, functions=torch if noise.endswith(NOISE_OF_BOTH) else np)


def _at_another_rate(update: Update, optimizer: torch.optim.Optimizer, factor: float) -> Update:
    """An update that goes `factor` times as far as it is told."""

    def faulty(gradients: list[Tensor], lr: float, closure: Closure | None = None) -> None:
        for group in optimizer.param_groups:
            group["lr"] = factor * lr
        update(gradients, factor * lr, closure)

    return faulty


def _changing(
    statistics: list[Tensor], weights: Flat | None, head: Sequence[Tensor], optimizer: torch.optim.Optimizer
) -> list[Tensor]:
    """What a step changes on the device even where the optimizer's kernel is told to leave everything as it is.

    Running statistics; without such a kernel (`weights` given) also the weights, those of a head, and the optimizer's
    state, without its counters.
    """
    if weights is None:
        return statistics
    state = [
        value
        for values in optimizer.state.values()
        for name, value in values.items()
        if isinstance(value, Tensor) and name != "step" and value.device == weights.all.device
    ]
    return [*statistics, weights.all, *head, *state]
