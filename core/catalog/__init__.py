"""What can be chosen: importing this package registers every entry of every family."""

from core.catalog import (
    activations,
    architectures,
    augmentations,
    datasets,
    initializers,
    losses,
    optimizers,
    regularizers,
    schedules,
)

__all__ = [
    "activations",
    "architectures",
    "augmentations",
    "datasets",
    "initializers",
    "losses",
    "optimizers",
    "regularizers",
    "schedules",
]
