"""Synthetic learning curves: what the rules of the status sentence are tried on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.training.evaluation import Evaluation, Score


def score(error: float, num: int, *, loss: float | None = None, counted: bool = True) -> Score:
    """A score with this error; `counted` False for regression."""
    wrong = round(error * num) if counted else None
    return Score(
        loss=error if loss is None else loss, error=wrong / num if wrong is not None else error, num=num, wrong=wrong
    )


def evaluations(
    train: Sequence[float] | np.ndarray,
    validation: Sequence[float] | np.ndarray,
    *,
    num_train: int = 1000,
    num_validation: int = 1000,
    per_epoch: int = 1,
    updates_per_epoch: int = 20,
    counted: bool = True,
) -> list[Evaluation]:
    """One evaluation for each pair of errors, the first before training, `per_epoch` in an epoch."""
    return [
        Evaluation(
            step=place * updates_per_epoch // per_epoch,
            epoch=place / per_epoch,
            train=score(float(train_error), num_train, counted=counted),
            validation=score(float(validation_error), num_validation, counted=counted),
            train_s=0.0,
            evaluation_s=0.0,
            samples_per_s=float("nan"),
        )
        for place, (train_error, validation_error) in enumerate(zip(train, validation, strict=True))
    ]


def healthy(seed: int, *, num_epochs: int = 40, num_validation: int = 500, per_epoch: int = 5) -> list[Evaluation]:
    """Errors that fall to a floor; the validation floor is higher, so the gap grows; binomial noise on both."""
    rng = np.random.default_rng(seed)
    epochs = np.arange(num_epochs * per_epoch + 1) / per_epoch
    speed = rng.uniform(1, 6)
    floor = rng.uniform(0.03, 0.15)
    validation = floor + (0.9 - floor) * np.exp(-epochs / speed)
    train = 0.9 * np.exp(-epochs / speed)
    # The same samples are measured each time: neighbouring errors go together and move by a third of their ±.
    noise = rng.standard_normal(epochs.size + 9)
    smooth = np.convolve(noise, np.ones(10) / np.sqrt(10), mode="valid") * np.sqrt(
        validation * (1 - validation) / num_validation
    )
    validation = np.clip(validation + 0.35 * smooth, 0, 1)
    return evaluations(train, validation, num_train=900, num_validation=num_validation, per_epoch=per_epoch)


def overfitting(seed: int, *, num_epochs: int = 200) -> list[Evaluation]:
    """Training error falls to 0, validation error turns at epoch 10 to 25 and rises by 4 to 6 points."""
    rng = np.random.default_rng(seed)
    epochs = np.arange(num_epochs + 1, dtype=float)
    turn, low, rise = rng.uniform(10, 25), rng.uniform(0.105, 0.13), rng.uniform(0.04, 0.06)
    falling = low + (0.5 - low) * np.exp(-epochs / (turn / 5))
    validation = falling + rise * np.clip((epochs - turn) / 80, 0, 1)
    validation += 0.3 * np.sqrt(0.11 / 1000) * rng.standard_normal(epochs.size)
    train = np.clip(0.5 * np.exp(-epochs / 20) - 0.005, 0, 1)
    return evaluations(train, validation, num_train=60, num_validation=1000, updates_per_epoch=1)
