"""The other optimizers on the digits, each at its default rate."""

from __future__ import annotations

from core.catalog.preset_list.rates import digits_with
from core.catalog.presets import Claim, Preset, add

digits_with(
    "nadam",
    "Digits with NAdam",
    "NAdam with 0.002 gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}.",
    (30, 85),
    (1, 6),
)
digits_with(
    "radam",
    "Digits with RAdam",
    "RAdam fades its learning rates in, so it takes ten times Adam's: with 0.01 it gets to 10 % wrong after "
    "{updates_to_10} updates and ends at {validation_error}.",
    (60, 125),
    (1, 6),
)
digits_with(
    "adamax",
    "Digits with Adamax",
    "Adamax with 0.002 gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}.",
    (75, 190),
    (3, 10),
)
digits_with(
    "lion",
    "Digits with Lion",
    "Lion moves every weight by 0.001 at every update; it gets to 10 % wrong after {updates_to_10} updates and ends at "
    "{validation_error}.",
    (55, 135),
    (2, 7),
)
digits_with(
    "muon",
    "Digits with Muon",
    "Muon with 0.005 gets to 10 % wrong after {updates_to_10} updates and ends at {validation_error}.",
    (50, 130),
    (0.7, 4.5),
)
digits_with(
    "adafactor",
    "Digits with Adafactor",
    "Adafactor, whose updates are a hundredth of the weights' size, gets to 10 % wrong after {updates_to_10} updates "
    "and ends at {validation_error}.",
    (30, 85),
    (2, 7),
)
digits_with(
    "sam",
    "Digits with SAM",
    "SAM gets to 10 % wrong after {updates_to_10} updates of two gradients each and ends at {validation_error}.",
    (22, 55),
    (1.5, 5.5),
)
digits_with(
    "schedule_free_adamw",
    "Digits with schedule-free AdamW",
    "With a constant rate of 0.005 the averaged weights get to 10 % wrong after {updates_to_10} updates and end at "
    "{validation_error}.",
    (25, 75),
    (0.5, 5),
)
add(
    Preset(
        "digits_lbfgs",
        "Digits with L-BFGS",
        "All samples in one batch and ten gradients an update: L-BFGS gets to 10 % wrong after {updates_to_10} updates "
        "and learns every training image, {train_error} wrong; of the others {validation_error}.",
        {"optimizer": {"key": "lbfgs"}, "batch_size": 1150},
        (
            Claim("updates_to_10", 2, 4, unit=""),
            Claim("train_error", 0, 0),
            Claim("validation_error", 2, 7),
        ),
    )
)
