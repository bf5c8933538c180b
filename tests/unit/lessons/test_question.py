"""A question takes what answers it, and an answer comes back from an address and from the store."""

from __future__ import annotations

from typing import Any

import pytest

from core.lessons.question import HANDLES, QUESTIONS, Choice, Curve, Number

TEXT = {"en": "What?", "zh": "什么？"}
CHOICE = QUESTIONS.validate_python({"kind": "choice", "text": TEXT, "choices": [TEXT, {"en": "b", "zh": "b"}]})
NUMBER = QUESTIONS.validate_python(
    {"kind": "number", "text": TEXT, "measure": "validation_error", "low": 0.1, "high": 0.5}
)
CURVE = QUESTIONS.validate_python({"kind": "curve", "text": TEXT, "measure": "train_error", "high": 0.9})


@pytest.mark.parametrize(
    ("question", "given", "written"),
    [(CHOICE, 1, "1"), (NUMBER, 0.25, "0.25"), (CURVE, (0.9, 0.455, 0.2, 0.0, 0.1), "900.455.200.0.100")],
    ids=["choice", "number", "curve"],
)
def test_an_answer_comes_back_from_an_address_and_from_the_store(
    question: Choice | Number | Curve, given: Any, written: str
):
    assert question.takes(given)
    assert question.write(given) == written
    assert question.read(written) == given
    assert question.from_json(list(given) if isinstance(given, tuple) else given) == given


@pytest.mark.parametrize(
    ("question", "given"),
    [
        (CHOICE, 2), (CHOICE, -1), (CHOICE, 0.5), (CHOICE, "1"),
        (NUMBER, 0.05), (NUMBER, 0.6), (NUMBER, float("nan")), (NUMBER, "0.2"), (NUMBER, True),
        (CURVE, (0.1,) * 4), (CURVE, (0.1,) * 6), (CURVE, (0.1, 0.1, 0.1, 0.1, 0.91)), (CURVE, (0.1, 0, 0, 0, -0.01)),
        (CURVE, (float("nan"),) * 5), (CURVE, 0.5),
    ],
)  # fmt: skip
def test_what_answers_nothing_is_not_taken(question: Choice | Number | Curve, given: Any):
    assert not question.takes(given)


@pytest.mark.parametrize("stored", [None, "abc", 3, {"a": 1}, [0.1, "b"], [[0.1]] * 5, [True] * 5])
def test_what_is_stored_and_no_curve_answers_nothing(stored: Any):
    assert not CURVE.takes(CURVE.from_json(stored))


def test_the_handles_rise_to_the_end_of_the_run():
    assert list(HANDLES) == sorted(set(HANDLES))
    assert HANDLES[0] > 0
    assert HANDLES[-1] == 1
