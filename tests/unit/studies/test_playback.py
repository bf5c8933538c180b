"""A run that is over is watched again: the moments shown are those that it had, and its end is its end."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import BadInput, CoreError, Refused
from core.live.meta import Moment
from core.studies import playback
from core.studies.replay import recipe_of
from core.studies.workbench import Workbench
from core.training.pictures import what_it_has_learned
from core.training.run import Run
from core.training.trend import Trend
from tests.experiments import everything, images, points

WAIT_S = 60.0


@pytest.fixture
def bench(data_folder: Path) -> Iterator[Workbench]:
    """A workbench with viewers."""
    with Workbench.open(data_folder) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that is busy no picture of another update comes first, unless a test wants it."""
    monkeypatch.setattr(playback, "SOON_S", WAIT_S)


class Viewer:
    """Asks for moments and keeps what it is shown."""

    def __init__(self, bench: Workbench, run: str) -> None:
        self.bench, self.run = bench, run
        self.shown: queue.Queue[Moment | CoreError] = queue.Queue()

    def seek(self, step: int) -> None:
        self.bench.seek(self.run, step, self, self.shown.put)

    def next(self) -> Moment:
        moment = self.shown.get(timeout=WAIT_S)
        assert isinstance(moment, Moment), moment
        return moment

    def at(self, step: int) -> Moment:
        self.seek(step)
        return self.next()


def same(picture: Any, other: Any) -> bool:
    """Whether two payloads hold the same bits."""
    if isinstance(picture, dict):
        return picture.keys() == other.keys() and all(same(value, other[name]) for name, value in picture.items())
    return np.array_equal(picture, other) if isinstance(picture, np.ndarray) else picture == other


def trained(bench: Workbench, experiment: Any) -> str:
    run = bench.start(experiment, pace="max")
    bench.wait(run, WAIT_S)
    return run


def test_every_moment_is_that_of_the_run_however_it_is_come_by(bench: Workbench, tmp_path: Path):
    run = bench.start(everything(), pace="max", paused=True)
    bench.command(run, "set", {"lr": 0.02})
    bench.command(run, "start")
    record = bench.wait(run, WAIT_S)
    viewer = Viewer(bench, run)
    original = Run(everything(), tmp_path, recipe=recipe_of(bench.store, run))
    wanted = [what_it_has_learned(original.train(until=step)) for step in range(record.step + 1)]
    # Forward, back to states that it has come by, and forward again.
    for step in [*range(record.step + 1), 7, 2, 11, 10, 12]:
        moment = viewer.at(step)
        name, payload = wanted[step]
        assert moment.step == step
        assert same(moment.pictures[name], payload), f"update {step}"


def test_the_last_moment_is_the_end_of_the_run(bench: Workbench):
    run = trained(bench, points())
    bench.hub.forget(run)
    assert bench.hub.known(run)
    moment = Viewer(bench, run).at(16)
    (newest,) = [row for row in bench.store.read_evaluations(run) if row.step == 16]
    row = dict(zip(moment.rows["evaluation"]["names"], moment.rows["evaluation"]["values"], strict=True))
    assert moment.rows["evaluation"]["step"] == moment.rows["update"]["step"] == 16
    assert row["validation/error"] == np.float32(newest.values["validation/error"])
    assert moment.status == bench.hub.meta(run)["status"]
    assert same(moment.pictures["boundary"], what_it_has_learned(bench.state_at(run, 16))[1])


def test_the_numbers_and_the_sentence_are_those_of_the_moment(bench: Workbench):
    run = trained(bench, points(evaluate_every=4))
    viewer = Viewer(bench, run)
    assert viewer.at(0).status["verdict"] == "untrained"
    moment = viewer.at(6)
    assert (moment.rows["update"]["step"], moment.rows["evaluation"]["step"]) == (6, 4)
    assert moment.status["verdict"] == "learning"


def test_on_a_long_way_pictures_of_updates_before_come_first(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(playback, "SOON_S", 0.0)
    monkeypatch.setattr(playback, "EVERY_S", 0.0)
    run = trained(bench, points(epochs=20))
    viewer = Viewer(bench, run)
    viewer.seek(60)
    steps = [viewer.next().step]
    while steps[-1] < 60:
        steps.append(viewer.next().step)
    assert len(steps) > 1
    assert steps == sorted(steps)
    assert viewer.shown.empty()


def test_of_many_questions_the_newest_is_answered(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = trained(bench, points())
    viewer = Viewer(bench, run)
    with monkeypatch.context() as held:
        # The thread that computes comes to the questions when all have been asked.
        held.setattr(playback.Reel, "advance", lambda self, budget_s: None)
        for step in range(1, 13):
            viewer.seek(step)
    assert viewer.next().step == 12
    assert viewer.shown.empty()


def test_a_viewer_who_has_gone_away_is_shown_nothing(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = trained(bench, points())
    gone, stays = Viewer(bench, run), Viewer(bench, run)
    with monkeypatch.context() as held:
        held.setattr(playback.Reel, "advance", lambda self, budget_s: None)
        gone.seek(3)
        bench.leave_replay(gone)
    assert stays.at(3).step == 3
    assert gone.shown.empty()


def test_only_so_many_viewers_have_a_run_of_their_own(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(playback, "MOST_REELS", 2)
    run = trained(bench, points())
    viewers = [Viewer(bench, run) for _ in range(4)]
    for _ in range(2):
        assert [viewer.at(5).step for viewer in viewers] == [5] * 4


def test_of_a_class_that_asks_at_once_everybody_is_answered(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(playback, "MOST_REELS", 2)
    run = trained(bench, points())
    viewers = [Viewer(bench, run) for _ in range(5)]
    with monkeypatch.context() as held:
        held.setattr(playback.Reel, "advance", lambda self, budget_s: None)
        for viewer in viewers:
            viewer.seek(5)
    bench.runner.compute.wake()
    assert [viewer.next().step for viewer in viewers] == [5] * 5


def test_states_and_moments_that_are_kept_stay_within_bounds(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(playback, "STATES_BYTES", 10_000)
    monkeypatch.setattr(playback, "MOST_MOMENTS", 3)
    run = trained(bench, images())
    viewer = Viewer(bench, run)
    for step in (12, 3, 9, 1, 12):
        assert viewer.at(step).step == step
    kept = bench.runner.playbacks._kept
    assert 0 < sum(playback._num_bytes(state.tensors) for state in kept._states.values()) <= 10_000
    assert len(kept._moments) == 3


def test_an_update_that_the_run_has_not_done_is_bad_input(bench: Workbench):
    run = trained(bench, points())
    for step in (-1, 17):
        with pytest.raises(BadInput, match="0 to 16"):
            Viewer(bench, run).seek(step)


def test_a_run_that_goes_on_is_not_replayed(bench: Workbench):
    run = bench.start(points(), pace="max", paused=True)
    with pytest.raises(Refused, match="going on"):
        Viewer(bench, run).seek(0)


def test_what_is_resumed_is_watched_to_its_new_end(bench: Workbench):
    run = trained(bench, points())
    viewer = Viewer(bench, run)
    viewer.at(16)
    bench.resume(run, pace="max", epochs=1)
    bench.wait(run, WAIT_S)
    assert viewer.at(20).step == 20


def test_data_that_are_not_here_are_named(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    run = trained(bench, points())
    missing = playback.Text("It has to be downloaded once.")
    monkeypatch.setattr(type(points().dataset), "available", lambda self, folder: missing)
    with pytest.raises(Refused, match="not on this machine"):
        Viewer(bench, run).seek(3)


def test_an_error_of_the_program_is_told_and_the_next_question_is_answered(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
):
    run = trained(bench, points())
    viewer = Viewer(bench, run)
    with monkeypatch.context() as broken:
        broken.setattr(playback, "what_it_has_learned", lambda run: 1 / 0)
        viewer.seek(3)
        error = viewer.shown.get(timeout=WAIT_S)
    assert isinstance(error, CoreError)
    assert "error of its own" in str(error)
    assert viewer.at(3).step == 3


def test_the_trend_at_every_update_is_that_of_the_evaluations_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(playback, "MARKED", 3)
    rows = Run(points(evaluate_every=2, epochs=10), tmp_path).train().evaluations
    trends = playback.Trends(Trend("classification", 0.5), rows)
    for step in [40, 7, *range(41)]:
        wanted = Trend("classification", 0.5, [row for row in rows if row.step <= step])
        assert vars(trends.at(step)) == vars(wanted), f"update {step}"


# Which run is one to watch


def test_the_newest_run_of_the_same_experiment_is_found(bench: Workbench):
    assert bench.stored_like(points()) is None
    trained(bench, points())
    newest = trained(bench, points())
    found = bench.stored_like(points())
    assert found is not None
    assert found.id == newest
    assert bench.stored_like(points(seed=1)) is None


def test_a_run_with_another_course_does_not_count(bench: Workbench):
    changed = bench.start(points(), pace="max", paused=True)
    bench.command(changed, "set", {"lr": 0.02})
    bench.command(changed, "start")
    bench.wait(changed, WAIT_S)
    going_on = bench.start(points(), pace="max", paused=True)
    bench.fork(changed, 8)
    assert bench.stored_like(points()) is None
    bench.command(going_on, "stop")
    bench.wait(going_on, WAIT_S)
    assert bench.stored_like(points()) is None
