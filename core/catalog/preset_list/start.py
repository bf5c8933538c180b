"""The first screen: it learns, it overfits, λ, 20 layers of sigmoid, unscaled inputs."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add

MOONS: dict[str, Any] = {
    "dataset": {"key": "moons", "n": 60, "noise": 0.35},
    "optimizer": {"key": "adam", "lr": 0.01},
    "batch_size": 16,
    "epochs": 200,
    "split_seed": 9,
}
"""Sixty points of two noisy moons, always the same ones, and a network with room for every one of them."""

LONG_MOONS = {**MOONS, "epochs": 400}
WINE: dict[str, Any] = {
    "dataset": {"key": "wine", "scaling": "raw"},
    "optimizer": {"key": "sgd", "lr": 0.1},
    "epochs": 100,
}
SIGMOID_20: dict[str, Any] = {"architecture": {"key": "mlp", "hidden_layers": 20, "activation": "sigmoid"}}

add(
    Preset(
        "learns",
        "It learns: handwritten digits",
        "From {untrained_error} wrong, as by guessing, to {validation_error} on validation images within ten epochs.",
        {},
        (Claim("untrained_error", 80, 95), Claim("validation_error", 2, 9)),
        group="start",
    )
)
add(
    Preset(
        "overfits_moons",
        "It overfits: two moons",
        "Sixty noisy points: training error falls to {train_error}; validation error is lowest at {lowest_error} "
        "around epoch {lowest_epoch}, then rises to {validation_error}, and validation loss climbs "
        "{validation_loss}. Look at the islands in the boundary.",
        MOONS,
        (
            Claim("train_error", 0, 5),
            Claim("lowest_error", 13.5, 15),
            Claim("lowest_epoch", 8, 40, unit=""),
            Claim("validation_error", 16.5, 21),
            Claim("validation_loss", 1, None, unit=""),
        ),
        group="start",
        same_samples=True,
    )
)
add(
    Preset(
        "lambda_too_small",
        "λ too small",
        "L2 with 0.0001 on these 60 points: training error {train_error}, validation error {validation_error}: the "
        "penalty is too weak to be felt, and it overfits.",
        {**LONG_MOONS, "regularizers": [{"key": "l2", "strength": 0.0001}]},
        (Claim("train_error", 0, 4), Claim("validation_error", 17, 22)),
        group="start",
        same_samples=True,
    )
)
add(
    Preset(
        "lambda_right",
        "λ right",
        "L2 with 0.01 on these 60 points: training error {train_error} and validation error {validation_error} meet. "
        "On other points another λ may be right: it must be chosen anew.",
        {**LONG_MOONS, "regularizers": [{"key": "l2", "strength": 0.01}]},
        (Claim("train_error", 7, 13), Claim("validation_error", 12, 14)),
        group="start",
        same_samples=True,
    )
)
add(
    Preset(
        "lambda_too_large",
        "λ too large",
        "L2 with 0.1 on these 60 points: the penalty wins and the weights shrink. Training error {train_error} and "
        "validation error {validation_error} are both bad, at worst those of guessing: it underfits.",
        {**LONG_MOONS, "regularizers": [{"key": "l2", "strength": 0.1}]},
        (Claim("train_error", 20, 52), Claim("validation_error", 18, 52)),
        group="start",
        same_samples=True,
    )
)
add(
    Preset(
        "sigmoid_20",
        "20 layers of sigmoid",
        "The first layer's gradient is {gradient_ratio} of the last layer's, so nothing reaches it: after ten epochs "
        "still {validation_error} wrong.",
        SIGMOID_20,
        (Claim("gradient_ratio", -13, -12, unit="power of ten"), Claim("validation_error", 88, 91)),
        group="start",
    )
)
add(
    Preset(
        "unscaled_inputs",
        "Unscaled inputs",
        "Wine as measured: one column counts up to 1 680, another in tenths. SGD with 0.1 stays at "
        "{validation_error} wrong (training {train_error}): the large column throws the weights away at once.",
        WINE,
        (Claim("validation_error", 55, 65), Claim("train_error", 55, 65)),
        group="start",
    )
)
