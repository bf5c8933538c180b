"""How many samples are learned from: with as many updates each, the gap closes from both sides."""

from __future__ import annotations

from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

SIZES = {50: 80, 200: 20, 1000: 4}
"""Training samples, and the epochs that make 160 updates of them."""

add(
    ComparisonPreset(
        "amount_of_data",
        "50, 200 or 1 000 digits",
        "The same network, 160 updates of 25 digits each. 50 digits are learned by heart: training error {few}, "
        "validation error {few_new}. With 200 the latter is {some_new}. With 1 000, training error is {many} and "
        "validation error {many_new}: the gap closes from both sides.",
        {"batch_size": 25},
        {f"{size} digits": {"train_size": size, "epochs": epochs} for size, epochs in SIZES.items()},
        (
            Claim("few", "train_error", ("50 digits",), 0, 1),
            Claim("few_new", "validation_error", ("50 digits",), 11, 26),
            Claim("some_new", "validation_error", ("200 digits",), 6, 15),
            Claim("many", "train_error", ("1000 digits",), 4, 9),
            Claim("many_new", "validation_error", ("1000 digits",), 4, 13),
            Claim("", "updates", ("50 digits", "200 digits", "1000 digits"), 160, 160, ""),
        ),
    )
)
