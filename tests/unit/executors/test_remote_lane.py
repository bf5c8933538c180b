"""The lane of a run on a cluster, without a cluster: what is given up is handed to no worker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import BadInput
from core.executors.outbox import Told
from core.executors.remote_lane import RemoteLane
from core.studies.commands import check_change
from core.training.command import Command
from core.training.race import RaceJob
from core.training.run import Run
from tests.experiments import points
from tests.jobs import ready
from tests.polling import until

NOT_ASKED: Any = None


class Training:
    """A run that is handed over, and has nothing to tell; how often somebody has followed it."""

    def __init__(self) -> None:
        self.num_followed = 0

    def command(self, command: Command) -> None:
        """It obeys, and says nothing."""

    def news(self) -> Iterator[list[Told]]:
        self.num_followed += 1
        return iter(())


class Remote:
    """A study whose order takes until the test lets it go."""

    targets: Any = NOT_ASKED

    def __init__(self, processes: int = 1) -> None:
        self.cluster: Any = None
        self.training = Training()
        self.processes = processes
        self.may_go_on = threading.Event()

    def order(self, **_: Any) -> Any:
        self.may_go_on.wait(100)

    def begin_again(self) -> None:
        raise AssertionError("no worker was lost")


@pytest.fixture
def lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Remote], RemoteLane]:
    def begun(remote: Remote) -> RemoteLane:
        monkeypatch.setattr("core.executors.remote_lane.Training", lambda *_: remote.training)
        race = RaceJob([], lambda: None)
        told: dict[str, Any] = {"owner": "local", "paused": False, "finished": lambda job: None}
        made = RemoteLane(ready(), lambda: Run(points(), tmp_path), [], NOT_ASKED, race, remote, **told)
        made.begin()
        return made

    return begun


def nobody_follows() -> bool:
    return "cluster" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_run_that_is_stopped_while_it_is_handed_over_takes_no_worker(
    lane: Callable[[Remote], RemoteLane], is_stopped: bool
):
    remote = Remote()
    run = lane(remote)
    if is_stopped:
        run.take(Command("stop"))
    remote.may_go_on.set()
    until(nobody_follows)
    assert (run.state_name, remote.training.num_followed) == (("stopped", 0) if is_stopped else ("queued", 1))


@pytest.mark.parametrize("processes", [1, 2])
def test_of_a_run_that_processes_share_only_the_learning_rate_can_change(
    lane: Callable[[Remote], RemoteLane], processes: int
):
    remote = Remote(processes)
    remote.may_go_on.set()
    run = lane(remote)
    record: Any = SimpleNamespace(experiment=points().to_json())

    def change(**values: Any) -> None:
        check_change(NOT_ASKED, run, record, {name.replace("__", "."): value for name, value in values.items()})

    change(optimizer__lr=0.02)
    change(lr=0.02)
    if processes == 1:
        change(batch_size=8)
    else:
        with pytest.raises(BadInput, match="Only the learning rate"):
            change(batch_size=8)
