"""How far the gradient of a mini-batch lies from that of the whole training split, at the same weights.

Both are taken in evaluation mode and of samples as they are: what differs from batch to batch is the choice of samples
alone, without masks of dropout, augmentation and batch statistics, and the full gradient is their exact mean. Weights,
running statistics, gradients and the network's mode stay as they were. (The ratio whose square is the "gradient noise
scale" over the batch size: McCandlish et al., An Empirical Model of Large-Batch Training, 2018, section 2.2.)
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from core.catalog.regularizers.terms import accumulation_dtype
from core.pieces import worked_off
from core.seeding import generator, seed32
from core.training.evaluation import piece_size

if TYPE_CHECKING:
    from core.training.run import Run

NUM_BATCHES = 40
"""So many batches tell the spread to within about a tenth."""


def gradient_noise(run: Run, batch_size: int, *, num_batches: int = NUM_BATCHES) -> float:
    """The spread of mini-batch gradients around the full one, as a share of the full one's length.

    sqrt(mean_k ‖g_k − g‖²) / ‖g‖ over `num_batches` batches, each drawn without replacement from the training split;
    of batches as large as the split it is 0, up to rounding. NaN where the full gradient is 0. `batch_size`: 1 to the
    size of the training split.
    """
    return worked_off(noise_pieces(run, batch_size, num_batches=num_batches))


def noise_pieces(run: Run, batch_size: int, *, num_batches: int = NUM_BATCHES) -> Generator[None, None, float]:
    """`gradient_noise` in pieces of one forward and backward pass each; between them the run is as it was."""
    train = run.parts.data.splits.train
    count = train.shape[0]
    assert 1 <= batch_size <= count
    drawn = generator("cpu", seed32(run.experiment.seed, "gradient_noise", counter=batch_size))
    full = yield from _gradient(run, train)
    squares: list[Tensor] = []
    for _ in range(num_batches):
        chosen = torch.randperm(count, generator=drawn)[:batch_size].to(train.device)
        found = yield from _gradient(run, train[chosen])
        squares.append((found - full).square().sum())
    length, spread = float(full.square().sum()), float(torch.stack(squares).mean())
    return math.sqrt(spread / length) if length > 0 else math.nan


def _gradient(run: Run, rows: Tensor) -> Generator[None, None, Tensor]:
    """The gradient of the mean data loss over these rows, of all parameters in one vector (N,), in pieces."""
    model, loop, dtype = run.parts.model, run.parts.loop, accumulation_dtype(rows)
    found: list[Tensor] = []
    for piece in rows.split(piece_size(run.parts.multiplications, run.conditions.device)):
        was_training = model.training
        model.eval()
        try:
            gradients = torch.autograd.grad(loop.loss_of(run.parts.feed.rows(piece)), run.parts.frame.parameters)
        finally:
            model.train(was_training)
        share = len(piece) / len(rows)
        found.append(share * torch.cat([gradient.flatten() for gradient in gradients]).to(dtype))
        yield
    return torch.stack(found).sum(0)


@dataclass(frozen=True)
class Halves:
    """What two halves of a batch say of the noise of its gradient g: E‖g − full‖² and the full one's ‖·‖², estimated.

    Both are without bias, so `signal_squared` may fall below 0 where noise is nearly all there is.
    """

    noise_squared: float
    signal_squared: float


def halves_of(run: Run, *, num_pairs: int = 1, counter: int = 0) -> Generator[None, None, Halves]:
    """Estimate the noise of batches of the run's size from pairs of halves, in pieces, without the full gradient.

    Two gradients g₁, g₂ of disjoint halves differ by chance alone, and what they share is the full one: ‖g₁ − g₂‖²/4
    and g₁·g₂, both corrected for batches that are drawn without replacement. A mean over `num_pairs`; `counter` chooses
    which batches.
    """
    train = run.parts.data.splits.train
    count = len(train)
    size = min(run.current.batch_size, count)
    half = max(1, size // 2)
    drawn = generator("cpu", seed32(run.experiment.seed, "gradient_noise", "halves", counter))
    noises: list[Tensor] = []
    products: list[Tensor] = []
    for _ in range(num_pairs):
        chosen = torch.randperm(count, generator=drawn)[: 2 * half].to(train.device)
        one = yield from _gradient(run, train[chosen[:half]])
        other = yield from _gradient(run, train[chosen[half:]])
        noises.append((one - other).square().sum() / 4)
        products.append(one @ other)
    spread = float(torch.stack(noises).mean()) * 2 * half  # of the gradient of one sample
    # Halves drawn together without putting back lean away from each other, which makes g₁·g₂ too small.
    signal = float(torch.stack(products).mean()) + spread / count
    return Halves(spread / size * (1 - size / count), signal)
