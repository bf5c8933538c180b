"""Losses of several networks at once: outputs (R, B, K) and targets (R, B, …) → losses (R,).

Shape letters: R rows (networks), B batch, K outputs. Torch is loaded: import this when a loss is built.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from core.catalog.architectures.rows import WHOLE_VECTORS


def cross_entropy_rows(logits_RBK: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """The mean cross-entropy of every row; targets are class indices (R, B) or probabilities (R, B, K)."""
    if targets.dim() == 2:
        return _CrossEntropy.apply(logits_RBK, targets, smoothing)  # type: ignore[return-value]
    losses = functional.cross_entropy(
        logits_RBK.flatten(0, 1), targets.flatten(0, 1), reduction="none", label_smoothing=smoothing
    )
    return losses.view(logits_RBK.shape[:2]).mean(1)


class _CrossEntropy(torch.autograd.Function):
    """log Σ exp z − (1 − ε) z_y − ε/K Σ z, averaged over the batch.

    Samples lie beside each other in memory, so that a few classes are no obstacle to vectors: three times as fast as
    `functional.cross_entropy` for ten. The batch is filled up to whole vectors.
    """

    @staticmethod
    def forward(ctx: Any, logits_RBK: Tensor, targets_RB: Tensor, smoothing: float) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        rows, batch, classes = logits_RBK.shape
        z_RKB = logits_RBK.new_zeros(rows, classes, -(-batch // WHOLE_VECTORS) * WHOLE_VECTORS)
        logits_RKB = logits_RBK.transpose(1, 2)
        torch.sub(logits_RKB, logits_RKB.amax(1, keepdim=True), out=z_RKB[:, :, :batch])
        targets_R1B = targets_RB.unsqueeze(1)
        answers_RB = z_RKB.gather(1, targets_R1B).squeeze(1)
        if smoothing:
            answers_RB.mul_(1 - smoothing).add_(z_RKB[:, :, :batch].sum(1).mul_(smoothing / classes))
        p_RKB = z_RKB.exp_()
        sums_R1B = p_RKB.sum(1, keepdim=True)
        p_RKB.div_(sums_R1B)
        ctx.kept = p_RKB, targets_R1B, smoothing
        return sums_R1B.log_().squeeze(1)[:, :batch].sub(answers_RB).mean(1)

    @staticmethod
    def backward(ctx: Any, by_loss_R: Tensor) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        p_RKB, targets_R1B, smoothing = ctx.kept
        batch, classes = targets_R1B.shape[2], p_RKB.shape[1]
        if smoothing:
            p_RKB.sub_(smoothing / classes)
        share = p_RKB.new_full((), smoothing - 1).expand(targets_R1B.shape)
        p_RKB.scatter_add_(1, targets_R1B, share)
        p_RKB.mul_(by_loss_R.div(batch).view(-1, 1, 1))
        return p_RKB[:, :, :batch].transpose(1, 2), None, None
