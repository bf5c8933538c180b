"""Comparisons to begin with, in reading order (importing this package registers them)."""

# isort: off
from core.studies.comparison_presets import optimizers
from core.studies.comparison_presets import regularizers
from core.studies.comparison_presets import depth
from core.studies.comparison_presets import pretraining
from core.studies.comparison_presets import convolutions
from core.studies.comparison_presets import updates
from core.studies.comparison_presets import few_images
from core.studies.comparison_presets import saddles
from core.studies.comparison_presets import signals
from core.studies.comparison_presets import selection
from core.studies.comparison_presets import amounts

# isort: on
from core.studies.comparison_presets.registry import (
    ComparisonPreset,
    comparison_preset,
    comparison_presets,
    is_prepared,
)

__all__ = [
    "ComparisonPreset",
    "amounts",
    "comparison_preset",
    "comparison_presets",
    "convolutions",
    "depth",
    "few_images",
    "is_prepared",
    "optimizers",
    "pretraining",
    "regularizers",
    "saddles",
    "selection",
    "signals",
    "updates",
]
