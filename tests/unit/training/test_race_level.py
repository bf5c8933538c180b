"""Lanes that do not stand level: who was held back, who was told to do one update more, who joins."""

from __future__ import annotations

from pathlib import Path

from core.training.command import Command
from core.training.compute import Compute
from tests.experiments import points
from tests.polling import until
from tests.unit.training.test_race import LONG, Track, compute

__all__ = ["compute"]


def test_who_catches_up_keeps_no_pace(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(**LONG), points(**LONG)])
    until(lambda: min(track.steps()) >= 1)
    track.command("pause", lane=0)
    until(lambda: track.lanes[0].state_name == "paused")
    held = track.lanes[0].num_updates
    until(lambda: track.lanes[1].num_updates >= held + 300)
    track.command("pace", pace="1/s")
    until(lambda: track.race.pace == "1/s")
    track.command("resume", lane=0)
    until(lambda: track.lanes[0].num_updates >= held + 300, what="300 updates: five minutes at the pace of the race")
    track.command("stop")
    track.ended()


def test_an_update_that_was_asked_for_hurries_nobody_who_is_behind(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(**LONG), points(**LONG)], paused=True)
    until(lambda: track.race.state_name == "paused")
    for _ in range(40):
        track.command("step", lane=1)
    until(lambda: track.steps() == [0, 40])
    track.command("pace", pace="1/s")
    track.command("resume", lane=0)
    until(lambda: track.steps()[0] >= 1)
    track.command("step", lane=1)
    until(lambda: track.steps()[1] == 41)
    assert track.steps()[0] < 20
    track.command("stop")
    track.ended()


def test_who_joins_is_not_told_what_the_others_are_told_with_that(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(epochs=100_000)])
    until(lambda: track.steps()[0] >= 5)
    joining = track.lane(points(epochs=3))
    assert track.race.add([joining], Command("extend", {"epochs": 2}))
    until(lambda: joining.done)
    assert track.diaries[1].steps[-1] == 12
    until(lambda: track.lanes[0].run is not None and track.lanes[0].run.total_steps == 4 * 100_002)
    track.command("stop")
    track.ended()


def test_who_joins_later_catches_up(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(**LONG)])
    until(lambda: track.steps()[0] >= 20)
    assert track.race.add([track.lane(points(**LONG))])
    until(lambda: track.steps()[1] >= 30)
    track.command("stop")
    track.ended()
    assert abs(track.fed()[-1][0] - track.fed()[-2][0]) <= 1
    assert not track.race.add([track.lane(points())]), "it is over"
