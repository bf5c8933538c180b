"""Schedules of the learning rate (importing this package registers them)."""

from core.catalog.schedules import decay, warm_up  # isort: skip  # the order of the list on the page
from core.catalog.schedules.schedule import Schedule

__all__ = ["Schedule", "decay", "warm_up"]
