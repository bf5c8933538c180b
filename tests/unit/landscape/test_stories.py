"""Every story's caption says what its paths do."""

from __future__ import annotations

import numpy as np
import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.landscape.path import Path
from core.landscape.paths import paths_of
from core.landscape.practice import Practice
from core.landscape.stories import Measure, Story, stories


def first(condition: np.ndarray) -> float:
    assert condition.any()
    return float(np.argmax(condition))


def measured(path: Path, measure: Measure) -> float:
    x, y = path.positions.T
    return {
        "loss": lambda: path.losses[-1],
        "x": lambda: x[-1],
        "y": lambda: y[-1],
        "first_step": lambda: x[1] - x[0],
        "updates_to_leave": lambda: first(np.abs(y) > 0.5),
        "updates_to_arrive": lambda: first(path.losses < 0.01),
    }[measure]()


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.key)
def test_the_numbers_of_the_caption_are_those_of_the_paths(story: Story):
    paths = paths_of(story.practice)
    for name, number in story.numbers.items():
        digits = len(number.written.replace("-", "").replace(".", "").lstrip("0"))
        found = measured(paths[number.place], number.measure)
        assert float(f"{found:.{digits}g}") == float(number.written), f"{story.key}: {name} is {found}"
    assert "{" not in str(story.text)


def test_what_the_captions_say_in_words():
    races = {story.key: paths_of(story.practice) for story in stories()}
    assert np.abs(np.diff(races["too_large"][1].positions[:, 1])[-1]) > np.abs(races["too_large"][1].positions[0, 1])
    assert races["momentum"][0].losses[-1] > 1e6
    assert races["forgetting"][2].losses[-1] < 1e-4
    third = races["no_rate"][2]
    assert third.losses[-100:].max() > 100 * third.losses.min()
    assert (races["plateau"][0].losses > 0.01).all()
    assert races["plateau"][0].gradient_norms[0] < 0.1
    assert races["flat_and_sharp"][0].losses[-1] < 1e-6
    assert races["flat_and_sharp"][1].losses[-1] < 1e-3


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.key)
def test_a_story_comes_back_from_its_link_and_from_json(story: Story):
    practice = story.practice
    assert Practice.from_url(practice.to_url()) == (practice, [])
    assert Practice.from_json(practice.to_json()) == practice


def test_there_are_nine_and_their_keys_differ():
    assert len({story.key for story in stories()}) == 9
