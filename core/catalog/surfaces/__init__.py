"""Surfaces: losses of two numbers on which optimizers are watched (importing this package registers them)."""

from core.catalog.surfaces import simple, benchmarks, own  # isort: skip  # the order of the list on the page
from core.catalog.surfaces.formula import Formula, read_formula
from core.catalog.surfaces.surface import Critical, Domain, Surface

__all__ = ["Critical", "Domain", "Formula", "Surface", "benchmarks", "own", "read_formula", "simple"]
