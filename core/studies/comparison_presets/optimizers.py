"""Six optimizers in one race."""

from __future__ import annotations

from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

OPTIMIZERS = {
    "SGD": "sgd",
    "momentum": "momentum",
    "AdaGrad": "adagrad",
    "RMSProp": "rmsprop",
    "AdaDelta": "adadelta",
    "Adam": "adam",
}

add(
    ComparisonPreset(
        "six_optimizers",
        "Six optimizers, each at its best rate",
        "Each at its own best of nine learning rates, all six end at {errors} wrong. On the way there Adam is at 10 % "
        "after {adam} updates, SGD after {sgd}.",
        {"evaluate_every": 3},
        {name: {"optimizer": key} for name, key in OPTIMIZERS.items()},
        (
            Claim("errors", "validation_error", tuple(OPTIMIZERS), 0.5, 10),
            Claim("adam", "updates_to_10", ("Adam",), 10, 40, unit=""),
            Claim("sgd", "updates_to_10", ("SGD",), 21, 80, unit=""),
        ),
        rates="own",
        seeds=5,
        first=True,
    )
)
