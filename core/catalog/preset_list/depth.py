"""Twenty layers: what cures them, what does not, and gradients that explode."""

from __future__ import annotations

from typing import Any

from core.catalog.preset_list.start import SIGMOID_20
from core.catalog.presets import Claim, Preset, add

RARELY = {"evaluate_every": 9}
"""Twice an epoch: measuring twenty layers at every other update would take longer than training them."""


def layers(count: int, **fields: Any) -> dict[str, Any]:
    """The digits with so many hidden layers of 64."""
    return {"architecture": {"key": "mlp", "hidden_layers": count, **fields}, **RARELY}


add(
    Preset(
        "batch_norm_cures_sigmoid",
        "20 layers of sigmoid + batch norm",
        "The same 20 layers with batch normalization: the first layer's gradient is {gradient_times} times the last "
        "layer's, and {validation_error} are wrong after ten epochs.",
        {"architecture": {**SIGMOID_20["architecture"], "normalization": "batch"}, **RARELY},
        (Claim("gradient_times", 0.2, 1.5, unit=""), Claim("validation_error", 1, 7)),
        group="compare",
    )
)
add(
    Preset(
        "relu_20",
        "20 layers of ReLU with He",
        "With He's first weights the first layer's gradient is {gradient_times} times the last layer's, and 20 "
        "layers of ReLU get to {validation_error} wrong.",
        layers(20),
        (Claim("gradient_times", 0.2, 5, unit=""), Claim("validation_error", 5, 16)),
        group="compare",
    )
)
add(
    Preset(
        "relu_20_framework",
        "20 layers of ReLU, PyTorch's first weights",
        "With the framework's own first weights the first layer's gradient is {gradient_ratio} of the last layer's: "
        "{validation_error} wrong after ten epochs. ReLU alone cures nothing.",
        {**layers(20), "initializer": "framework"},
        (Claim("gradient_ratio", -8, -6, unit="power of ten"), Claim("validation_error", 88, 92)),
        group="compare",
    )
)
add(
    Preset(
        "leaky_relu_20",
        "20 layers of leaky ReLU",
        "A small slope on the left keeps every unit alive: the first layer's gradient is {gradient_times} times the "
        "last layer's, and 20 layers get to {validation_error} wrong.",
        layers(20, activation="leaky_relu"),
        (Claim("validation_error", 4, 14), Claim("gradient_times", 0.2, 5, unit="")),
    )
)
add(
    Preset(
        "tanh_20",
        "20 layers of tanh with Xavier",
        "tanh passes through 0 with slope 1, and Xavier's first weights keep it there: the first layer's gradient is "
        "{gradient_times} times the last layer's, and {validation_error} are wrong.",
        layers(20, activation="tanh"),
        (Claim("gradient_times", 0.8, 2, unit=""), Claim("validation_error", 3, 14)),
    )
)
add(
    Preset(
        "orthogonal_20",
        "20 layers of tanh, orthogonal",
        "Orthogonal first weights turn signals without stretching them: the first layer's gradient is "
        "{gradient_times} times the last layer's, and {validation_error} are wrong.",
        {**layers(20, activation="tanh"), "initializer": "orthogonal"},
        (Claim("gradient_times", 0.8, 1.1, unit=""), Claim("validation_error", 1, 9)),
    )
)
EXPLODING: dict[str, Any] = {
    **layers(10),
    "initializer": {"key": "normal", "sigma": 0.4},
    "optimizer": {"key": "sgd", "lr": 0.1},
}
add(
    Preset(
        "exploding",
        "Exploding gradients",
        "First weights more than twice too large in ten layers: the first updates throw the weights so far that the "
        "loss stops being a number after {updates_until_diverged} updates.",
        EXPLODING,
        (Claim("updates_until_diverged", 1, 3, unit=""),),
        group="compare",
    )
)
add(
    Preset(
        "clipped_norm",
        "Exploding gradients, clipped by norm",
        "The same with gradients shortened to length 1: it survives and gets to {validation_error}.",
        {**EXPLODING, "regularizers": [{"key": "clip_norm"}]},
        (Claim("validation_error", 20, 45),),
    )
)
add(
    Preset(
        "clipped_value",
        "Exploding gradients, clipped by value",
        "The same with every entry of a gradient kept between −0.03 and 0.03: it survives and gets to "
        "{validation_error}.",
        {**EXPLODING, "regularizers": [{"key": "clip_value", "max_value": 0.03}]},
        (Claim("validation_error", 15, 35),),
    )
)
