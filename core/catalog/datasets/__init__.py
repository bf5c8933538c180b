"""Data sets: where samples come from. Importing this package registers all of them, in the order they are offered."""

# ruff: noqa: F401, I001
from __future__ import annotations

from core.catalog.datasets import digits, moons, spirals, circles, xor, blobs
from core.catalog.datasets import mnist_5000, mnist, cifar10, mnist_1d
from core.catalog.datasets import tables, polynomial, linear_200, pure_noise
