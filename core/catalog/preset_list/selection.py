"""A few inputs in place of all: chosen in three ways, and chosen where it is not allowed."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add


def five(key: str) -> dict[str, Any]:
    """Breast cancer with the five inputs that a selection keeps."""
    return {
        "dataset": {"key": "breast_cancer", "selection": {"key": key, "k": 5}},
        "architecture": {"key": "logistic"},
        "optimizer": {"key": "sgd", "lr": 0.1},
        "epochs": 30,
    }


add(
    Preset(
        "inputs_by_variance",
        "A diagnosis from the five inputs that vary most",
        "Breast cancer, five of thirty inputs by their variance, which are sizes in the largest unit: "
        "{validation_error} of the diagnoses wrong, training error {train_error}.",
        five("variance"),
        (Claim("validation_error", 4, 18), Claim("train_error", 6, 12)),
        group="compare",
    )
)
add(
    Preset(
        "inputs_by_information",
        "A diagnosis from the five inputs that say most",
        "Breast cancer, five of thirty inputs by what each says about the diagnosis: {validation_error} wrong, "
        "training error {train_error}. Several of them say the same.",
        five("mutual_information"),
        (Claim("validation_error", 1, 14), Claim("train_error", 3, 8)),
        group="compare",
    )
)
add(
    Preset(
        "inputs_by_l1",
        "A diagnosis from five inputs that differ",
        "Breast cancer, five of thirty inputs by the weights that an L1 penalty leaves: {validation_error} wrong, "
        "training error {train_error}.",
        five("l1"),
        (Claim("validation_error", 1, 13), Claim("train_error", 1.5, 7)),
        group="compare",
    )
)
PURE_NOISE: dict[str, Any] = {
    "dataset": {
        "key": "pure_noise",
        "n": 200,
        "inputs": 1000,
        "selection": {"key": "l1", "k": 20, "chosen_on": "all"},
    },
    "num_folds": 2,
    "architecture": {"key": "logistic"},
    "optimizer": {"key": "adam", "lr": 0.01},
    "batch_size": 32,
    "epochs": 20,
}
"""Half of 200 samples validates, and 20 of 1 000 inputs without use are chosen on both halves."""

add(
    Preset(
        "noise_chosen_outside",
        "Better than chance on pure noise",
        "Labels by the toss of a coin, 20 of 1 000 random inputs chosen before the split: only {validation_error} of "
        "the samples that validate are wrong, where nobody can be better than 50 %. They were looked at when the "
        "inputs were chosen.",
        PURE_NOISE,
        (Claim("validation_error", 12, 43),),
        group="compare",
    )
)
