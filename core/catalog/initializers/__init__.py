"""Initializers: the first values of weights and biases (importing this package registers them)."""

from core.catalog.initializers import scaled, fixed  # isort: skip  # the order of the list on the page
from core.catalog.initializers.initializer import Initializer, initialize

__all__ = ["Initializer", "fixed", "initialize", "scaled"]
