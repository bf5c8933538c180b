"""Leaving a saddle: counted along its way down, whatever its direction."""

from __future__ import annotations

from typing import Any

import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.registry import parse
from core.landscape.leaving import leaving_by_rate, updates_to_leave, way_down
from core.landscape.paths import race
from core.landscape.practice import Practice
from core.landscape.stories import stories
from core.studies.practice_races import PracticeRaces
from core.training.compute import Compute, Pieces


def surface(key: str) -> Any:
    return parse("surfaces", key)


def test_the_way_down_of_the_saddle_is_along_y():
    found = way_down(surface("saddle"), (1.0, 1e-6))
    assert found is not None
    saddle, down = found
    assert saddle.tolist() == [0, 0]
    assert abs(down).tolist() == pytest.approx([0, 1])


@pytest.mark.parametrize(
    ("key", "start"), [("saddle", (1.0, 0.3)), ("quadratic", (0.0, 0.0)), ("monkey_saddle", (0, 0))]
)
def test_a_start_elsewhere_is_at_no_saddle(key: str, start: tuple[float, float]):
    assert way_down(surface(key), start) is None


def test_updates_to_leave_are_those_of_the_story():
    practice = next(story for story in stories() if story.key == "saddle").practice
    found = way_down(practice.surface, practice.begin)
    assert found is not None
    paths = race(practice.surface, practice.optimizers, practice.begin, practice.steps)
    assert [updates_to_leave(path, *found) for path in paths] == [2, 6, 7, 30, 34, 73]


def test_a_smaller_rate_leaves_later_and_a_tiny_one_not_at_all():
    optimizers: Any = [parse("optimizers", key) for key in ("sgd", "adagrad")]
    pieces = Pieces(leaving_by_rate(surface("saddle"), optimizers, (1.0, 1e-6), [0.1, 0.01, 0.00001], 1000))
    pieces.advance(60)
    sgd, adagrad = pieces.future.result(timeout=0)
    # SGD grows by 1 + 2 · rate an update, from 1e-6 to 0.5.
    assert sgd == [73, 666, None]
    assert adagrad[0] == 7
    assert adagrad[1] is not None
    assert 7 < adagrad[1] < 666
    assert adagrad[2] is None


def test_where_no_optimizer_has_a_rate_there_is_nothing_to_race():
    practice = Practice.from_json({"surface": "saddle", "optimizers": ["adadelta"], "steps": 2})
    rates, found = PracticeRaces(Compute()).leaving_by_rate(practice, "local")
    assert (len(rates), found) == (9, [])
