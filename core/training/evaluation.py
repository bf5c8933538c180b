"""Evaluation: loss and error of the present weights on given rows, in evaluation mode, unaugmented.

One function serves training and validation rows, so that the two can be compared. It works in pieces so that a
command waits at most one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from core.catalog.regularizers.terms import accumulation_dtype
from core.training.batch import Batch

PIECE_MULTIPLICATIONS = 2_000_000_000
"""Multiplications of one piece's forward pass: well under 0.2 s on one core."""


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


def piece_size(multiplications: int) -> int:
    """Samples of one piece for a network of so many multiplications per sample: a rule that reads no clock."""
    return max(64, min(4096, PIECE_MULTIPLICATIONS // max(1, multiplications)))


def score(
    model: nn.Module,
    batch_of: Callable[[Tensor], Batch],
    rows: Tensor,
    size: int,
    loss: Callable[[Tensor, Tensor], Tensor],
    target_spread: float | None,
) -> Generator[None, None, Score]:
    """Score the model on `rows` (N,); yields after every piece and returns the Score.

    `loss(outputs, targets)` is the mean data loss of a piece; `target_spread` is the standard deviation of the
    training targets for regression, None for classes.
    """
    total = torch.zeros(2, dtype=accumulation_dtype(rows.device), device=rows.device)
    model.eval()
    try:
        for start in range(0, rows.shape[0], size):
            with torch.no_grad():
                batch = batch_of(rows[start : start + size])
                output = model(batch.inputs)
                total[0] += loss(output, batch.targets).to(total.dtype) * len(output)
                if target_spread is None:
                    total[1] += (output.argmax(1) != batch.targets).sum()
                else:
                    total[1] += (output.to(total.dtype) - batch.targets.to(total.dtype)).square().sum()
            if start + size < rows.shape[0]:
                # Between pieces the caller may serve others; it may not train, so the mode stands.
                yield
    finally:
        model.train()
    loss_sum, second = total.tolist()
    num = rows.shape[0]
    if target_spread is None:
        return Score(loss_sum / num, second / num, num, int(second))
    return Score(loss_sum / num, (second / num) ** 0.5 / target_spread, num, None)
