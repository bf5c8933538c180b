"""Runs in lock-step: the order of their updates, what a command to all and to one does, and who leaves when."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.text import Text
from core.training.command import Command
from core.training.compute import Compute
from core.training.lane import Lane
from core.training.race import RaceJob
from core.training.run import Run
from tests.experiments import everything, points, same, trained
from tests.jobs import Kept, SinkDiary, computing, ready
from tests.polling import until

LONG = {"epochs": 100_000}


class RaceDiary:
    """A race's sink that keeps all it hears."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.ended: list[Lane] = []
        self.steps: list[int] = []
        self.applied_at: list[tuple[str, int, CoreError | None]] = []
        self.updates: list[Lane] = []

    def state(self, state: str) -> None:
        self.states.append(state)

    def updated(self, lane: Lane) -> None:
        self.updates.append(lane)

    def lane_over(self, lane: Lane) -> None:
        self.ended.append(lane)

    def progress(self, race: RaceJob) -> None:
        self.steps.append(race.step)

    def applied(self, command: Command, step: int, problem: CoreError | None) -> None:
        self.applied_at.append((command.kind, step, problem))


class Track:
    """A race in a test: its lanes, what each was heard to do, and everything that happened in its order."""

    def __init__(self, compute: Compute, folder: Path, experiments: Sequence[Experiment], **options: Any) -> None:
        self.compute, self.folder = compute, folder
        self.news = RaceDiary()
        self.happened: list[tuple[str, int, int]] = []
        """("fed" or "measured", lane, step), in the order in which it happened."""
        self.runs: dict[int, Run] = {}
        self.lanes: list[Lane] = []
        self.diaries: list[SinkDiary] = []
        paused = options.pop("paused", False)
        self.race = RaceJob([self.news], compute.wake, **options)
        for experiment in experiments:
            self.lane(experiment, paused=paused)
        if experiments:
            self.begin()

    def begin(self) -> Track:
        """Let the lanes made so far race."""
        self.race.add(self.lanes)
        self.compute.submit(self.race)
        return self

    def lane(
        self, experiment: Experiment, *, paused: bool = False, data: Future[None] | None = None,
        build: Callable[[], Run] | None = None,
    ) -> Lane:  # fmt: skip
        place, happened = len(self.lanes), self.happened

        class Sink(SinkDiary):
            def evaluation(self, run: Run, evaluation: Any) -> None:
                super().evaluation(run, evaluation)
                happened.append(("measured", place, evaluation.step))

        def made() -> Run:
            run = build() if build else Run(experiment, self.folder)
            run.parts.loop.watch = lambda step, batch: happened.append(("fed", place, step))
            self.runs[place] = run
            return run

        sink = Sink()
        lane = Lane(data or ready(), made, [sink], Kept(), self.race, paused=paused)
        self.lanes.append(lane)
        self.diaries.append(sink)
        return lane

    def ended(self) -> Track:
        assert self.race.over.wait(100)
        return self

    def steps(self) -> list[int]:
        return [lane.num_updates for lane in self.lanes]

    def fed(self) -> list[tuple[int, int]]:
        """(step, lane) in the order in which the lanes were fed."""
        return [(step, place) for kind, place, step in self.happened if kind == "fed"]

    def command(self, kind: str, lane: int | None = None, **values: Any) -> None:
        command = Command(kind, values)
        assert self.race.command(command) if lane is None else self.lanes[lane].command(command)


@pytest.fixture
def compute():
    with computing() as made:
        yield made


OPTIMIZERS = [everything(optimizer=key) for key in ("sgd", "adam", "adadelta")]


def test_every_round_each_lane_does_one_update_in_the_same_order(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, OPTIMIZERS).ended()
    assert track.fed() == [(step, place) for step in range(12) for place in range(3)]
    assert track.news.states == ["running", "finished"]


def test_all_are_measured_at_their_end_before_the_first_of_them_is_over(compute: Compute, tmp_path: Path):
    """What the store is told of an end is then written together with the last rows of all."""
    track = Track(compute, tmp_path, [])
    over: list[int] = []
    for place in range(3):
        lane = track.lane(points(seed=place))
        lane._finished = lambda job: over.append(
            sum(kind == "measured" and step == 12 for kind, _, step in track.happened)
        )
    track.begin().ended()
    assert over == [3, 3, 3]


def test_the_evaluations_of_a_round_come_before_the_next_update(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [everything(optimizer=key, evaluate_every=4) for key in ("sgd", "adam")]).ended()
    for place, (kind, lane, step) in enumerate(track.happened):
        if kind == "measured":
            behind = [later for later in track.happened[place + 1 :] if later[0] == "fed"]
            assert all(fed >= step for _, _, fed in behind), f"lane {lane} was measured after {step} updates too late"


def test_a_lane_ends_as_the_same_run_by_itself(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, OPTIMIZERS).ended()
    for place, experiment in enumerate(OPTIMIZERS):
        assert same((track.runs[place], track.diaries[place]), trained(experiment, tmp_path))
        assert track.diaries[place].states == ["running", "finished"]


def test_shorter_lanes_leave_and_the_others_go_on(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(epochs=epochs) for epochs in (2, 4, 3)]).ended()
    assert track.fed()[-4:] == [(12, 1), (13, 1), (14, 1), (15, 1)]
    assert [track.lanes.index(lane) for lane in track.news.ended] == [0, 2, 1]


def test_a_lane_that_diverges_or_fails_leaves_and_the_others_go_on(compute: Compute, tmp_path: Path):
    def broken() -> Run:
        run = Run(points(), tmp_path)
        step = run.step

        def failing() -> None:
            if run.step_count == 5:
                raise RuntimeError("out of luck")
            step()

        run.step = failing  # type: ignore[method-assign]
        return run

    diverging = points(optimizer={"key": "sgd", "lr": 1e30})
    track = Track(compute, tmp_path, [points(), diverging])
    track.race.add([track.lane(points(), build=broken)])
    track.ended()
    outcomes = [diary.outcome.state for diary in track.diaries]
    assert outcomes == ["finished", "diverged", "failed"]
    assert str(track.lanes[2].error) == "out of luck"
    assert same((track.runs[0], track.diaries[0]), trained(points(), tmp_path))


def test_a_run_that_cannot_be_built_fails_alone(compute: Compute, tmp_path: Path):
    def refusing() -> Run:
        raise BadInput(Text("No."), Text("Because."), Text("Do otherwise."))

    track = Track(compute, tmp_path, [])
    track.lane(points())
    track.lane(points(), build=refusing)
    track.begin().ended()
    assert [diary.outcome.state for diary in track.diaries] == ["finished", "failed"]
    assert track.diaries[1].outcome.reason == "bad_input"


def test_a_command_to_all_is_applied_by_all_at_the_same_step(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(**LONG), points(**LONG, optimizer="sgd")])
    until(lambda: min(track.steps()) >= 1)
    track.command("pause")
    until(lambda: track.race.state_name == "paused")
    paused_at = track.steps()[0]
    track.command("step")
    until(lambda: track.steps() == [paused_at + 1, paused_at + 1])
    track.command("set", lr=0.01)
    track.command("extend", epochs=1)
    track.command("stop")
    track.ended()
    heard = [[(command.kind, step - paused_at) for command, step, _ in diary.applied_at] for diary in track.diaries]
    assert heard[0] == heard[1] == [("pause", 0), ("step", 0), ("set", 1), ("extend", 1), ("stop", 1)]
    assert all(problem is None for _, _, problem in track.news.applied_at)
    assert [diary.outcome.state for diary in track.diaries] == ["stopped", "stopped"]


def test_paused_lanes_cost_nothing_and_everything_is_measured_before_the_start(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(), points(seed=1)], paused=True)
    until(lambda: track.race.state_name == "paused" and all(len(diary.evaluations) == 1 for diary in track.diaries))
    until(lambda: track.race.ready_at == float("inf"))
    assert track.fed() == []
    assert compute.queue_length() == 0
    track.command("step")
    until(lambda: track.steps() == [1, 1])
    track.command("start")
    track.ended()
    assert track.news.states == ["paused", "running", "finished"]


def test_one_lane_is_dropped_and_the_others_go_on(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(**LONG), points(**LONG)])
    until(lambda: min(track.steps()) >= 1)
    track.command("stop", lane=0)
    until(lambda: track.diaries[0].outcome is not None)
    assert track.diaries[0].outcome.state == "stopped"
    done = track.lanes[0].num_updates
    until(lambda: track.lanes[1].num_updates > done + 10)
    assert not track.race.done
    track.command("stop")
    track.ended()


def test_a_lane_held_back_catches_up_before_the_others_go_on(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(epochs=60), points(epochs=60)], pace="10s")
    until(lambda: min(track.steps()) >= 1)
    track.command("pause", lane=0)
    until(lambda: track.lanes[0].state_name == "paused")
    held = track.lanes[0].num_updates
    until(lambda: track.lanes[1].num_updates >= held + 5)
    assert track.lanes[0].num_updates == held
    track.command("pace", pace="max")
    track.command("resume", lane=0)
    track.ended()
    fed = track.fed()
    again = next(place for place, (step, lane) in enumerate(fed) if lane == 0 and step == held)
    reached = max(step for step, lane in fed[:again])
    caught_up = fed[again : again + reached - held + 1]
    assert caught_up == [(step, 0) for step in range(held, reached + 1)]
    assert fed[again + len(caught_up) :] == sorted(fed[again + len(caught_up) :])
    assert [len(diary.steps) for diary in track.diaries] == [240, 240]


def test_the_pace_is_the_races(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(**LONG), points(**LONG)], paused=True)
    until(lambda: track.race.state_name == "paused")
    track.command("pace", lane=1, pace="1/s")
    until(lambda: track.diaries[1].applied_at)
    assert isinstance(track.diaries[1].applied_at[0][2], BadInput)
    track.command("pace", pace="1/s")
    until(lambda: track.race.pace == "1/s")
    track.command("pace", pace="fast")
    until(lambda: len(track.news.applied_at) == 2)
    assert isinstance(track.news.applied_at[1][2], BadInput)
    assert [lane.pace for lane in track.lanes] == ["1/s", "1/s"]
    assert track.race.seconds_left() == pytest.approx(400_000, rel=0.01)
    track.command("stop")
    track.ended()


def test_a_command_that_every_lane_refuses_is_a_problem_and_one_that_some_take_is_none(
    compute: Compute, tmp_path: Path
):
    track = Track(compute, tmp_path, [points(**LONG), points(**LONG)], paused=True)
    until(lambda: track.race.state_name == "paused")
    track.command("jump")
    until(lambda: track.news.applied_at)
    assert isinstance(track.news.applied_at[0][2], BadInput)
    track.command("stop")
    track.ended()


def test_a_race_waits_for_the_data_of_all(compute: Compute, tmp_path: Path):
    late: Future[None] = Future()
    track = Track(compute, tmp_path, [])
    track.lane(points())
    track.lane(points(seed=1), data=late)
    track.begin()
    until(lambda: track.lanes[0].run is not None)
    assert track.fed() == []
    late.set_result(None)
    track.ended()
    assert track.fed() == [(step, place) for step in range(16) for place in range(2)]


def test_data_that_come_while_a_paused_race_reports_wake_it(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(**LONG)] * 2, paused=True)
    until(lambda: track.race.state_name == "paused")
    data: Future[None] = Future()
    lane = track.lane(points(epochs=2), data=data)

    def state(_: str) -> None:
        if not data.done():
            data.set_result(None)

    track.news.state = state  # type: ignore[method-assign]
    track.race.add([lane])
    until(lambda: lane.state_name == "finished")
    track.race.cancel()
    track.ended()


def test_who_is_stopped_alone_is_told_from_who_is_stopped_with_all(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [points(**LONG)] * 2)
    until(lambda: min(track.steps()) >= 1)
    track.command("stop", lane=0)
    until(lambda: track.lanes[0].done)
    track.command("stop")
    track.ended()
    waiting = Track(compute, tmp_path, [])
    for _ in range(2):
        waiting.lane(points(), data=Future())
    waiting.begin().command("stop")
    waiting.ended()
    assert [lane.is_dropped for lane in [*track.lanes, *waiting.lanes]] == [True, False, False, False]


def test_a_race_that_waits_can_be_stopped(compute: Compute, tmp_path: Path):
    track = Track(compute, tmp_path, [])
    for _ in range(2):
        track.lane(points(), data=Future())
    track.begin().command("stop")
    track.ended()
    assert [diary.outcome.state for diary in track.diaries] == ["stopped", "stopped"]
    assert track.news.states == ["stopped"]


def test_runs_that_are_advanced_together_are_advanced_once_a_round(compute: Compute, tmp_path: Path):
    calls: list[list[int]] = []
    due: list[list[int]] = []

    class Pair:
        def __init__(self, runs: Sequence[Run]) -> None:
            self.runs = list(runs)

        def step(self, runs: Sequence[Run] | None = None) -> None:
            calls.append([run.step_count for run in runs or self.runs])
            for run in runs or self.runs:
                run.step()

        def evaluate(self, run: Run, others: Sequence[Run]) -> None:
            if run.evaluation_begins:
                due.append([self.runs.index(each) for each in (run, *others) if each.evaluation_begins])

    experiments = [points(optimizer=key) for key in ("sgd", "adam", "momentum")]
    track = Track(compute, tmp_path, experiments, together=lambda runs: [Pair(runs[:2])]).ended()
    assert calls == [[step, step] for step in range(16)]
    assert due == [[0, 1], [1]] * 17, "the second is asked when the first is done"
    assert track.fed() == [(step, place) for step, place in itertools.product(range(16), range(3))]
    for place, experiment in enumerate(experiments):
        assert same((track.runs[place], track.diaries[place]), trained(experiment, tmp_path))


def test_who_was_about_to_join_a_race_that_fails_fails_with_it(tmp_path: Path):
    with computing() as compute:
        track = Track(compute, tmp_path, [points(**LONG)], paused=True)
        until(lambda: track.race.state_name == "paused")
        late = track.lane(points())
        track.news.progress = lambda race: track.race.add([late]) and 1 / 0  # type: ignore[method-assign]
        track.race.wake_up()
        track.ended()
        assert [lane.state_name for lane in track.lanes] == ["failed", "failed"]
        assert all(lane.over.is_set() for lane in track.lanes)


def test_when_the_program_ends_every_lane_keeps_its_state(tmp_path: Path):
    with computing() as compute:
        track = Track(compute, tmp_path, [points(**LONG), points(**LONG)])
        until(lambda: min(track.steps()) >= 1)
    assert track.race.over.is_set()
    assert track.news.states[-1] == "interrupted"
    assert [diary.outcome.state for diary in track.diaries] == ["interrupted", "interrupted"]
