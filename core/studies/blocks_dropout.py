"""Dropout at work: one mask, the mean over many masks, and the three errors: one mask, a vote of masks, evaluation.

Shape letters: B samples, F features, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.catalog.architectures.layers import ConvolutionNet, HasDropout
from core.catalog.regularizers.counter_dropout import CounterDropout
from core.errors import BadInput
from core.seeding import generator, seed32
from core.text import Text
from core.training.pictures import evaluating
from core.training.run import Run

NUM_MASKS = 400
"""Masks of the vote."""
MOST_MULTIPLICATIONS = 20_000_000_000
"""Of the whole vote: it decides on how many validation samples the errors are measured."""
MOST_SAMPLES, LEAST_SAMPLES = 1_000, 16
MOST_NUMBERS = 4_000_000
"""Of all masks whose mean is taken at once."""


@dataclass(frozen=True, eq=False)
class MaskLook:
    """A layer of F units for one image: its evaluation output, one mask of it, and the mean over `num_masks` masks.

    `masked` is `kept` · `evaluated` / (1 − p). `gradients` are those of the weights (K, F) that read the units, under
    this mask; `weights` the weights themselves; both None where no dense layer reads them. `incoming` is for each unit
    the largest gradient of the weights that lead to it.
    """

    p: float
    evaluated: np.ndarray
    kept: np.ndarray
    masked: np.ndarray
    mean: np.ndarray
    num_masks: int
    weights: np.ndarray | None
    gradients: np.ndarray | None
    incoming: np.ndarray | None


@dataclass(frozen=True)
class VotesLook:
    """Shares of wrong answers on `num` validation samples: with one mask (mean, range), of the vote, in evaluation."""

    one_mask: float
    lowest: float
    highest: float
    vote: float
    evaluation: float
    num_masks: int
    num: int


def dropouts(model: nn.Module) -> dict[str, CounterDropout]:
    """The dropout layers of a network, by the name of the layer they follow."""
    return {
        name: part.dropout
        for name, part in model.named_modules()
        if isinstance(part, HasDropout) and part.dropout is not None
    }


@contextmanager
def dropping(model: nn.Module, number: int) -> Iterator[None]:
    """The model in evaluation mode, but with the masks of this number; the same number gives the same masks."""
    parts = dropouts(model)
    device = next(model.parameters()).device
    model.eval()
    for name, part in parts.items():
        part.train()
        part.generator = generator(device, seed32(0, "mask", name, number))
    try:
        yield
    finally:
        for part in parts.values():
            part.eval()


def mask(run: Run, name: str, image: Tensor, target: Tensor, number: int, num_masks: int) -> MaskLook:
    """One mask of a dropout layer for an image (1, …), and the mean over the first `num_masks`, in float64."""
    model = run.parts.model
    part = dropouts(model).get(name)
    if part is None:
        raise BadInput(
            Text("Layer {name} has no dropout.", name=name[:80]),
            Text("Only a layer that units are dropped from has masks."),
            Text("Choose one of: {known}.", known=", ".join(dropouts(model)) or "–"),
        )
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def keep(module: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> None:
        seen[module] = given[0], result

    dense = {found: module for found, module in model.named_modules() if isinstance(module, nn.Linear)}
    with ExitStack() as hooks, torch.enable_grad(), dropping(model, number):
        for module in (part, *dense.values()):
            hooks.callback(module.register_forward_hook(keep).remove)
        loss = functional.cross_entropy(model(image), target)
    given, result = seen[part]
    reader = next((module for module in dense.values() if seen[module][0] is result), None)
    own = dense.get(name)
    asked = [module.weight for module in (reader, own) if module is not None]
    found = torch.autograd.grad(loss, asked) if asked else ()
    gradients = {weight: gradient.cpu() for weight, gradient in zip(asked, found, strict=True)}
    evaluated = given[0].detach().double().flatten().cpu()
    factor = _factors(part.p, evaluated, seed32(0, "masks", name, number), num_masks)
    return MaskLook(
        part.p,
        evaluated.numpy(),
        _kept(part, given, name, number),
        result[0].detach().flatten().cpu().numpy(),
        (evaluated * factor).numpy(),
        num_masks,
        None if reader is None else reader.weight.detach().cpu().numpy(),
        None if reader is None else gradients[reader.weight].numpy(),
        None if own is None else gradients[own.weight].abs().amax(1).numpy(),
    )


def _kept(part: CounterDropout, given: Tensor, name: str, number: int) -> np.ndarray:
    """Which units this mask keeps: an image of ones passes through it."""
    part.train()
    part.generator = generator(given.device, seed32(0, "mask", name, number))
    try:
        return part(torch.ones_like(given))[0].flatten().cpu().numpy() > 0
    finally:
        part.eval()


def _factors(p: float, like: Tensor, seed: int, num: int) -> Tensor:
    """The mean over `num` masks of what each unit is multiplied by, (F,) float64."""
    draw = generator("cpu", seed)
    size = max(1, MOST_NUMBERS // max(1, len(like)))
    total = torch.zeros_like(like)
    for first in range(0, num, size):
        masks = torch.empty(min(size, num - first), len(like)).bernoulli_(1 - p, generator=draw)
        total += masks.sum(0, dtype=torch.float64) / (1 - p)
    return total / num


def votes(run: Run) -> Generator[None, None, VotesLook]:
    """The three errors on validation samples; yields after every mask."""
    model = run.parts.model
    if not dropouts(model):
        raise BadInput(
            Text("This network has no dropout."),
            Text("Without masks there is nothing to vote."),
            Text("Choose a run with dropout."),
        )
    forward, inputs, targets = _rest(run)
    with evaluating(model):
        evaluation = _wrong(forward(inputs), targets)
    total, shares = torch.zeros(()), []
    for number in range(NUM_MASKS):
        with torch.no_grad(), dropping(model, number):
            outputs = forward(inputs).double()
        shares.append(_wrong(outputs, targets))
        total = total + outputs.softmax(1)
        yield
    return VotesLook(
        float(np.mean(shares)), min(shares), max(shares), _wrong(total, targets), evaluation, NUM_MASKS, len(targets)
    )


def _rest(run: Run) -> tuple[Callable[[Tensor], Tensor], Tensor, Tensor]:
    """What the masks change of the network, what it is given, and the classes."""
    model, data = run.parts.model, run.parts.data
    validation = data.splits.validation
    if isinstance(model, ConvolutionNet) and not any(name.startswith("conv.") for name in dropouts(model)):
        rows = validation[:MOST_SAMPLES]
        batches = run.parts.feed.pieces(rows, run.parts.piece_size)
        with evaluating(model):
            features = torch.cat([model.features(batch.inputs) for batch in batches])
        return model.head, features, data.targets[rows]
    fits = MOST_MULTIPLICATIONS // (NUM_MASKS * max(1, run.parts.multiplications))
    batch = run.parts.feed.rows(validation[: min(MOST_SAMPLES, max(LEAST_SAMPLES, fits))])
    return model, batch.inputs, batch.targets


def _wrong(outputs: Tensor, targets: Tensor) -> float:
    return float((outputs.argmax(1) != targets).double().mean())
