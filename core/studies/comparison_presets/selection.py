"""Feature selection within the training samples, and before they are divided."""

from __future__ import annotations

from core.catalog.preset_list.selection import PURE_NOISE
from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

CHOSEN_ON = "dataset.selection.chosen_on"

add(
    ComparisonPreset(
        "selection_leak",
        "Inputs chosen inside, and outside",
        "Labels by the toss of a coin. With 20 of 1 000 random inputs chosen on the training samples alone, "
        "{inside} of the others are wrong: chance. Chosen on all samples, {outside}: {leak} points that do not exist.",
        PURE_NOISE,
        {"inside": {CHOSEN_ON: "training"}, "outside: a mistake": {CHOSEN_ON: "all"}},
        (
            Claim("inside", "validation_error", ("inside",), 38, 62),
            Claim("outside", "validation_error", ("outside: a mistake",), 12, 43),
            Claim("leak", "validation_error", ("inside",), 5, 38, "", "minus", "outside: a mistake"),
        ),
    )
)
