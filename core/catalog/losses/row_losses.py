"""Losses of several networks at once: outputs (R, B, K) and targets (R, B, …) → losses (R,).

Shape letters: R rows (networks), B batch, K outputs. Torch is loaded: import this when a loss is built.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from core.catalog.architectures.rows import WHOLE_VECTORS, Written, WrittenLoss


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
    """log Σ exp z − (1 − ε) z_y − ε/K Σ z, averaged over the batch.

    Samples lie beside each other in memory, so that a few classes are no obstacle to vectors: three times as fast as
    `functional.cross_entropy` for ten. The batch is filled up to whole vectors.
    """

    def __init__(self, targets_RB: Tensor, smoothing: float) -> None:
        self._targets_R1B, self._smoothing = targets_RB.unsqueeze(1), smoothing

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        rows, batch, classes = x.shape
        z_RKB = x.new_zeros(rows, classes, -(-batch // WHOLE_VECTORS) * WHOLE_VECTORS)
        logits_RKB = x.transpose(1, 2)
        torch.sub(logits_RKB, logits_RKB.amax(1, keepdim=True), out=z_RKB[:, :, :batch])
        answers_RB = z_RKB.gather(1, self._targets_R1B).squeeze(1)
        if self._smoothing:
            answers_RB.mul_(1 - self._smoothing).add_(z_RKB[:, :, :batch].sum(1).mul_(self._smoothing / classes))
        p_RKB = z_RKB.exp_()
        sums_R1B = p_RKB.sum(1, keepdim=True)
        p_RKB.div_(sums_R1B)
        return sums_R1B.log_().squeeze(1)[:, :batch].sub(answers_RB).mean(1), p_RKB

    def backward(self, dy: Tensor, kept: Tensor, *, to_input: bool) -> Tensor:
        p_RKB, targets_R1B, smoothing = kept, self._targets_R1B, self._smoothing
        batch, classes = targets_R1B.shape[2], p_RKB.shape[1]
        if smoothing:
            p_RKB.sub_(smoothing / classes)
        share = p_RKB.new_full((), smoothing - 1).expand(targets_R1B.shape)
        p_RKB.scatter_add_(1, targets_R1B, share)
        p_RKB.mul_(dy.div(batch).view(-1, 1, 1))
        return p_RKB[:, :, :batch].transpose(1, 2)
