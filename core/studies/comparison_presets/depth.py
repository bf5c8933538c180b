"""Deep networks of sigmoid: what depth does to them, and what cures it."""

from __future__ import annotations

from typing import Any

from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

RARELY = {"evaluate_every": 9}
"""Twice an epoch: measuring many layers more often would take longer than training them."""


def layers(count: int, **fields: Any) -> dict[str, Any]:
    """The digits with so many hidden layers of 64."""
    return {"architecture": {"key": "mlp", "hidden_layers": count, **fields}, **RARELY}


add(
    ComparisonPreset(
        "sigmoid_depth",
        "2, 8 and 20 layers of sigmoid",
        "In ten epochs two layers of sigmoid get to {two} wrong; eight stay at {eight} and twenty at {twenty}, which "
        "is guessing.",
        layers(2, activation="sigmoid"),
        {f"hidden layers {count}": {"architecture.hidden_layers": count} for count in (2, 8, 20)},
        (
            Claim("two", "validation_error", ("hidden layers 2",), 15, 45),
            Claim("eight", "validation_error", ("hidden layers 8",), 78, 92),
            Claim("twenty", "validation_error", ("hidden layers 20",), 87, 92),
        ),
        first=True,
    )
)


def pair(activation: str, initializer: str) -> dict[str, Any]:
    """An activation with its first weights."""
    return {"architecture.activation": activation, "initializer": initializer}


add(
    ComparisonPreset(
        "activation_and_first_weights",
        "20 layers: activation × first weights",
        "Neither cures alone: sigmoid with He's first weights and ReLU with PyTorch's own stay at {dead} wrong, as "
        "both faults together do. ReLU with He gets to {alive}.",
        layers(20),
        {
            "sigmoid, PyTorch's own": pair("sigmoid", "framework"),
            "sigmoid, He": pair("sigmoid", "he"),
            "ReLU, PyTorch's own": pair("relu", "framework"),
            "ReLU, He": pair("relu", "he"),
        },
        (
            Claim(
                "dead",
                "validation_error",
                ("sigmoid, PyTorch's own", "sigmoid, He", "ReLU, PyTorch's own"),
                87,
                92,
            ),
            Claim("alive", "validation_error", ("ReLU, He",), 4, 18),
        ),
    )
)
add(
    ComparisonPreset(
        "with_batch_norm",
        "8 layers of sigmoid, with and without batch norm",
        "Without, eight layers of sigmoid stay at {without} wrong; with batch normalization they get to {with_it}.",
        layers(8, activation="sigmoid"),
        {
            "without batch norm": {"architecture.normalization": "none"},
            "with batch norm": {"architecture.normalization": "batch"},
        },
        (
            Claim("without", "validation_error", ("without batch norm",), 78, 92),
            Claim("with_it", "validation_error", ("with batch norm",), 1, 8),
        ),
    )
)
