"""Evaluation: loss and error of the present weights on given rows, in evaluation mode, unaugmented.

One function serves training and validation rows, so that the two can be compared, and one model or several. It works
in pieces so that a command waits at most one piece. Shape letters: R models, B samples, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from core.catalog.architectures.rows import Forward, Several
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
        return {**vars(self), "train": dict(vars(self.train)), "validation": dict(vars(self.validation))}

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


Criterion = Callable[[Tensor, Tensor], Tensor]


def score(
    model: nn.Module, batches: Iterable[Batch], loss: Criterion, target_spread: float | None
) -> Generator[None, None, Score]:
    """Score the model on all samples of the batches (at least one); yields between batches and returns the Score.

    `loss(outputs, targets)` is the mean data loss of a batch; `target_spread` is the standard deviation of the
    training targets for regression, None for classes.
    """
    model.eval()
    try:
        # Between batches the caller may serve others; it may not train, so the mode stands.
        (found,) = yield from scores(
            lambda inputs: model(inputs[0]).unsqueeze(0),
            ((batch.inputs.unsqueeze(0), batch.targets.unsqueeze(0)) for batch in batches),
            lambda outputs, targets: loss(outputs[0], targets[0]).unsqueeze(0),
            [target_spread],
        )
    finally:
        model.train()
    return found


def scores(
    answers: Forward,
    batches: Iterable[tuple[Several, Tensor]],
    losses: Criterion,
    target_spreads: Sequence[float | None],
) -> Generator[None, None, list[Score]]:
    """The same for several models in one go, each on batches of its own, of one size; returns a Score for each.

    A batch has the inputs of all models and their targets, (R, B, …). `answers` gives the outputs of all models,
    (R, B, K), `losses` their mean data losses, (R,).
    """
    means: list[Tensor] = []
    seconds: list[Tensor] = []
    sizes: list[int] = []
    for inputs, targets in batches:
        if sizes:
            yield
        dtype = accumulation_dtype(targets.device)
        with torch.no_grad():
            outputs_RBK = answers(inputs)
            means.append(losses(outputs_RBK, targets))
            if target_spreads[0] is None:
                # Like argmax, the first of the largest, wherever they lie in memory, and up to twice as fast.
                seconds.append((outputs_RBK.max(2).indices != targets).sum(1))
            else:
                seconds.append((outputs_RBK.to(dtype) - targets.to(dtype)).square().sum((1, 2)))
        sizes.append(targets.shape[1])
    # Read back once, at the end.
    found = torch.stack([torch.stack(means).to(dtype), torch.stack(seconds).to(dtype)], 2).transpose(0, 1).tolist()
    return [_score(pieces, sizes, spread) for pieces, spread in zip(found, target_spreads, strict=True)]


def _score(pieces: list[tuple[float, float]], sizes: list[int], target_spread: float | None) -> Score:
    """From the mean loss of each piece, and its wrong answers or squared errors."""
    num = sum(sizes)
    loss = sum(mean * size for (mean, _), size in zip(pieces, sizes, strict=True)) / num
    second = sum(second for _, second in pieces)
    if target_spread is None:
        return Score(loss, second / num, num, int(second))
    return Score(loss, (second / num) ** 0.5 / target_spread, num, None)
