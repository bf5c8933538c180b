"""Capsule: a task in the address of an experiment — which choices are left, a question, what is expected to come out.

So a link works on another machine without a lesson file. Beside the settings of an experiment stand:

    link     = settings, ["show=" control, {"," control}], [question, ["ask.of=" fingerprint]], ["expect=" result]
    control  = "dataset" | "augmentations" | "architecture" | "regularizers" | "optimizer" | "seed" | "epochs" | "more"
    question = "ask=" text, (choices | number | curve)
    choices  = "ask.1=" text, "ask.2=" text, .., "ask.6=" text, ["ask.right=" the place of the right one, from 1]
    number   = "ask.number=" measure "," low "," high
    curve    = "ask.curve=" measure "," high
    measure  = "validation_error" | "train_error"
    result   = fingerprint "," low "," high ["," weights "," torch "," device]

- `show` lists the choices that the reader may change; without it all of them can be changed.
- A text is what a person reads: at most 200 letters for a question and 60 for a choice, in one language. It is shown
  letter by letter, never as Markdown or HTML.
- `low` and `high` are shares: 0.25 is 25 % wrong. A number is answered on a slider from low to high, a curve is drawn
  from 0 to high.
- A fingerprint is the first 16 to 64 letters of an experiment's: behind "ask.of" of the one that the question is about,
  which the address bar names while a reader changes settings; in a result of the one that was run. `weights` are the
  first letters of the SHA-256 of the weights that it ended with, `low` and `high` bound its validation error.
- `torch` and `device` say where the weights were computed; without them and the weights no bits are compared.

A part that cannot be used is left out and named; the rest of the link holds.

    ?dataset=moons&show=regularizers&ask=Where+will+it+end%3F&ask.number=validation_error,0,0.5
    ?seed=3&ask=Which+is+higher%3F&ask.1=training+error&ask.2=validation+error&ask.right=2
    ?expect=9f86d081884c7d65,0.021,0.043,2c26b46b68ffc68f,2.14.1,cpu
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args

from pydantic import ValidationError

from core.experiment import Experiment
from core.lessons.lesson import CONTROLS, Control, Lesson, Step
from core.lessons.linked import link_to
from core.lessons.question import QUESTIONS, Choice, Curve, Measure, Number, Unusable, Words, is_in_percent
from core.lessons.seal import HASH, LETTERS, Expected
from core.text import Text, is_showable

PREFIX = "link-"
"""Begins the key of the lesson that a link makes."""
PARAMETERS = ("show", "ask", "expect")
"""The first words of its parameters."""
MOST_LETTERS, MOST_OF_A_CHOICE = 200, 60
MOST_CHOICES = 6

TITLE = Words(en="An experiment that somebody prepared", zh="有人准备好的一个实验")
TASK = Words(en="Press Start, and look what happens.", zh="按“开始”，看看会发生什么。")


def same(text: str) -> Words:
    """What one person wrote, for readers of both languages."""
    return Words(en=text, zh=text)


@dataclass(frozen=True)
class Capsule:
    """What a link says beside the settings of an experiment."""

    show: tuple[Control, ...] = ()
    ask: Choice | Number | Curve | None = None
    expect: Expected | None = None
    of: str = ""
    """Begins the fingerprint of the experiment that the question is about."""

    def to_url(self) -> dict[str, str]:
        """Its parameters; `read` gives the same again."""
        query = {"show": ",".join(self.show)} if self.show else {}
        if self.ask is not None:
            query |= {"ask": self.ask.text.en, **_answers_to_url(self.ask), **({"ask.of": self.of} if self.of else {})}
        if self.expect is not None:
            query["expect"] = self.expect.to_url()
        return query

    def lesson(self, experiment: Experiment) -> Lesson:
        """A lesson of one step that runs an experiment so. ValidationError where its choices do not fit together."""
        link = link_to(experiment.replace(name="", notes=""))
        step = Step(link=link, text=TASK, show=self.show, question=self.ask, expect=self.expect)
        return Lesson(key=f"{PREFIX}{self.of}", place=1, minutes=5, title=TITLE, steps=(step,))


def is_link(key: str) -> bool:
    """Whether a lesson was made from a link."""
    return key.startswith(PREFIX)


def task_of(lesson: Lesson) -> Capsule:
    """The capsule of which a lesson was made."""
    [step] = lesson.steps
    return Capsule(step.show, step.question, step.expect, lesson.key.removeprefix(PREFIX))


def own_parameters(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a query that are a capsule's."""
    return {name: value for name, value in query.items() if name.split(".")[0] in PARAMETERS}


def read(query: Mapping[str, str], experiment: Experiment) -> tuple[Capsule, list[Text]]:
    """The capsule of a link to an experiment, and a sentence for each part that cannot be used."""
    mine, problems = own_parameters(query), list[Text]()

    def part(name: str, take: Callable[[], Any]) -> Any:
        try:
            return take() if name in mine else None
        except ValidationError as error:
            found = error.errors()[0].get("ctx", {}).get("error")
            why = found.why if isinstance(found, Unusable) else Text("It is not written as a link is.")
        except Unusable as error:
            why = error.why
        except ValueError:
            why = Text("It is not written as a link is.")
        problems.append(Text("“{part}” in the link cannot be used. {why}", part=_shown(name, mine[name]), why=why))
        return None

    capsule = Capsule(
        show=part("show", lambda: _controls(mine["show"])) or (),
        ask=part("ask", lambda: _question(mine, experiment)),
        expect=part("expect", lambda: Expected.from_url(mine["expect"])),
        of=part("ask.of", lambda: _fingerprint(mine["ask.of"])) or experiment.fingerprint()[:LETTERS],
    )
    known = {"show", "expect", "ask"} | ({name for name in mine if name.startswith("ask.")} if "ask" in mine else set())
    problems += [
        Text("“{part}” in the link is nothing that can be chosen here.", part=_shown(name, value))
        for name, value in mine.items()
        if name not in known
    ]
    return capsule, problems


def text_of(written: str, most: int) -> str:
    """A text as it is shown: without what cannot be shown, and without space around it. Unusable."""
    text = "".join(letter for letter in written if is_showable(letter)).strip()
    if not 0 < len(text) <= most:
        raise Unusable(Text("A text has 1 to {most} letters, and this one {count}.", most=most, count=len(text)))
    return text


def _shown(name: str, value: str) -> str:
    return f"{name}={value}"[:120]


def _fingerprint(written: str) -> str:
    if re.fullmatch(HASH, written) is None:
        raise Unusable(Text("It is not written as a link is."))
    return written


def _controls(written: str) -> tuple[Control, ...]:
    names = written.split(",")
    if unknown := [name for name in names if name not in CONTROLS]:
        raise Unusable(
            Text("“{name}” is none of the choices {known}.", name=unknown[0][:40], known=", ".join(CONTROLS))
        )
    return tuple(cast(Control, name) for name in CONTROLS if name in names)


def _question(query: Mapping[str, str], experiment: Experiment) -> Choice | Number | Curve:
    parts = {
        name.removeprefix("ask."): value
        for name, value in query.items()
        if name.startswith("ask.") and name != "ask.of"
    }
    text = same(text_of(query["ask"], MOST_LETTERS))
    kinds = [kind for kind in ("number", "curve") if kind in parts]
    if kinds:
        [kind, *rest] = [*kinds, *(name for name in parts if name not in kinds)]
        if rest:
            raise Unusable(Text("A question has answers of one kind."))
        if not is_in_percent(experiment):
            raise Unusable(Text("A number or a curve in percent is asked of data with classes."))
        measure, *numbers = parts[kind].split(",")
        if measure not in get_args(Measure):
            raise Unusable(Text("Use one of {choices}.", choices=", ".join(get_args(Measure))))
        names = ("low", "high") if kind == "number" else ("high",)
        limits = dict(zip(names, map(float, numbers), strict=True))
        return QUESTIONS.validate_python({"kind": kind, "text": text, "measure": measure, **limits})
    right = parts.pop("right", None)
    places = [str(place) for place in range(1, len(parts) + 1)]
    if set(parts) != set(places) or not 2 <= len(places) <= MOST_CHOICES:
        raise Unusable(Text("Its answers are ask.1 to at most ask.{most}, at least two of them.", most=MOST_CHOICES))
    choices = tuple(same(text_of(parts[place], MOST_OF_A_CHOICE)) for place in places)
    return Choice(kind="choice", text=text, choices=choices, answer=int(right) - 1 if right is not None else None)


def _answers_to_url(question: Choice | Number | Curve) -> dict[str, str]:
    if isinstance(question, Number):
        return {"ask.number": f"{question.measure},{question.low!r},{question.high!r}"}
    if isinstance(question, Curve):
        return {"ask.curve": f"{question.measure},{question.high!r}"}
    answers = {f"ask.{place}": choice.en for place, choice in enumerate(question.choices, start=1)}
    return answers if question.answer is None else {**answers, "ask.right": str(question.answer + 1)}
