"""Layerwise pre-training beside end to end, with as many gradients: where it helps, and where it does not."""

from __future__ import annotations

from typing import Any

from core.catalog.preset_list.pretraining import DEEP
from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add


def pretrained(*objectives: str) -> dict[str, dict[str, Any]]:
    """End to end, and pre-trained for half of the run by each of these."""
    names = {"autoencoding": "auto-encoding first", "supervised": "supervised first"}
    regularizers = {names[key]: [{"key": "pretraining", "objective": key}] for key in objectives}
    return {name: {"regularizers": value} for name, value in {"end to end": [], **regularizers}.items()}


add(
    ComparisonPreset(
        "layer_by_layer",
        "5 layers of sigmoid, layer by layer",
        "After the same {updates} gradients five layers of sigmoid are at {end_to_end} wrong when all of them went "
        "through the whole network. When half of them went to one layer each it is {autoencoding} with layers that "
        "give back what they were given, and {supervised} with layers that tell the digits.",
        DEEP,
        pretrained("autoencoding", "supervised"),
        (
            Claim("updates", "updates", ("end to end", "supervised first"), 720, 720, unit=""),
            Claim("end_to_end", "validation_error", ("end to end",), 85, 92),
            Claim("autoencoding", "validation_error", ("auto-encoding first",), 3, 22),
            Claim("supervised", "validation_error", ("supervised first",), 1, 10),
        ),
    )
)
add(
    ComparisonPreset(
        "layer_by_layer_relu",
        "5 layers of ReLU, layer by layer",
        "With ReLU and He's first weights no gradient has to be saved: after the same updates end to end is at "
        "{end_to_end} wrong, pre-trained at {supervised}.",
        {
            "architecture": {"key": "mlp", "hidden_layers": 5},
            "optimizer": {"key": "adam", "lr": 0.003},
            "batch_size": 32,
            "evaluate_every": 36,
        },
        pretrained("supervised"),
        (
            Claim("end_to_end", "validation_error", ("end to end",), 1, 8),
            Claim("supervised", "validation_error", ("supervised first",), 1, 9),
        ),
    )
)
