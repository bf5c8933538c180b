"""Five layers of sigmoid that learn nothing end to end, and do once each has learned by itself."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add

DEEP: dict[str, Any] = {
    "architecture": {"key": "mlp", "hidden_layers": 5, "activation": "sigmoid"},
    "optimizer": {"key": "momentum", "lr": 0.3},
    "batch_size": 32,
    "epochs": 20,
    "evaluate_every": 36,
}

add(
    Preset(
        "pretrained_supervised",
        "5 layers of sigmoid, pre-trained",
        "Each of five layers of sigmoid first learns by itself to tell the digits, two epochs each; then ten epochs of "
        "the whole network: {validation_error} wrong. Twenty epochs end to end leave it at guessing.",
        {**DEEP, "regularizers": [{"key": "pretraining", "objective": "supervised"}]},
        (Claim("validation_error", 1, 10),),
    )
)
