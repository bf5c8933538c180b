"""A real saddle: a network whose first weights are almost 0, and who gets away from there."""

from __future__ import annotations

from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

RACERS = {
    "SGD": {"key": "sgd", "lr": 0.1},
    "momentum": {"key": "momentum", "lr": 0.1, "momentum": 0.9},
    "Adam": {"key": "adam", "lr": 0.001},
    "RMSProp": {"key": "rmsprop", "lr": 0.001},
}

add(
    ComparisonPreset(
        "real_saddle",
        "A real saddle",
        "Three layers of tanh with tiny first weights begin beside a saddle, where guessing costs 2.30. Until the loss "
        "is below 2 it takes RMSProp {rmsprop} updates, Adam {adam}, momentum {momentum}, SGD {sgd}.",
        {
            "architecture": {"key": "mlp", "hidden_layers": 3, "activation": "tanh"},
            "initializer": {"key": "normal", "sigma": 0.01},
            "epochs": 240,
            "evaluate_every": 36,
        },
        {name: {"optimizer": optimizer} for name, optimizer in RACERS.items()},
        (
            Claim("rmsprop", "updates_to_2", ("RMSProp",), 5, 15, unit=""),
            Claim("adam", "updates_to_2", ("Adam",), 30, 42, unit=""),
            Claim("momentum", "updates_to_2", ("momentum",), 370, 490, unit=""),
            Claim("sgd", "updates_to_2", ("SGD",), 3200, 4100, unit=""),
        ),
        seeds=1,
    )
)
