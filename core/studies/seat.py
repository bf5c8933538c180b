"""Seat: the place of a run in a race, for whoever starts or resumes the run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from core.executors.cluster import Cluster
from core.experiment import Experiment
from core.text import Text
from core.training.assembly import conditions_of
from core.training.device import SOLO, Conditions
from core.training.events import Event
from core.training.lane import Lane
from core.training.race import RaceJob
from core.training.run import Run


@dataclass
class Seat:
    """`begun` is called with the run when it has been built; `lane` is the job, once there is one.

    `engine` is that of a new run; one that is resumed keeps its own. `cluster` is where it trains, None: here;
    `processes` share its updates there.
    """

    race: RaceJob
    study: str | None
    key: tuple[int, int]
    begun: Callable[[Run], None]
    engine: str = SOLO
    cluster: Cluster | None = None
    lane: Lane | None = None
    processes: int = 1
    added: Event | None = None
    """What its recipe needs so that it goes on: stored for all who join, when all can."""

    def conditions(self, experiment: Experiment) -> Conditions:
        """Where and how a new run computes. On a cluster, where many train side by side, with one thread.

        Processes that share a run are given cores alone.
        """
        if self.cluster is None:
            return conditions_of(experiment, engine=self.engine)
        device = self.cluster.device if self.processes == 1 else "cpu"
        return replace(conditions_of(experiment, device=device, engine=self.engine), threads=1)

    def here(self, conditions: Conditions | None) -> Conditions | None:
        """Those of what stands in this process for the run: its data and twin take no GPU of it."""
        return conditions if self.cluster is None or conditions is None else replace(conditions, device="cpu")


class Entrant(NamedTuple):
    """A run that is to begin. `notes` are about the experiment and kept with the run.

    One with a `seat` is not queued by itself: whoever gave the seat lets it take part in the race.
    """

    experiment: Experiment
    name: str
    notes: Sequence[Text] = ()
    seat: Seat | None = None
