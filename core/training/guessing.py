"""Guessing: what a network would get that looks at no input, the line every error is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.text import Text

if TYPE_CHECKING:
    import torch

    from core.training.resident import ResidentData

BALANCED = 1.1
"""Up to so many times its fair share, the most frequent class makes guessing no easier."""


class Guess(NamedTuple):
    """The error (0..1; regression 1) and the loss of guessing, and what stands at the line."""

    error: float
    loss: float
    text: Text


def guessing(data: ResidentData) -> Guess:
    """Error and loss of the best constant answer, known from the training targets.

    Classes: always naming the most frequent one, error 1 − p_max and cross-entropy −Σ p log p with the shares p of the
    classes (balanced: 1 − 1/K and log K). Numbers: always naming the mean, relative error 1 and the variance as loss.
    """
    if data.target_spread is not None:
        return Guess(1.0, data.target_spread**2, Text("guessing: always the mean"))
    shares = np.bincount(_on_host(data.targets[data.splits.train]), minlength=data.num_outputs) / data.num_train
    most = int(shares.argmax())
    num_classes = data.num_outputs
    if shares[most] <= BALANCED / num_classes:
        text = Text("guessing: {wrong} of {num} wrong", wrong=num_classes - 1, num=num_classes)
        return Guess(1 - 1 / num_classes, float(np.log(num_classes)), text)
    present = shares[shares > 0]
    name = Text(data.class_names[most])
    text = Text("guessing “{name}”: {percent:.0f} % wrong", name=name, percent=100 * (1 - shares[most]))
    return Guess(float(1 - shares[most]), float(-(present * np.log(present)).sum()), text)


def _on_host(tensor: torch.Tensor) -> np.ndarray:
    return tensor.cpu().numpy()
