"""What is told of an answer follows from what was measured."""

from __future__ import annotations

import math

import pytest

from core.lessons.question import HANDLES, QUESTIONS, Curve
from core.lessons.told import Ended, expected, miss, of_the_class, told, votes_of_the_class
from core.store.records import Evaluation

TEXT = {"en": "What?", "zh": "什么？"}
CHOICES = [{"en": "up", "zh": "上"}, {"en": "down", "zh": "下"}]
CHOICE = QUESTIONS.validate_python({"kind": "choice", "text": TEXT, "choices": CHOICES, "answer": 1})
OPEN = QUESTIONS.validate_python({"kind": "choice", "text": TEXT, "choices": CHOICES})
NUMBER = QUESTIONS.validate_python(
    {"kind": "number", "text": TEXT, "measure": "validation_error", "low": 0, "high": 0.5}
)
CURVE = Curve.model_validate({"kind": "curve", "text": TEXT, "measure": "validation_error"})


def ended(*errors: float, epochs: int = 100) -> Ended:
    """A run that had these validation errors at equal distances up to its last epoch."""
    last = len(errors) - 1
    rows = [
        Evaluation(place, epochs * place / last, 0.0, {"validation/error": error}) for place, error in enumerate(errors)
    ]
    return Ended({"validation_error": errors[-1]}, epochs, rows)


def test_a_curve_that_was_met_is_missed_by_nothing():
    missed = miss(CURVE, (0.2,) * 5, ended(0.9, *[0.2] * 10))
    assert missed is not None
    assert missed.mean == 0, "before the first handle nothing was expected"


def test_the_largest_miss_is_named_with_its_place():
    errors = [0.5] * 11
    errors[5] = 0.1
    missed = miss(CURVE, (0.4,) * 5, ended(*errors))
    assert missed is not None
    assert (missed.expected, missed.measured, missed.epoch) == pytest.approx((0.4, 0.1, 50))
    assert missed.mean == pytest.approx((9 * 0.1 + 0.3) / 10)


def test_between_its_handles_a_curve_is_straight():
    heights = tuple(1 - share for share in HANDLES)
    missed = miss(CURVE, heights, ended(*(1 - place / 50 for place in range(51))))
    assert missed is not None
    assert missed.mean == pytest.approx(0)


def test_what_was_added_to_a_run_was_not_expected():
    rows = ended(*[0.2] * 11, epochs=100).evaluations
    missed = miss(CURVE, (0.2,) * 5, Ended({}, 50, [*rows, Evaluation(99, 200.0, 0.0, {"validation/error": 0.9})]))
    assert missed is not None
    assert missed.mean == 0


def test_a_run_without_a_number_says_so():
    broken = ended(0.9, math.nan, math.nan)
    assert miss(CURVE, (0.2,) * 5, broken) is None
    assert str(told(CURVE, (0.2,) * 5, broken, "en")) == "The run ended without a number."
    assert str(told(NUMBER, 0.2, Ended(), "en")) == "The run ended without a number."


def test_it_is_told_in_the_readers_language():
    assert str(told(CHOICE, 0, Ended(), "en")) == "You expected: up. It is: down."
    assert told(CHOICE, 0, Ended(), "zh").values == {"expected": "上", "answer": "下"}
    assert str(told(CHOICE, 1, Ended(), "en")) == "As you expected: down."
    assert str(told(CHOICE, None, Ended(), "en")) == "It is: down."
    assert str(told(OPEN, 0, Ended(), "en")) == "You expected: up."
    assert str(told(NUMBER, 0.25, ended(0.5, 0.125), "en")) == "You expected 25 %; it came to 12.5 %."
    assert str(told(NUMBER, None, ended(0.5, 0.125), "en")) == "It came to 12.5 %."
    assert str(told(CURVE, (0.4,) * 5, ended(*[0.5] * 11), "en")) == (
        "On average 10.0 points away from what you expected; most at epoch 10: expected 40 %, measured 50.0 %."
    )


def test_what_is_expected_is_said_before_it_is_over():
    assert str(expected(CHOICE, 1, "en")) == "You expect: down."
    assert str(expected(NUMBER, 0.25, "en")) == "You expect 25 %."
    assert str(expected(CURVE, (0.2,) * 5, "en")) == "You expect the dashed curve."
    assert {str(expected(question, None, "en")) for question in (CHOICE, NUMBER, CURVE)} == {"skipped"}


def test_a_class_is_more_than_one_person_who_answered():
    assert of_the_class(CHOICE, [1], "en") is None
    assert of_the_class(CHOICE, [1, None, None], "en") is None
    assert str(of_the_class(CHOICE, [1, 0, 1, None], "en")) == "3 answered: 1 × up, 2 × down."
    assert str(of_the_class(NUMBER, [0.1, 0.2, 0.4], "en")) == (
        "3 answered: from 10 % to 40 %, half of them at most 20 %."
    )
    assert str(of_the_class(CURVE, [(0.2,) * 5] * 2, "en")) == "2 have drawn a curve."
    names = {"right": "right", "wrong": "wrong"}
    assert votes_of_the_class(["wrong"], names) is None
    assert str(votes_of_the_class(["wrong", "right", "wrong"], names)) == "3 voted: 1 × right, 2 × wrong."
