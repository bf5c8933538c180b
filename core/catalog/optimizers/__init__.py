"""Optimizers: the rule of one update (importing this package registers them)."""

from core.catalog.optimizers import descent, adaptive, adam, uncorrected  # isort: skip  # the order of the list on the page
from core.catalog.optimizers.optimizer import Optimizer

__all__ = ["Optimizer", "adam", "adaptive", "descent", "uncorrected"]
