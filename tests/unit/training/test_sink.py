"""What runs tell when they begin and end: stored first, all in one wait, and only then told to anybody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.text import Text
from core.training.events import Outcome
from core.training.sink import Settling, telling, telling_end, wait_for
from tests.jobs import SinkDiary

ENDED = Outcome("finished", "all_epochs", Text("All epochs are done."))


class Noting(SinkDiary):
    """A sink that notes what it is told, and when it is waited for."""

    def __init__(self, log: list[str], name: str, *, waits: bool = False, error: str = "") -> None:
        super().__init__()
        self.log, self.name, self.waits, self.error = log, name, waits, error

    def state(self, state: str, run: Any, outcome: Any) -> Any:
        self.log.append(f"{self.name} hears {state}")
        if self.error == "told":
            raise OSError("no room")
        return self.wait if self.waits else None

    def wait(self) -> None:
        self.log.append(f"{self.name} keeps")
        if self.error == "kept":
            raise OSError("no room")


def test_who_comes_later_hears_of_what_is_kept():
    log: list[str] = []
    wait_for(telling([Noting(log, "store", waits=True), Noting(log, "hub")], "running", None))
    assert log == ["store hears running", "store keeps", "hub hears running"]


@pytest.mark.parametrize("error", ["told", "kept"])
def test_everybody_hears_of_an_end_that_could_not_be_kept_and_nobody_of_such_a_beginning(error: str):
    log: list[str] = []
    sinks = [Noting(log, "store", waits=True, error=error), Noting(log, "hub")]
    with pytest.raises(OSError, match="no room"):
        wait_for(telling(sinks, "running", None))
    assert "hub hears running" not in log
    wait_for(telling_end(sinks, ENDED, None))
    assert log[-1] == "hub hears finished"


def test_what_several_tell_at_once_is_waited_for_together():
    log: list[str] = []
    failed: list[str] = []

    def guarded(who: str, act: Callable[[], object]) -> None:
        try:
            act()
        except OSError:
            failed.append(who)

    settling: Settling[str] = Settling(guarded)
    for who, error in (("a", ""), ("b", "kept"), ("c", "")):
        sinks = [Noting(log, f"store {who}", waits=True, error=error), Noting(log, f"hub {who}")]
        settling.tell(who, telling(sinks, "running", None))
    assert log == [f"store {who} hears running" for who in "abc"]
    settling.settle()
    assert log[3:6] == [f"store {who} keeps" for who in "abc"]
    assert log[6:] == ["hub a hears running", "hub c hears running"]
    assert failed == ["b"]
    settling.settle()
    assert len(log) == 8
