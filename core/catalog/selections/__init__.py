"""Selections: which inputs of a table a network gets. Importing this package registers all, in the offered order."""

# ruff: noqa: F401, I001
from __future__ import annotations

from core.catalog.selections import all_inputs, variance, mutual_information, l1
