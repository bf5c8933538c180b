"""What is known of a race is kept with the first news after its runs are built, so that it outlives a kill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.studies.fairness import Referee
from core.studies.race_news import RaceNews
from core.training.race import RaceJob
from core.training.run import Run
from tests.experiments import points


class BuiltLane:
    """A lane as the news ask for it."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.progress = 0.0


def test_fairness_is_kept_as_soon_as_there_are_runs_also_when_their_data_came_late(tmp_path: Path):
    kept: list[dict[str, Any]] = []
    referee = Referee()
    news = RaceNews(None, "comparison", referee, lambda facts: kept.append(dict(facts)))
    race = RaceJob([news], lambda: None)
    lane = BuiltLane()
    race.lanes = [lane]  # pyright: ignore[reportAttributeAccessIssue]
    run = Run(points(), tmp_path)
    news.progress(race)
    assert kept == [], "its data are still being loaded"
    lane.run = run
    referee.begin((0, 0), "A", run)
    news.progress(race)
    assert [facts["fairness"]["unmatched"] for facts in kept] == [[]]
    news.progress(race)
    assert len(kept) == 1, "it is judged again only after a while, and kept only when it has changed"
