"""Residual, efficient, recurrent and attention networks, each on data small enough for a CPU."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add

DEEP: dict[str, Any] = {
    "architecture": {"key": "mlp", "hidden_layers": 60, "activation": "sigmoid"},
    "optimizer": {"key": "adam", "lr": 0.005},
    "train_size": 400,
    "epochs": 10,
}
FEW_DIGITS: dict[str, Any] = {"train_size": 400, "batch_size": 32, "epochs": 8}
ROWS: dict[str, Any] = {"optimizer": {"key": "adam", "lr": 0.01}, "train_size": 800, "epochs": 8, "batch_size": 32}

add(
    Preset(
        "sigmoid_60",
        "60 layers of sigmoid",
        "The gradient of the first layer is {gradient_ratio} of the last one's: nothing is learned, {validation_error} "
        "wrong.",
        DEEP,
        (Claim("gradient_ratio", -40, -36, "power of ten"), Claim("validation_error", 87, 92)),
        group="compare",
    )
)
add(
    Preset(
        "residual_60",
        "60 layers with residual connections",
        "Each layer's result is added to what it was given: the first layer's gradient is {gradient_ratio} of the last "
        "one's, and sigmoid learns, {validation_error} wrong after 10 epochs.",
        {**DEEP, "architecture": {**DEEP["architecture"], "residual": True}},
        (Claim("gradient_ratio", -1, 0, "power of ten"), Claim("validation_error", 8, 35)),
    )
)
add(
    Preset(
        "resnet_20",
        "ResNet-20 on digits",
        "Twenty layers, 269 thousand weights: {validation_error} wrong after 3 epochs on 400 digits.",
        {**FEW_DIGITS, "architecture": {"key": "resnet"}, "epochs": 3},
        (Claim("validation_error", 4, 14),),
    )
)
add(
    Preset(
        "efficient_digits",
        "Depthwise-separable blocks",
        "Four blocks with squeeze-and-excite, 25 thousand weights: {validation_error} wrong after 8 epochs on 400 "
        "digits.",
        {**FEW_DIGITS, "architecture": {"key": "efficient_cnn", "squeeze_excite": True}},
        (Claim("validation_error", 7, 22),),
    )
)
for key, title, told, low, high in (
    ("rnn", "A plain RNN reads digits", "one state for all it has read", 3, 15),
    ("gru", "A GRU reads digits", "gates keep or rewrite its state", 1, 8),
    ("lstm", "An LSTM reads digits", "it adds to a cell and rarely rewrites it", 6, 15),
):
    add(
        Preset(
            f"rows_{key}",
            title,
            f"Row by row, {told}: {{validation_error}} wrong after 8 epochs on 800 digits.",
            {**ROWS, "architecture": {"key": key}},
            (Claim("validation_error", low, high),),
        )
    )
add(
    Preset(
        "patches_attention",
        "Attention between patches",
        "Sixteen patches of 2 × 2 pixels ask each other, two layers of four heads: {validation_error} wrong after 8 "
        "epochs on 400 digits.",
        {
            **FEW_DIGITS,
            "architecture": {"key": "attention", "patch": 2, "width": 32},
            "optimizer": {"key": "adam", "lr": 0.003},
        },
        (Claim("validation_error", 13, 30),),
    )
)
