"""A link carries a task by itself: what is written is what is read, and what cannot be used is named."""

from __future__ import annotations

import itertools
from typing import get_args
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.experiment import Experiment
from core.lessons.capsule import MOST_LETTERS, MOST_OF_A_CHOICE, Capsule, own_parameters, read, same
from core.lessons.lesson import CONTROLS
from core.lessons.question import Choice, Curve, Measure, Number
from core.lessons.seal import Expected
from core.text import is_showable

LETTERS = st.characters(exclude_categories=("Cs",)).filter(is_showable)
HEX = st.text("0123456789abcdef", min_size=16, max_size=64)
SHARES = st.floats(0, 1)
MEASURES: tuple[Measure, ...] = get_args(Measure)


def texts(most: int) -> st.SearchStrategy[str]:
    return st.text(LETTERS, min_size=1, max_size=most).map(str.strip).filter(bool)


@st.composite
def questions(draw: st.DrawFn) -> Choice | Number | Curve | None:
    kind = draw(st.sampled_from(["none", "choice", "number", "curve"]))
    if kind == "none":
        return None
    text, measure = same(draw(texts(MOST_LETTERS))), draw(st.sampled_from(MEASURES))
    if kind == "number":
        low, high = sorted(draw(st.lists(SHARES, min_size=2, max_size=2, unique=True)))
        return Number(kind="number", text=text, measure=measure, low=low, high=high)
    if kind == "curve":
        return Curve(kind="curve", text=text, measure=measure, high=draw(st.floats(0.05, 1)))
    choices = tuple(map(same, draw(st.lists(texts(MOST_OF_A_CHOICE), min_size=2, max_size=6))))
    answer = draw(st.none() | st.integers(0, len(choices) - 1))
    return Choice(kind="choice", text=text, choices=choices, answer=answer)


@st.composite
def results(draw: st.DrawFn) -> Expected:
    low, high = sorted((draw(SHARES), draw(SHARES)))
    bits = {"weights": draw(HEX), "torch": draw(st.sampled_from(["", "2.14.1+cpu"])), "device": "cpu"}
    return Expected(fingerprint=draw(HEX), low=low, high=high, **(bits if draw(st.booleans()) else {}))


capsules = st.builds(
    Capsule,
    show=st.sets(st.sampled_from(CONTROLS)).map(lambda names: tuple(name for name in CONTROLS if name in names)),
    ask=questions(),
    expect=st.none() | results(),
    of=HEX,
)


@settings(max_examples=60, deadline=None)
@given(capsules)
def test_what_is_written_into_an_address_is_what_is_read(capsule: Capsule):
    experiment = Experiment.from_json({"dataset": "moons"})
    address = urlencode(experiment.to_url() | capsule.to_url())
    query = dict(parse_qsl(address, keep_blank_values=True))
    again, problems = read(query, experiment)
    assert problems == []
    assert (again.show, again.ask, again.expect) == (capsule.show, capsule.ask, capsule.expect)
    assert again.of == (capsule.of if capsule.ask is not None else experiment.fingerprint()[:16])
    assert own_parameters(query) == capsule.to_url()


NUMBER = {"ask": "How many?", "ask.number": "validation_error,0,0.5"}
CHOICES = {"ask": "Which?", "ask.1": "this", "ask.2": "that"}


@pytest.mark.parametrize(
    ("query", "named", "why"),
    [
        ({"show": "lr"}, "show=lr", "none of the choices dataset, augmentations"),
        ({"show": ""}, "show=", "none of the choices"),
        ({"ask": "Which?"}, "ask=Which?", "at least two"),
        ({**CHOICES, "ask.4": "x"}, "ask=Which?", "ask.1 to at most ask.6"),
        ({**CHOICES, **{f"ask.{place}": "x" for place in range(1, 9)}}, "ask=Which?", "at most ask.6"),
        ({**CHOICES, "ask.right": "3"}, "ask=Which?", "the place of none of the 2 choices"),
        ({**CHOICES, "ask.right": "0"}, "ask=Which?", "not written as a link is"),
        ({**CHOICES, "ask.right": "second"}, "ask=Which?", "not written as a link is"),
        ({**CHOICES, "ask.number": "validation_error,0,1"}, "ask=Which?", "answers of one kind"),
        ({**CHOICES, "ask": "?" * 201}, "ask=?", "1 to 200 letters, and this one 201"),
        ({**CHOICES, "ask": "\u2028"}, "ask=", "1 to 200 letters, and this one 0"),
        ({**CHOICES, "ask.1": "x" * 61}, "ask=Which?", "1 to 60 letters"),
        ({**NUMBER, "ask.number": "mood,0,1"}, "ask=How many?", "validation_error, train_error"),
        ({**NUMBER, "ask.number": "validation_error,0.5,0.5"}, "ask=How many?", "must be above low"),
        ({**NUMBER, "ask.number": "validation_error,nan,1"}, "ask=How many?", "not written as a link is"),
        ({**NUMBER, "ask.number": "validation_error,0"}, "ask=How many?", "not written as a link is"),
        ({"ask": "How?", "ask.curve": "train_error"}, "ask=How?", "not written as a link is"),
        ({"ask": "How?", "ask.curve": "train_error,7"}, "ask=How?", "not written as a link is"),
        ({"expect": "9f86d081884c7d65"}, "expect=9f86", "not written as a link is"),
        ({"expect": "9f86d081884c7d65,0.2,0.1"}, "expect=9f86", "must not be below low"),
        ({"expect": "9f86d081884c7d65,0,1,abc"}, "expect=9f86", "or nothing"),
        ({"expect": "9f86,0,1"}, "expect=9f86", "not written as a link is"),
        ({**NUMBER, "ask.of": "me"}, "ask.of=me", "not written as a link is"),
        ({"expect.low": "1"}, "expect.low=1", "nothing that can be chosen here"),
        ({"ask.1": "this"}, "ask.1=this", "nothing that can be chosen here"),
    ],
    ids=itertools.count(),
)
def test_a_part_that_cannot_be_used_is_named_and_the_rest_holds(query: dict[str, str], named: str, why: str):
    kept = {"show": "seed"} if "show" not in query else NUMBER
    capsule, problems = read(query | kept, Experiment())
    assert capsule.to_url() == read(kept if "ask.of" not in query else NUMBER | kept, Experiment())[0].to_url() != {}
    assert len(problems) == 1
    assert named in str(problems[0])
    assert why in str(problems[0])


def test_percents_are_asked_of_data_with_classes_only():
    regression = Experiment.from_json({"dataset": "polynomial"})
    capsule, problems = read(NUMBER, regression)
    assert capsule.ask is None
    assert "data with classes" in str(problems[0])


def test_a_link_is_a_lesson_of_one_step_that_runs_its_experiment():
    experiment = Experiment.from_json({"dataset": "moons", "name": "mine", "notes": "long " * 900})
    lesson = read({"show": "seed", **CHOICES}, experiment)[0].lesson(experiment)
    [step] = lesson.steps
    assert step.experiment is not None
    assert step.experiment.fingerprint() == experiment.fingerprint()
    assert (step.show, step.page) == (("seed",), "train")
