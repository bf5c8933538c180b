"""The presets, in reading order (importing this package registers them)."""

from core.catalog.preset_list import start  # isort: skip  # the first screen comes first
from core.catalog.preset_list import (
    cures,
    data_sets,
    depth,
    few_images,
    first_weights,
    more_augmentations,
    more_data,
    more_networks,
    more_regularizers,
    networks,
    pretraining,
    rates,
    rules,
    selection,
    synthetic,
)

from core.catalog.preset_list import more_optimizers, schedules  # isort: skip  # they go on with what rates has

__all__ = [
    "cures",
    "data_sets",
    "depth",
    "few_images",
    "first_weights",
    "more_augmentations",
    "more_data",
    "more_networks",
    "more_optimizers",
    "more_regularizers",
    "networks",
    "pretraining",
    "rates",
    "rules",
    "schedules",
    "selection",
    "start",
    "synthetic",
]
