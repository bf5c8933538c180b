"""When the pictures of a run are drawn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from core.training import picture_job
from core.training.picture_job import EVERY_S, MOST_A_SECOND, PictureJob


class Drawn:
    """A picture job of a run that is not trained, a clock, and after which updates pictures were drawn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, num_runs: int) -> None:
        self.now = 100.0
        self.run = SimpleNamespace(step_count=0, is_evaluating=False)
        self.training: Any = SimpleNamespace(run=self.run, done=False, state_name="running")
        monkeypatch.setattr(picture_job.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(picture_job, "what_it_has_learned", lambda run: ("fit", {"step": run.step_count}))
        monkeypatch.setattr(picture_job, "wrong_answers", lambda run: ("wrong", {}))
        self.at: list[int] = []
        self.job = PictureJob(
            self.training, lambda name, payload: self.at.append(payload["step"]), "anna", lambda: num_runs
        )

    def looks(self, seconds: float) -> list[int]:
        """Let so much time go by, an update with each look; after which updates pictures were drawn."""
        self.at.clear()
        end = self.now + seconds
        while self.now < end:
            self.run.step_count += 1
            self.job.advance(0.02)
            self.now = max(self.now, self.job.ready_at)
        return self.at


def test_a_run_is_drawn_every_half_second_and_where_many_go_on_all_together_ten_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
):
    for num_runs in (1, 5, 30):
        drawn = len(Drawn(monkeypatch, num_runs).looks(30))
        assert drawn == round(30 / max(EVERY_S, num_runs / MOST_A_SECOND)), num_runs


def test_what_is_held_is_shown_as_it_stands_and_once(monkeypatch: pytest.MonkeyPatch):
    drawn = Drawn(monkeypatch, 30)
    assert drawn.looks(EVERY_S) == [1]
    drawn.training.state_name = "paused"
    assert drawn.looks(EVERY_S) == [2]
    drawn.job.advance(0.02)
    assert drawn.at == [2]


def test_the_end_is_shown_at_once_although_nothing_is_due(monkeypatch: pytest.MonkeyPatch):
    drawn = Drawn(monkeypatch, 30)
    assert drawn.looks(EVERY_S) == [1]
    drawn.training.done = True
    drawn.job.advance(0.02)
    assert drawn.at == [1, 1]
    assert drawn.job.done
    assert drawn.training.run is None
