"""Optimizers on the digits, and learning rates that change during the run."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add


def digits_with(key: str, title: str, caption: str, speed: tuple[float, float], error: tuple[float, float]) -> None:
    """The default experiment with another optimizer at its default rate."""
    add(
        Preset(
            f"digits_{key}",
            title,
            caption,
            {"optimizer": {"key": key}},
            (Claim("updates_to_10", *speed, unit=""), Claim("validation_error", *error)),
        )
    )


digits_with(
    "sgd",
    "Digits with SGD",
    "SGD with 0.1 gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}.",
    (40, 140),
    (2, 12),
)
digits_with(
    "momentum",
    "Digits with momentum",
    "Momentum 0.9 with 0.05 gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}.",
    (25, 45),
    (1, 6),
)
digits_with(
    "nesterov",
    "Digits with Nesterov momentum",
    "Nesterov momentum with 0.05 gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}.",
    (20, 40),
    (1, 6),
)
digits_with(
    "adagrad",
    "Digits with AdaGrad",
    "AdaGrad gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}.",
    (10, 35),
    (1, 6),
)
digits_with(
    "rmsprop",
    "Digits with RMSProp",
    "RMSProp with 0.001 gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}.",
    (20, 55),
    (1, 7),
)
digits_with(
    "adadelta",
    "Digits with AdaDelta",
    "AdaDelta, without any learning rate to choose, gets to 10 % wrong after {updates_to_10} updates and ends at "
    "{validation_error}.",
    (30, 60),
    (1.5, 7),
)
digits_with(
    "adamw",
    "Digits with AdamW",
    "AdamW with 0.001 gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}; in so short a "
    "run its decay hardly shows.",
    (75, 140),
    (2, 9),
)
digits_with(
    "adam_uncorrected",
    "Digits with Adam, uncorrected",
    "Adam with 0.001 and without the correction for its start gets to 10 % wrong after {updates_to_10} updates, sooner "
    "than with it, because its first updates are several times as long; it ends at {validation_error}.",
    (15, 45),
    (1, 6),
)

TOO_FAST = {"optimizer": {"key": "momentum", "lr": 0.3}}


def falling(key: str, title: str, caption: str, error: tuple[float, float], train: tuple[float, float]) -> None:
    """Momentum with a rate that is too large to end with, under a schedule."""
    document: dict[str, Any] = {**TOO_FAST, "schedule": {"key": key}}
    add(
        Preset(
            f"rate_{key}", title, caption, document, (Claim("validation_error", *error), Claim("train_error", *train))
        )
    )


falling(
    "constant",
    "A rate too large to end with",
    "Momentum with 0.3 all the way: it jitters to the end, {validation_error} wrong, training {train_error}.",
    (2, 14),
    (1, 12),
)
falling(
    "step",
    "Half the rate, and half again",
    "The same rate halved after five epochs: {validation_error} wrong, training {train_error}.",
    (1, 8),
    (0, 2),
)
falling(
    "exponential",
    "A rate that falls by a share",
    "The same rate, 5 % less every epoch: {validation_error} wrong, training {train_error}.",
    (1, 8),
    (0, 3),
)
falling(
    "cosine",
    "A rate that falls along a cosine",
    "The same rate down to 0 along a cosine: {validation_error} wrong, training {train_error}.",
    (0.5, 7),
    (0, 1),
)
falling(
    "one_cycle",
    "One cycle: up, then down",
    "Up to the same rate and down again: {validation_error} wrong, training {train_error}.",
    (1, 5),
    (0, 2),
)
DEEP: dict[str, Any] = {
    "architecture": {"key": "mlp", "hidden_layers": 20},
    "optimizer": {"key": "adam", "lr": 0.005},
    "evaluate_every": 9,
}
add(
    Preset(
        "rate_without_warm_up",
        "Twenty layers, started at full speed",
        "Adam with 0.005 on 20 layers of ReLU: the first updates do damage, {validation_error} wrong after ten epochs.",
        DEEP,
        (Claim("validation_error", 12, 60),),
        group="compare",
    )
)
add(
    Preset(
        "rate_warm_up",
        "Twenty layers, warmed up",
        "The same with a rate that rises over the first three epochs: {validation_error} wrong.",
        {**DEEP, "schedule": {"key": "warm_up", "epochs": 3}},
        (Claim("validation_error", 7, 45),),
    )
)
