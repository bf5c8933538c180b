"""The presets, in reading order (importing this package registers them)."""

from core.catalog.preset_list import start  # isort: skip  # the first screen comes first
from core.catalog.preset_list import (
    cures,
    data_sets,
    depth,
    few_images,
    first_weights,
    more_data,
    networks,
    rates,
    rules,
)

__all__ = [
    "cures",
    "data_sets",
    "depth",
    "few_images",
    "first_weights",
    "more_data",
    "networks",
    "rates",
    "rules",
    "start",
]
