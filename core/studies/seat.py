"""Seat: the place of a run in a race, for whoever starts or resumes the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.training.device import SOLO
from core.training.events import Event
from core.training.lane import Lane
from core.training.race import RaceJob
from core.training.run import Run


@dataclass
class Seat:
    """`begun` is called with the run when it has been built; `lane` is the job, once there is one.

    `engine` is that of a new run; one that is resumed keeps its own.
    """

    race: RaceJob
    study: str
    key: tuple[int, int]
    begun: Callable[[Run], None]
    engine: str = SOLO
    lane: Lane | None = None
    added: Event | None = None
    """What its recipe needs so that it goes on: stored for all who join, when all can."""
