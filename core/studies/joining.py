"""Joining: runs that are over go on in a race, all of them or none; and new ones that could not begin."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.errors import CoreError
from core.live.hub import Hub
from core.store.records import Happened, RunRecord, State
from core.store.store import Store
from core.studies.seat import Seat
from core.text import Text
from core.training.command import Command
from core.training.race import RaceJob

if TYPE_CHECKING:
    from core.studies.runner import Runner

logger = logging.getLogger(__name__)

Seats = Sequence[tuple[RunRecord, Seat]]


def take_seats(runner: Runner, seats: Seats, command: Command) -> None:
    """Give each of these runs its lane; where one cannot have it, none goes on, and no recipe has been touched."""
    for record, seat in seats:
        try:
            epochs = command.values.get("epochs", 0)
            runner.resume(record, actor=command.actor, pace=seat.race.pace, epochs=epochs, seat=seat)
        except BaseException as error:
            give_up(seats, error)
            raise


def join(store: Store, race: RaceJob, seats: Seats, command: Command, told: Command | None) -> bool:
    """Let those with a lane race, from now on with what their recipes need for it; False when the race is over.

    `told` goes to those who race already.
    """
    lanes = [seat.lane for _, seat in seats if seat.lane is not None]
    added = {record.id: Happened(seat.added.kind, seat.added.step, seat.added.values, True)
             for record, seat in seats if seat.added is not None}  # fmt: skip
    try:
        is_in = race.add(lanes, told, lambda: store.extend_recipes(added, actor=command.actor))
    except BaseException as error:
        give_up(seats, error)
        raise
    if not is_in:
        for lane in lanes:
            lane.closing()
    return is_in


def give_up(seats: Seats, error: BaseException) -> None:
    """Nobody else would ever end them: they could neither go on nor be deleted."""
    for _, seat in seats:
        if seat.lane is not None:
            seat.lane.failed(error)


def never_began(store: Store, hub: Hub | None, run: str, error: BaseException, actor: str) -> None:
    """Say of a new run that got no job that it has failed."""
    text = error.text if isinstance(error, CoreError) else Text("It failed: {error}", error=repr(error)[:500])
    _tell(store, hub, run, "failed", "error", text, actor)
    if hub:
        hub.close(run)


def put_back(store: Store, hub: Hub | None, record: RunRecord, actor: str) -> None:
    """Give a run that was to go on, and got no job, the state back that it had; else it would wait for ever."""
    if not record.active:
        _tell(store, hub, record.id, record.state, record.reason, record.reason_text, actor)


def _tell(
    store: Store, hub: Hub | None, run: str, state: State, reason: str | None, text: Text | None, actor: str
) -> None:
    try:
        store.set_state(run, state, actor=actor, reason=reason, reason_text=text)
    except CoreError as error:  # Why the run has no job is to be told, not why that could not be stored.
        logger.warning("%s", error)
    if hub and run in hub.runs():
        hub.update(run, state=state, reason=text)
