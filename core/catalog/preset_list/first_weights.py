"""First weights on the digits: tiny, equal, zero, sparse."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add

TINY: dict[str, Any] = {
    "architecture": {"key": "mlp", "hidden_layers": 3, "activation": "tanh"},
    "initializer": {"key": "normal", "sigma": 0.01},
}

add(
    Preset(
        "tiny_first_weights",
        "A real saddle: tiny first weights",
        "Three tanh layers start next to a saddle point; Adam finds the way out and gets to {validation_error} in "
        "ten epochs.",
        TINY,
        (Claim("validation_error", 15, 65),),
    )
)
add(
    Preset(
        "tiny_first_weights_sgd",
        "The same saddle with SGD",
        "From the same tiny first weights SGD with 0.1 does not leave the plateau in ten epochs: {validation_error} "
        "wrong.",
        {**TINY, "optimizer": {"key": "sgd", "lr": 0.1}},
        (Claim("validation_error", 88, 92),),
        group="compare",
    )
)
add(
    Preset(
        "zero_first_weights",
        "All weights zero",
        "With all weights at 0 no gradient reaches a hidden weight: {validation_error} wrong, and no optimizer ever "
        "leaves.",
        {"initializer": "zeros"},
        (Claim("validation_error", 88, 92),),
    )
)
add(
    Preset(
        "equal_first_weights",
        "All weights equal",
        "With equal first weights all units of a layer stay the same unit: {validation_error} wrong.",
        {"initializer": "constant"},
        (Claim("validation_error", 88, 92),),
    )
)
add(
    Preset(
        "sparse_first_weights",
        "Sparse first weights",
        "Each unit starts with a tenth of its inputs: {validation_error} wrong after ten epochs, and {small_weights} "
        "of the weights are still below 0.001.",
        {"initializer": "sparse"},
        (Claim("validation_error", 2, 12), Claim("small_weights", 4, 30)),
    )
)
