"""What is done to data before anything learns from them: wrong labels, and how a small training set is taken."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add

WRONG: dict[str, Any] = {
    "train_size": 300,
    "label_noise": 0.3,
    "optimizer": {"key": "adam", "lr": 0.005},
    "epochs": 60,
    "evaluate_every": 5,
}
"""300 digits, and 90 of their labels are wrong."""

add(
    Preset(
        "wrong_labels",
        "30 % of the labels wrong",
        "300 digits, 90 with a wrong label, all learned by heart: training error {train_error}. Validation, with true "
        "labels, is best at {lowest_error} on the way and ends at {validation_error}.",
        WRONG,
        (Claim("train_error", 0, 2), Claim("lowest_error", 8, 20), Claim("validation_error", 21, 37)),
    )
)
add(
    Preset(
        "wrong_labels_stopped",
        "30 % of the labels wrong, stopped in time",
        "What is true of many samples is learned before what is wrong about few: early stopping keeps "
        "{validation_error}, while training error is still {train_error}, about the share of wrong labels.",
        {**WRONG, "regularizers": [{"key": "early_stopping", "patience": 5}]},
        (Claim("validation_error", 8, 20), Claim("train_error", 27, 37)),
        group="compare",
    )
)
add(
    Preset(
        "wrong_labels_everywhere",
        "30 % of the labels wrong, in validation too",
        "The same network measured by labels of which 30 % are wrong: {validation_error}. A noisy validation set asks "
        "for errors that nobody should make.",
        {**WRONG, "noisy_splits": "both"},
        (Claim("validation_error", 42, 57),),
        group="compare",
    )
)
TWENTY: dict[str, Any] = {"train_size": 20, "batch_size": 20, "epochs": 100, "evaluate_every": 10}
add(
    Preset(
        "twenty_stratified",
        "20 digits, two of each",
        "Stratified, twenty training images hold two of every digit: {validation_error} wrong.",
        TWENTY,
        (Claim("validation_error", 19, 37),),
    )
)
add(
    Preset(
        "twenty_random",
        "20 digits as the draw falls",
        "Twenty images drawn blindly miss a digit or two, which are then never answered: {validation_error} wrong.",
        {**TWENTY, "sampling": "random"},
        (Claim("validation_error", 27, 54),),
        group="compare",
    )
)
add(
    Preset(
        "diagnosis_balanced",
        "A diagnosis, both classes alike",
        "Breast cancer, as many benign samples as malignant ones: 94 of 364 training samples are thrown away, and "
        "{validation_error} are wrong, about as many as with all of them.",
        {
            "dataset": {"key": "breast_cancer"},
            "sampling": "balanced",
            "architecture": {"key": "logistic"},
            "optimizer": {"key": "sgd", "lr": 0.1},
            "epochs": 30,
        },
        (Claim("validation_error", 0, 11),),
        group="compare",
    )
)
