"""Evaluation: loss and error of the present weights on given rows, in evaluation mode, unaugmented.

One function serves training and validation rows, so that the two can be compared. It works in pieces so that a
command waits at most one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from core.catalog.regularizers.terms import accumulation_dtype
from core.training.batch import Batch

PIECE_MULTIPLICATIONS = 2_000_000_000
"""Multiplications of one piece's forward pass: well under 0.2 s on one core."""
CACHED_MULTIPLICATIONS = 200_000_000
"""The same on a CPU, where what one layer hands to the next must stay in its cache: a third faster with images."""


@dataclass(frozen=True)
class Score:
    """What a network gets right on `num` samples.

    `loss` is the mean data loss. `error` is the share of wrong answers (`wrong` of `num`); for regression the relative
    error, RMSE ÷ standard deviation of the training targets, and `wrong` is None.
    """

    loss: float
    error: float
    num: int
    wrong: int | None


@dataclass(frozen=True)
class Evaluation:
    """Training and validation scores after `step` updates. `gap` is validation error − training error."""

    step: int
    epoch: float
    train: Score
    validation: Score
    train_s: float
    evaluation_s: float
    samples_per_s: float

    @property
    def gap(self) -> float:
        """Validation error − training error, as a fraction (times 100: points)."""
        return self.validation.error - self.train.error

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values (NaN and ±Infinity among them)."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """The evaluation that `to_json` wrote."""
        return cls(**{**record, "train": Score(**record["train"]), "validation": Score(**record["validation"])})

    def to_row(self) -> dict[str, float]:
        """The numbers under their metric names."""
        row = {
            "train/loss": self.train.loss,
            "train/error": self.train.error,
            "validation/loss": self.validation.loss,
            "validation/error": self.validation.error,
            "gap": self.gap,
            "train/num": float(self.train.num),
            "validation/num": float(self.validation.num),
            "samples_per_s": self.samples_per_s,
            "train_s": self.train_s,
        }
        if self.train.wrong is not None and self.validation.wrong is not None:
            row["train/wrong"] = float(self.train.wrong)
            row["validation/wrong"] = float(self.validation.wrong)
        return row


def piece_size(multiplications: int, device: str) -> int:
    """Samples of one piece for a network of so many multiplications per sample: a rule that reads no clock."""
    most = CACHED_MULTIPLICATIONS if device == "cpu" else PIECE_MULTIPLICATIONS
    return max(64, min(4096, most // max(1, multiplications)))


def score(
    model: nn.Module,
    batches: Iterable[Batch],
    loss: Callable[[Tensor, Tensor], Tensor],
    target_spread: float | None,
) -> Generator[None, None, Score]:
    """Score the model on all samples of the batches (at least one); yields between batches and returns the Score.

    `loss(outputs, targets)` is the mean data loss of a batch; `target_spread` is the standard deviation of the
    training targets for regression, None for classes.
    """
    losses: list[Tensor] = []
    seconds: list[Tensor] = []
    sizes: list[int] = []
    model.eval()
    try:
        for inputs, targets, _ in batches:
            if sizes:
                # Between batches the caller may serve others; it may not train, so the mode stands.
                yield
            dtype = accumulation_dtype(inputs.device)
            with torch.no_grad():
                output = model(inputs)
                losses.append(loss(output, targets))
                if target_spread is None:
                    seconds.append((output.argmax(1) != targets).sum())
                else:
                    seconds.append((output.to(dtype) - targets.to(dtype)).square().sum())
            sizes.append(len(targets))
    finally:
        model.train()
    # Read back once, at the end.
    found = torch.stack([torch.stack(losses).to(dtype), torch.stack(seconds).to(dtype)]).tolist()
    loss_sum = sum(mean * size for mean, size in zip(found[0], sizes, strict=True))
    second, num = sum(found[1]), sum(sizes)
    if target_spread is None:
        return Score(loss_sum / num, second / num, num, int(second))
    return Score(loss_sum / num, (second / num) ** 0.5 / target_spread, num, None)
