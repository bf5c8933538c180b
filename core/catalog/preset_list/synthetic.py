"""A hundred digits, and what a generator that has seen the same hundred adds to them."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add

FEW_DIGITS: dict[str, Any] = {"train_size": 100, "batch_size": 32, "epochs": 60, "evaluate_every": 20}

add(
    Preset(
        "few_digits",
        "100 digits, real ones only",
        "A network that has seen a hundred digits and nothing else answers {validation_error} of new ones wrong.",
        FEW_DIGITS,
        (Claim("validation_error", 10, 16),),
        group="compare",
        same_samples=True,
    )
)
add(
    Preset(
        "real_and_synthetic",
        "100 digits, real : synthetic = 1 : 3",
        "Three of four samples in every batch are drawn by a generator that has learned from the same 100 digits in "
        "300 updates: {validation_error}, worse than without. It knows nothing that they do not show, and draws "
        "it less well.",
        {**FEW_DIGITS, "augmentations": [{"key": "synthetic", "share": 0.75, "updates": 300}]},
        (Claim("validation_error", 13.5, 22),),
        same_samples=True,
    )
)
