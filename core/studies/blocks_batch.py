"""What a batch does in a layer: where its pre-activations lie under an activation, and batch normalization of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.catalog.activations import Activation
from core.catalog.registry import parse
from core.errors import BadInput
from core.studies.blocks_asked import Normalized, PreActivations
from core.studies.blocks_layers import Stages, curve, stages
from core.text import Text
from core.training.run import Run

BATCH = 64
"""Images of a batch, at most."""
NUM_BINS, NUM_PLACES = 60, 401
FLAT = 0.05
"""A slope below this hands almost no gradient on."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """Counts (N,) between edges (N + 1,)."""

    edges: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True, eq=False)
class ActivationLook:
    """Value and slope of an activation along `places`, the pre-activations of `num` images, and what they meet.

    `flat_share` of them meet a slope below FLAT in size, `zero_share` of them become exactly 0.
    """

    places: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    histogram: Histogram
    num: int
    flat_share: float
    zero_share: float


@dataclass(frozen=True, eq=False)
class NormalizationLook:
    """One channel of a layer for `num` images: values before, after with the batch's statistics, and after evaluation.

    The means and variances are those of the batch and the running ones; γ and β are learned.
    """

    before: Histogram
    in_training: Histogram
    in_evaluation: Histogram
    num: int
    batch_mean: float
    batch_variance: float
    running_mean: float
    running_variance: float
    gamma: float
    beta: float
    largest_difference: float


def batch_of(run: Run, num: int = BATCH) -> Tensor:
    """The first images of the training split, as the network gets them."""
    return run.parts.feed.rows(run.parts.data.splits.train[:num]).inputs


def layer_of(run: Run, name: str, inputs: Tensor) -> Stages:
    """A layer at work; BadInput for one that the network has not."""
    found = stages(run.parts.model, inputs)
    if name not in found:
        raise BadInput(
            Text("The network has no layer “{name}” to look into.", name=name[:80]),
            Text("Shown are convolutions and dense layers with an activation."),
            Text("Choose one of: {known}.", known=", ".join(found) or "–"),
        )
    return found[name]


def pre_activations(run: Run, asked: PreActivations) -> ActivationLook:
    """Where a batch lies under a layer's activation, or under another one."""
    inputs = batch_of(run)
    layer = layer_of(run, asked.layer, inputs)
    given = layer.summed if layer.normalized is None else layer.normalized
    module = layer.module.activation
    if asked.activation:
        entry = parse("activations", asked.activation)
        assert isinstance(entry, Activation)
        module = entry.build()
    assert isinstance(module, nn.Module)
    given = given.detach().flatten().cpu().double()
    values, slopes = curve(module, given)
    low, high = float(given.min()), float(given.max())
    reach = max(4.0, abs(low), abs(high))
    places = torch.linspace(-reach, reach, NUM_PLACES, dtype=torch.float64)
    shown = curve(module, places)
    return ActivationLook(
        places.numpy(),
        *shown,
        histogram(given),
        len(inputs),
        flat_share=float((np.abs(slopes) < FLAT).mean()),
        zero_share=float((values == 0).mean()),
    )


def normalized(run: Run, asked: Normalized) -> NormalizationLook:
    """Batch normalization of one channel; what comes to the layer is that of evaluation."""
    inputs = batch_of(run, asked.num)
    layer = layer_of(run, asked.layer, inputs)
    norm = layer.module.norm
    if not isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d) or not 0 <= asked.channel < norm.num_features:
        raise BadInput(
            Text("Layer {name} has no batch-normalized channel {channel}.", name=asked.layer, channel=asked.channel),
            Text("Running statistics exist for each channel of a batch-normalized layer."),
            Text("Choose another layer or channel."),
        )
    assert norm.running_mean is not None
    assert norm.running_var is not None
    summed = layer.summed.detach().double()
    gamma, beta = norm.weight.detach().double(), norm.bias.detach().double()
    running = norm.running_mean.double(), norm.running_var.double()
    in_training = functional.batch_norm(summed, None, None, gamma, beta, training=True, eps=norm.eps)
    in_evaluation = functional.batch_norm(summed, *running, gamma, beta, training=False, eps=norm.eps)
    before, trained, evaluated = (values[:, asked.channel] for values in (summed, in_training, in_evaluation))
    return NormalizationLook(
        histogram(before),
        histogram(trained),
        histogram(evaluated),
        len(inputs),
        float(before.mean()),
        float(before.var(correction=0)),
        float(running[0][asked.channel]),
        float(running[1][asked.channel]),
        float(gamma[asked.channel]),
        float(beta[asked.channel]),
        float((trained - evaluated).abs().max()),
    )


def histogram(values: Tensor) -> Histogram:
    """How often values lie where."""
    counts, edges = np.histogram(values.detach().cpu().double().flatten().numpy(), NUM_BINS)
    return Histogram(edges, counts)
