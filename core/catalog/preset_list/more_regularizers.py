"""Bounds on the weights of the sixty points, averages of weights that jump about, branches left out."""

from __future__ import annotations

from typing import Any

from core.catalog.preset_list.start import MOONS
from core.catalog.presets import Claim, Preset, add

JUMPING: dict[str, Any] = {
    "dataset": {"key": "digits"},
    "train_size": 500,
    "architecture": {"key": "mlp", "width": 64},
    "optimizer": {"key": "adam", "lr": 0.02},
    "batch_size": 8,
    "epochs": 6,
}
"""Small batches and a learning rate that stays too high: the weights go round the valley and never come to rest."""

add(
    Preset(
        "moons_elastic_net",
        "Two moons with an elastic net",
        "L1 and L2 with 0.003 each on these 60 points put {small_weights} of the weights below 0.001, and validation "
        "error ends at {validation_error}.",
        {**MOONS, "regularizers": [{"key": "elastic_net", "strength": 0.006}]},
        (Claim("small_weights", 55, 63), Claim("validation_error", 12, 14)),
        group="compare",
        same_samples=True,
    )
)
add(
    Preset(
        "moons_max_norm",
        "Two moons with max-norm",
        "With incoming weights no longer than 1 on these 60 points: training error {train_error}, validation error "
        "{validation_error}; without the limit the latter rises to a fifth.",
        {**MOONS, "regularizers": [{"key": "max_norm", "max_norm": 1.0}]},
        (Claim("train_error", 5, 10), Claim("validation_error", 12, 15)),
        group="compare",
        same_samples=True,
    )
)
add(
    Preset(
        "weights_that_jump",
        "A learning rate that stays too high",
        "500 digits in batches of 8 with Adam at 0.02: after six epochs {validation_error} wrong, another number at "
        "every look.",
        JUMPING,
        (Claim("validation_error", 6, 30),),
        group="compare",
    )
)
add(
    Preset(
        "average_of_weights",
        "The same, averaged over recent updates",
        "The same run, but its answers are those of the moving average of its weights: {validation_error} wrong, "
        "training error {train_error}.",
        {**JUMPING, "regularizers": [{"key": "ema"}]},
        (Claim("validation_error", 2, 7.5), Claim("train_error", 0, 4)),
        group="compare",
    )
)
add(
    Preset(
        "average_from_half",
        "The same, averaged from half way on",
        "The plain mean of all weights after the third of six epochs: {validation_error} wrong, training error "
        "{train_error}.",
        {**JUMPING, "regularizers": [{"key": "swa", "start": 3.0}]},
        (Claim("validation_error", 2, 8), Claim("train_error", 0, 3)),
        group="compare",
    )
)
add(
    Preset(
        "stochastic_depth",
        "Wrong labels, stochastic depth",
        "A ResNet-8 on 200 digits, three tenths of them with a wrong label, passing its branches by with probabilities "
        "up to 0.5: training error ends at {train_error}, so it has not learned all wrong labels by heart; validation "
        "error is {validation_error}.",
        {
            "dataset": {"key": "digits"},
            "train_size": 200,
            "label_noise": 0.3,
            "architecture": {"key": "resnet", "blocks_per_stage": 1, "width": 8},
            "optimizer": {"key": "adam", "lr": 0.003},
            "batch_size": 20,
            "epochs": 16,
            "regularizers": [{"key": "stochastic_depth", "p": 0.5}],
        },
        (Claim("train_error", 6, 28), Claim("validation_error", 15, 38)),
        group="compare",
    )
)
