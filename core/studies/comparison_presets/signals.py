"""What a network knows about signals before it has seen any: the three steps of the paper of MNIST-1D."""

from __future__ import annotations

from core.catalog.architectures.reference_nets import REFERENCE_NETS
from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

LINEAR, DENSE, CONVOLUTION = "logistic regression", "MLP", "CNN"
TOLERANCE = 12
"""Points by which the margins may miss those of the paper, whose networks have 4 000 signals and 6 000 updates."""
PAPER = {LINEAR: 32, DENSE: 68, CONVOLUTION: 94}
"""Greydanus, Scaling Down Deep Learning with MNIST-1D, 2020, section 3: percent of right answers."""


def margin(better: str, worse: str) -> Claim:
    """A network has fewer wrong answers than another by the margin of the paper, within the tolerance."""
    points = PAPER[better] - PAPER[worse]
    return Claim("", "validation_error", (worse,), points - TOLERANCE, points + TOLERANCE, "", "minus", better)


add(
    ComparisonPreset(
        "signals",
        "Signals: a line, an MLP, a CNN",
        "MNIST-1D after 12 epochs: logistic regression has {linear} wrong, an MLP {dense}, and a CNN, which looks for "
        "the same shape everywhere, {convolution}.",
        {
            "dataset": "mnist_1d",
            "optimizer": {"key": "adam", "lr": 0.01},
            "batch_size": 100,
            "epochs": 12,
            "evaluate_every": 96,
        },
        {
            LINEAR: {"architecture": "logistic"},
            DENSE: {"architecture": {"key": "mlp", "widths": [100, 100]}},
            CONVOLUTION: {"architecture": REFERENCE_NETS["cnn_1d"]["architecture"]},
        },
        (
            Claim("linear", "validation_error", (LINEAR,), 64, 74),
            Claim("dense", "validation_error", (DENSE,), 33, 47),
            Claim("convolution", "validation_error", (CONVOLUTION,), 9, 26),
            margin(DENSE, LINEAR),
            margin(CONVOLUTION, DENSE),
        ),
    )
)
