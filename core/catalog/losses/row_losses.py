"""Losses of several networks at once: outputs (R, B, K) and targets (R, B, …) → losses (R,).

Shape letters: R rows (networks), B batch, K outputs. Torch is loaded: import this when a loss is built.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.catalog.architectures.rows import WHOLE_VECTORS, Written, WrittenLoss, is_whole


@dataclass(frozen=True)
class CrossEntropyRows(WrittenLoss):
    """The mean cross-entropy of every row; targets are class indices (R, B) or probabilities (R, B, K)."""

    smoothing: float = 0.0

    def __call__(self, logits_RBK: Tensor, targets: Tensor) -> Tensor:
        written = self.written(targets)
        if written is not None:
            return written(logits_RBK)
        losses = functional.cross_entropy(
            logits_RBK.flatten(0, 1), targets.flatten(0, 1), reduction="none", label_smoothing=self.smoothing
        )
        return losses.view(logits_RBK.shape[:2]).mean(1)

    def written(self, targets: Tensor) -> Written | None:
        return _CrossEntropy(targets, self.smoothing) if targets.dim() == 2 else None


class _CrossEntropy(Written):
    """−(1 − ε) log p_y − ε/K Σ log p with p = softmax z, averaged over the batch.

    Samples lie beside each other in memory, so that a few classes are no obstacle to vectors: three times as fast as
    `functional.cross_entropy` for ten. The batch is filled up to whole vectors.
    """

    def __init__(self, targets_RB: Tensor, smoothing: float) -> None:
        self._targets_R1B, self._smoothing = targets_RB.unsqueeze(1), smoothing

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        logits_RKB = x.transpose(1, 2)
        rows, classes, batch = logits_RKB.shape
        if not is_whole(batch):
            filled = x.new_zeros(rows, classes, -(-batch // WHOLE_VECTORS) * WHOLE_VECTORS)
            filled[:, :, :batch].copy_(logits_RKB)
            logits_RKB = filled
        log_p_RKB = torch.log_softmax(logits_RKB, 1)
        answers_R1B = log_p_RKB.gather(1, self._targets_R1B)
        if self._smoothing:
            sums_R1B = log_p_RKB[:, :, :batch].sum(1, keepdim=True)
            answers_R1B.mul_(1 - self._smoothing).add_(sums_R1B.mul_(self._smoothing / classes))
        return answers_R1B.mean((1, 2)).neg_(), log_p_RKB

    def backward(self, dy: Tensor, kept: Tensor, *, to_input: bool) -> Tensor:
        p_RKB, targets_R1B, smoothing = kept.exp_(), self._targets_R1B, self._smoothing
        batch, classes = targets_R1B.shape[2], p_RKB.shape[1]
        if smoothing:
            p_RKB.sub_(smoothing / classes)
        p_RKB.scatter_(1, targets_R1B, smoothing - 1, reduce="add")
        p_RKB.mul_(dy.div(batch).view(-1, 1, 1))
        return p_RKB[:, :, :batch].transpose(1, 2)
