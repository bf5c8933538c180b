"""L2 against weight decay, L1 against L2, dropout; batch norm and augmentation as regularizers."""

from __future__ import annotations

from typing import Any

from core.catalog.preset_list.start import MOONS
from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add


def decay(amount: float) -> dict[str, Any]:
    """Weight decay as the only regularizer."""
    return {"regularizers": [{"key": "weight_decay", "weight_decay": amount}]}


def penalty(key: str, strength: float) -> dict[str, Any]:
    """L1 or L2 as the only regularizer."""
    return {"regularizers": [{"key": key, "strength": strength}]}


def dropout(p: float) -> dict[str, Any]:
    """Dropout as the only regularizer."""
    return {"regularizers": [{"key": "dropout", "p": p}]}


add(
    ComparisonPreset(
        "l2_decay_sgd",
        "L2 is weight decay, under SGD",
        "Under plain SGD, weight decay of twice L2's strength is the same thing: in double precision the largest "
        "difference of a weight after ten epochs is {same}. With equal numbers it is {equal}.",
        {"optimizer": {"key": "sgd", "lr": 0.1}, "precision": "float64"},
        {"L2 0.005": penalty("l2", 0.005), "weight decay 0.01": decay(0.01), "weight decay 0.005": decay(0.005)},
        (
            Claim("same", "weights", ("weight decay 0.01",), None, -12, "power of ten", "apart", "L2 0.005"),
            Claim("equal", "weights", ("weight decay 0.005",), 0.03, 0.1, "", "apart", "L2 0.005"),
        ),
    )
)
add(
    ComparisonPreset(
        "l2_decay_adam",
        "L2 is not weight decay, under Adam",
        "Under Adam the same two part: the largest difference of a weight is {apart}. Adam divides L2's pull by the "
        "size of the gradients, which is small for most weights: with L2 they end {length} times as long as with "
        "decay.",
        {"optimizer": {"key": "adam", "lr": 0.001}, "precision": "float64"},
        {"L2 0.005": penalty("l2", 0.005), "weight decay 0.01": decay(0.01)},
        (
            Claim("apart", "weights", ("L2 0.005",), 0.1, 0.6, "", "apart", "weight decay 0.01"),
            Claim("length", "weight_length", ("L2 0.005",), 0.65, 0.85, "", "over", "weight decay 0.01"),
        ),
    )
)
add(
    ComparisonPreset(
        "l1_l2",
        "L1 empties, L2 shrinks",
        "With 0.003 each, L1 puts {l1} of the weights below 0.001, L2 {l2}; they end at {errors} wrong.",
        {"epochs": 20},
        {"L1 0.003": penalty("l1", 0.003), "L2 0.003": penalty("l2", 0.003)},
        (
            Claim("l1", "small_weights", ("L1 0.003",), 45, 68),
            Claim("l2", "small_weights", ("L2 0.003",), 4, 16),
            Claim("errors", "validation_error", ("L1 0.003", "L2 0.003"), 1, 10),
        ),
    )
)
add(
    ComparisonPreset(
        "three_lambdas",
        "λ too small, right, too large",
        "Sixty points of two moons, L2 with three strengths. Too small: training error {small}, but {small_new} of new "
        "points wrong, it overfits. Right: {right} and {right_new} meet. Too large: the weights vanish, and all that "
        "is left is guessing, {large} wrong.",
        {**MOONS, "batch_size": 20, "epochs": 100},
        {"too small": penalty("l2", 0.0001), "just right": penalty("l2", 0.02), "too large": penalty("l2", 0.5)},
        (
            Claim("small", "train_error", ("too small",), 0, 11),
            Claim("small_new", "validation_error", ("too small",), 11, 20),
            Claim("right", "train_error", ("just right",), 10, 23),
            Claim("right_new", "validation_error", ("just right",), 11, 20),
            Claim("large", "validation_error", ("too large",), 45, 55),
        ),
    )
)
DROPOUT = {"dropout 0": {"regularizers": []}, "dropout 0.25": dropout(0.25), "dropout 0.5": dropout(0.5)}
add(
    ComparisonPreset(
        "dropout_digits",
        "Dropout takes its time",
        "To 10 % wrong it takes {quarter} times as many updates with dropout 0.25 as without, and {half} times as many "
        "with 0.5. On these clean digits it buys nothing: after 20 epochs 0.5 is {behind} points behind.",
        {"epochs": 20, "evaluate_every": 3},
        DROPOUT,
        (
            Claim("quarter", "updates_to_10", ("dropout 0.25",), 1, 2.2, "", "over", "dropout 0"),
            Claim("half", "updates_to_10", ("dropout 0.5",), 1.7, 3.5, "", "over", "dropout 0"),
            Claim("behind", "validation_error", ("dropout 0.5",), 1, 9, "", "minus", "dropout 0"),
        ),
        first=True,
    )
)


def of_moons(normalization: str, *, noisy: bool) -> dict[str, Any]:
    """With batch norm or without, with noise on the points or without."""
    augmentations = [{"key": "noise", "std": 0.3}] if noisy else []
    return {"architecture": {"key": "mlp", "normalization": normalization}, "augmentations": augmentations}


add(
    ComparisonPreset(
        "unmeant_regularizers",
        "Batch norm and augmentation regularize too",
        "60 points of two moons: a network without either ends at {none} wrong. Batch norm alone, whose means differ "
        "from batch to batch, ends at {norm}, noise on the points at {noise}, both at {both}; training error no longer "
        "goes to 0.",
        MOONS,
        {
            "neither": of_moons("none", noisy=False),
            "batch norm": of_moons("batch", noisy=False),
            "noise": of_moons("none", noisy=True),
            "batch norm + noise": of_moons("batch", noisy=True),
        },
        (
            Claim("none", "validation_error", ("neither",), 13, 22),
            Claim("norm", "validation_error", ("batch norm",), 11, 19),
            Claim("noise", "validation_error", ("noise",), 10, 15),
            Claim("both", "validation_error", ("batch norm + noise",), 10.5, 16),
            Claim("", "validation_error", ("noise",), None, 0, "", "minus", "neither"),
            Claim("", "train_error", ("batch norm", "noise", "batch norm + noise"), 2, 17),
        ),
    )
)
