"""A run whose updates several processes of the cluster share: a race of one lane, in no study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.experiment import Experiment
from core.studies.seat import Entrant, Seat
from core.text import Text
from core.training.parallel import check_parallel
from core.training.race import RaceJob

if TYPE_CHECKING:
    from core.studies.runner import Runner


def start_shared(
    runner: Runner, experiment: Experiment, processes: int, *, actor: str, name: str, notes: Sequence[Text]
) -> str:
    """Store the run and let it begin; its id. BadInput where so many processes cannot share it."""
    check_parallel(experiment, processes)
    race = RaceJob([], runner.compute.wake, owner=actor)
    cluster = runner.cluster.connect()
    cluster.check_room(processes)
    seat = Seat(race, None, (0, 0), lambda run: None, f"ddp{processes}", cluster, processes=processes)
    [run] = runner.start_all([Entrant(experiment, name, notes, seat)], actor=actor, pace="max", paused=False)
    assert seat.lane is not None
    race.add([seat.lane])
    runner.compute.submit(race)
    return run
