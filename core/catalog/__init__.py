"""What can be chosen: importing this package registers every entry of every family and every preset."""

from core.catalog import (
    activations,
    architectures,
    augmentations,
    datasets,
    faults,
    initializers,
    losses,
    optimizers,
    preset_list,
    regularizers,
    schedules,
    selections,
    surfaces,
)

__all__ = [
    "activations",
    "architectures",
    "augmentations",
    "datasets",
    "faults",
    "initializers",
    "losses",
    "optimizers",
    "preset_list",
    "regularizers",
    "schedules",
    "selections",
    "surfaces",
]
