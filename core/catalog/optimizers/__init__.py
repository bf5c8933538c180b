"""Optimizers: the rule of one update (importing this package registers them)."""

from core.catalog.optimizers import descent, adaptive, adam  # isort: skip  # the order of the list on the page
from core.catalog.optimizers import relatives, lion, matrices, closures, schedule_free, uncorrected  # isort: skip
from core.catalog.optimizers.optimizer import Optimizer

__all__ = [
    "Optimizer",
    "adam",
    "adaptive",
    "closures",
    "descent",
    "lion",
    "matrices",
    "relatives",
    "schedule_free",
    "uncorrected",
]
