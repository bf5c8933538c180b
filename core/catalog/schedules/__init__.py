"""Schedules of the learning rate (importing this package registers them)."""

from core.catalog.schedules import decay, warm_up, restarts, plateau  # isort: skip  # the order of the list on the page
from core.catalog.schedules.schedule import Schedule, Watch

__all__ = ["Schedule", "Watch", "decay", "plateau", "restarts", "warm_up"]
