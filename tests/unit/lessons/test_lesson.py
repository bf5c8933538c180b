"""A lesson is read from a file that a teacher wrote: what cannot be used is named, and why."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from core.errors import BadInput
from core.lessons.lesson import LARGEST, lessons, read_lesson
from core.lessons.question import Choice

STEP = """
[[steps]]
{shown}
[steps.text]
en = "Look."
zh = "看。"
"""

HEAD = """
place = 1
minutes = 10
[title]
en = "A lesson"
zh = "一课"
"""

QUESTION = """
[steps.question]
kind = "choice"
answer = {answer}
[steps.question.text]
en = "What happens?"
zh = "会怎样？"
[[steps.question.choices]]
en = "this"
zh = "这个"
[[steps.question.choices]]
en = "that"
zh = "那个"
"""

NUMBER = """
[steps.question]
kind = "number"
measure = "{measure}"
low = {low}
high = {high}
[steps.question.text]
en = "How many?"
zh = "多少？"
"""

CURVE = """
[steps.question]
kind = "curve"
measure = "validation_error"
high = 0.5
[steps.question.text]
en = "How will it go?"
zh = "会怎样？"
"""


def expect(fingerprint: str = "9f86d081884c7d65", low: float = 0.1) -> str:
    """What a step came to."""
    return f'[steps.expect]\nfingerprint = "{fingerprint}"\nlow = {low}\nhigh = 0.5\n'


def step(shown: str = 'preset = "learns"', after: str = "") -> str:
    """One step that shows something."""
    return STEP.format(shown=shown) + after


def number(measure: str = "validation_error", low: float = 0.0, high: float = 0.5) -> str:
    """A question for a number."""
    return NUMBER.format(measure=measure, low=low, high=high)


def lesson(*steps: str, head: str = HEAD) -> str:
    """A lesson whose first steps are given; it has three."""
    return head + "".join(steps) + step() * (3 - len(steps))


def why_not(text: str) -> str:
    """The sentences that refuse a lesson."""
    with pytest.raises(BadInput) as refused:
        read_lesson(text, "mine")
    assert "“mine”" in str(refused.value)
    return str(refused.value)


def test_a_lesson_says_what_is_run_where_in_both_languages():
    read = read_lesson(
        lesson(step(after=QUESTION.format(answer=1)), step('comparison = "l1_l2"'), step('story = "saddle"'), step()),
        "mine",
    )
    assert [step.page for step in read.steps] == ["train", "compare", "landscapes", "train"]
    assert isinstance(read.steps[0].question, Choice)
    assert read.title.say("en") == "A lesson"
    assert read.title.say("zh") == "一课"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("place =", "TOML"),
        ("a = " + "[" * 20_000, "TOML"),
        (lesson(step('preset = "learn"')), "steps.1: There is no preset “learn”; there are learns"),
        (lesson(step('comparison = "race"')), "There is no comparison “race”"),
        (lesson(step('story = "hill"')), "There is no story “hill”"),
        (lesson(step("")), "Name one of preset, comparison, story and link."),
        (lesson(step('preset = "learns"\nstory = "saddle"')), "Name one of preset"),
        (lesson(step('link = "/runs"')), "Only Train, Compare, the practice surfaces"),
        (lesson(step('link = "/?epochs=-3"')), "steps.1: This address cannot be used. “epochs=-3”"),
        (lesson(step('link = "/generalization?look=kfold&epochs=-3"')), "This address cannot be used. “epochs=-3”"),
        (lesson(step('link = "/data?dataset=moons&architecture=cnn"')), "cannot read Two moons"),
        (lesson(step('link = "/gradients?tab=felt"\nshow = ["seed"]')), "Choices stand on Train and Generalization"),
        (lesson(step('link = "/generalization?look=bias"', number())), "A number or a curve is measured in one run"),
        (lesson(step('link = "/compare?seed=3"')), "This address cannot be used."),
        (lesson(step('link = "/landscapes"')), "It chooses nothing."),
        (lesson(step('link = "/landscapes?surface=hill"')), "hill"),
        (lesson(step('link = "http://[/"')), "It is no address."),
        (lesson(step(after=QUESTION.format(answer=2))), "steps.1.question: Answer 2 is the place of none of the 2"),
        (lesson(step(after=QUESTION.format(answer=-1))), "steps.1.question.answer"),
        (lesson(step(after=number(low=0.5))), "High 0.5 must be above low 0.5"),
        (lesson(step(after=number(high=90.0))), "steps.1.question.high"),
        (lesson(step(after=number(measure="mood"))), "steps.1.question.measure"),
        (lesson(step('story = "saddle"', number())), "A number or a curve is measured in one run"),
        (lesson(step('story = "saddle"', CURVE)), "A number or a curve is measured in one run"),
        (lesson(step(after=CURVE.replace("0.5", "1.5"))), "steps.1.question.high"),
        (lesson(step('link = "/?dataset=polynomial"', CURVE)), "asked of data with classes"),
        (lesson(step('link = "/?dataset=polynomial"', number())), "asked of data with classes"),
        (lesson(step(after=expect())), "steps.1.expect: The fingerprint is that of another experiment"),
        (lesson(step(after=expect(fingerprint="9f86"))), "steps.1.expect.fingerprint"),
        (lesson(step(after=expect(low=0.9))), "High 0.5 must not be below low 0.9"),
        (lesson(step('story = "saddle"', expect())), "“expect” belongs to a step on Train"),
        (lesson(step('preset = "learns"\nlooks = 1')), "“looks” belongs to a step there"),
        (lesson(step('link = "/generalization?look=seal"\nlooks = 3')), "steps.1.looks: It is too large"),
        (lesson(step('story = "saddle"\nshow = ["seed"]')), "Choices stand on Train and Generalization"),
        (lesson(step('preset = "learns"\nshow = ["lr"]')), "steps.1.show.1"),
        (lesson().replace('zh = "看。"', "", 1), "steps.1.text.zh: It is missing."),
        (lesson().replace('zh = "看。"', 'zh = " "', 1), "steps.1.text.zh"),
        (lesson(head=HEAD.replace("minutes = 10", "minutes = 0")), "minutes"),
        (lesson(head="colour = 1" + HEAD), "colour: A lesson has no such part."),
        ("steps = []" + HEAD, "steps"),
        (HEAD + step() * 9, "steps: It is too large or too long; the most is 8."),
    ],
    ids=itertools.count(),
)
def test_what_cannot_be_used_is_named(text: str, said: str):
    assert said in why_not(text)


def folder_of(folder: Path, **files: str | bytes) -> Path:
    """A folder with lessons by their names."""
    for name, text in files.items():
        (folder / f"{name}.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_lessons_come_in_the_order_of_their_places(tmp_path: Path):
    second = lesson().replace("place = 1", "place = 2")
    assert list(lessons(folder_of(tmp_path, a=second, b=lesson()))) == ["b", "a"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": lesson(), "b": lesson()}, "Place 1 is that of another lesson"),
        ({"a": lesson() + "#" * LARGEST}, "more than 64 KiB"),
        ({"a": lesson().encode("utf-16")}, "no text in UTF-8"),
    ],
    ids=["place taken", "too large", "not UTF-8"],
)
def test_a_folder_with_a_file_that_cannot_be_used_is_refused(tmp_path: Path, files: dict[str, str | bytes], said: str):
    with pytest.raises(BadInput, match=said):
        lessons(folder_of(tmp_path, **files))


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path):
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(BadInput, match="“gone” cannot be used. It cannot be read"):
        lessons(tmp_path)
