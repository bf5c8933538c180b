"""Six layers of sigmoid that do not learn end to end, and do when each has learned by itself before."""

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


def pretrained(objective: str) -> dict[str, Any]:
    """The same, its layers pre-trained for half of the run."""
    return {**DEEP, "regularizers": [{"key": "pretraining", "objective": objective}]}
