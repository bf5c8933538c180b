"""What helps against overfitting on the sixty points, and against unscaled inputs."""

from __future__ import annotations

from core.catalog.preset_list.start import MOONS, WINE
from core.catalog.presets import Claim, Preset, add

add(
    Preset(
        "moons_stopped_early",
        "Two moons, stopped at the lowest",
        "Early stopping ends after {epochs_done} epochs and brings back the best weights: training error "
        "{train_error}, validation error {validation_error}.",
        {**MOONS, "regularizers": [{"key": "early_stopping", "patience": 30}]},
        (Claim("epochs_done", 35, 70, unit=""), Claim("train_error", 6, 16), Claim("validation_error", 13.5, 15)),
        group="compare",
        same_samples=True,
    )
)
add(
    Preset(
        "moons_dropout",
        "Two moons with dropout",
        "Dropout 0.5 on these 60 points: validation error ends at {validation_error} although training error still "
        "falls to {train_error}; without it, it rises to a fifth.",
        {**MOONS, "regularizers": [{"key": "dropout", "p": 0.5}]},
        (Claim("validation_error", 12, 16), Claim("train_error", 5, 12)),
        group="compare",
        same_samples=True,
    )
)
add(
    Preset(
        "moons_weight_decay",
        "Two moons with weight decay",
        "Weight decay 1 on these 60 points: training error {train_error}, validation error {validation_error}. Under "
        "Adam it is not the same as L2.",
        {**MOONS, "regularizers": [{"key": "weight_decay", "weight_decay": 1.0}]},
        (Claim("train_error", 6, 16), Claim("validation_error", 12, 14.5)),
        group="compare",
        same_samples=True,
    )
)
add(
    Preset(
        "moons_l1",
        "Two moons with L1",
        "L1 with 0.003 on these 60 points puts {small_weights} of the weights below 0.001, and validation error ends "
        "at {validation_error}.",
        {**MOONS, "regularizers": [{"key": "l1", "strength": 0.003}]},
        (Claim("small_weights", 50, 65), Claim("validation_error", 12, 17.5)),
        group="compare",
        same_samples=True,
    )
)
add(
    Preset(
        "min_max_inputs",
        "Inputs from 0 to 1",
        "The same wines, each column from 0 to 1: {validation_error} wrong, training {train_error}.",
        {**WINE, "dataset": {"key": "wine", "scaling": "min_max"}},
        (Claim("validation_error", 0, 13), Claim("train_error", 0, 3)),
        group="compare",
    )
)
add(
    Preset(
        "standardized_inputs",
        "Standardized inputs",
        "The same wines, each column with mean 0 and deviation 1: {validation_error} wrong, training {train_error}.",
        {**WINE, "dataset": {"key": "wine", "scaling": "standardized"}},
        (Claim("validation_error", 0, 13), Claim("train_error", 0, 0.5)),
        group="compare",
    )
)
