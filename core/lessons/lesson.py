"""Lesson: a few steps, each a text beside something to run, most with a question to answer first; and articles' claims.

A lesson is one TOML file. Its words stand there in both languages, so that a teacher can write one without touching the
message catalogs.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from core.catalog.presets import presets
from core.errors import BadInput, shown
from core.experiment import Experiment
from core.landscape.stories import stories
from core.lessons.linked import Linked, View, ViewPage, linked
from core.lessons.question import KINDS, Choice, Part, Question, Unusable, Words, is_in_percent
from core.lessons.seal import Expected
from core.studies.comparison import Comparison
from core.studies.comparison_presets import comparison_presets
from core.text import Text

FOLDER = Path(__file__).parents[2] / "assets" / "lessons"
LARGEST = 64 * 1024
"""Bytes of the largest lesson file that is read."""

MOST_STEPS = 8

Page = Literal["train", "compare", "landscapes"] | ViewPage
Control = Literal["dataset", "augmentations", "architecture", "regularizers", "optimizer", "seed", "epochs", "more"]
CONTROLS: tuple[Control, ...] = get_args(Control)
"""The choices of Train that a step may leave to its reader, in their order there."""
WITH_CHOICES: tuple[Page, ...] = ("train", "generalization")
"""Pages that have them."""
Verdict = Literal["right", "condition", "wrong"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""What can be said of a claim: it holds, it needs a condition, it does not hold."""


class Shown(Part):
    """What is to be run: a preset of Train, a comparison, a story of Landscapes, or the address of a page."""

    preset: str = ""
    comparison: str = ""
    story: str = ""
    link: Annotated[str, Field(max_length=16_000)] = ""

    @model_validator(mode="after")
    def _is_one_that_there_is(self) -> Shown:
        named = {kind: key for kind in ("preset", "comparison", "story", "link") if (key := getattr(self, kind))}
        if len(named) != 1:
            raise Unusable(Text("Name one of preset, comparison, story and link."))
        [(kind, key)] = named.items()
        if kind == "link":
            try:
                linked(key)
            except BadInput as error:
                raise Unusable(error.text) from error
        elif key not in (known := _known(kind)):
            raise Unusable(
                Text("There is no {kind} “{key}”; there are {known}.", kind=kind, key=key[:80], known=", ".join(known))
            )
        return self

    @cached_property
    def linked(self) -> Linked | None:
        """What its address chooses, where it has one."""
        return linked(self.link) if self.link else None

    @cached_property
    def experiment(self) -> Experiment | None:
        """What it trains on Train; None for what runs on another page."""
        if self.preset:
            return Experiment.from_json({"preset": self.preset})
        return self.linked if isinstance(self.linked, Experiment) else None

    @property
    def page(self) -> Page:
        """Where it runs."""
        if self.experiment is not None:
            return "train"
        if isinstance(self.linked, View):
            return self.linked.page
        return "compare" if self.comparison or isinstance(self.linked, Comparison) else "landscapes"


def _known(kind: str) -> list[str]:
    if kind == "story":
        return [story.key for story in stories()]
    return list(presets() if kind == "preset" else comparison_presets())


class Step(Shown):
    """A text beside something to run. `show`: the choices that its reader may change, () for all.

    `expect`: what its run came to where the lesson was written. `looks`: so many looks at one test set come before its
    answer is told.
    """

    text: Words
    show: tuple[Control, ...] = ()
    question: Question | None = None
    expect: Expected | None = None
    looks: Annotated[int, Field(ge=0, le=2)] = 0

    @model_validator(mode="after")
    def _suits_its_page(self) -> Step:
        if self.page not in WITH_CHOICES and self.show:
            raise Unusable(Text("Choices stand on Train and Generalization: “show” belongs to a step there."))
        if self.page != "train" and self.question is not None and not isinstance(self.question, Choice):
            raise Unusable(Text("A number or a curve is measured in one run: it is asked for in a step on Train."))
        if self.page != "train" and self.expect is not None:
            raise Unusable(Text("What is expected is the end of one run: “expect” belongs to a step on Train."))
        if self.page != "generalization" and self.looks:
            raise Unusable(Text("A seal is opened on Generalization: “looks” belongs to a step there."))
        measured = self.question is not None and not isinstance(self.question, Choice)
        if measured and self.experiment is not None and not is_in_percent(self.experiment):
            raise Unusable(Text("A number or a curve in percent is asked of data with classes."))
        return self

    @property
    def is_as_expected(self) -> bool:
        """Whether what it expects, if anything, was measured of the experiment that it runs."""
        return self.expect is None or self.experiment is None or self.expect.is_of(self.experiment.fingerprint())


class Claim(Shown):
    """A sentence of an article, in our words, and what this program shows of it."""

    article: Words
    source: Annotated[str, Field(min_length=1, max_length=40)]
    verdict: Verdict
    seen: Words


class Lesson(Part):
    """A lesson of the course; `place` orders the lessons, `minutes` is how long it takes in a class."""

    key: str
    place: Annotated[int, Field(ge=1)]
    minutes: Annotated[int, Field(ge=1, le=120)]
    title: Words
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=MOST_STEPS)]
    claims: tuple[Claim, ...] = ()


def read_lesson(text: str, key: str) -> Lesson:
    """A lesson as TOML. BadInput names every part that cannot be used, and why."""
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise unusable(key, Text("It is no TOML: {reason}.", reason=str(error)[:200])) from error
    try:
        lesson = Lesson.model_validate({**document, "key": key})
    except ValidationError as error:
        raise unusable(key, *(_problem(found) for found in error.errors())) from error
    strangers = [place for place, step in enumerate(lesson.steps, start=1) if not step.is_as_expected]
    if strangers:
        other = Text("The fingerprint is that of another experiment than the step runs.")
        raise unusable(
            key, *(Text("{place}: {reason}", place=f"steps.{place}.expect", reason=other) for place in strangers)
        )
    return lesson


def read_lesson_bytes(content: bytes, key: str) -> Lesson:
    """A lesson as the content of a file. BadInput."""
    if len(content) > LARGEST:
        raise unusable(key, Text("It has more than {most} KiB.", most=LARGEST // 1024))
    try:
        return read_lesson(content.decode("utf-8"), key)
    except UnicodeDecodeError as error:
        raise unusable(key, Text("It is no text in UTF-8.")) from error


def read_lesson_file(path: Path) -> Lesson:
    """The lesson of a file. BadInput."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise unusable(path.stem, Text("It cannot be read: {reason}.", reason=error.strerror or str(error))) from error
    return read_lesson_bytes(content, path.stem)


@cache
def lessons(folder: Path = FOLDER) -> Mapping[str, Lesson]:
    """The lessons of a folder by their keys, the names of their files, in the order of the course. BadInput."""
    found = [read_lesson_file(path) for path in sorted(folder.glob("*.toml"))]
    places = [lesson.place for lesson in found]
    twice = next((lesson for lesson in found if places.count(lesson.place) > 1), None)
    if twice is not None:
        raise unusable(twice.key, Text("Place {place} is that of another lesson, too.", place=twice.place))
    return MappingProxyType({lesson.key: lesson for lesson in sorted(found, key=lambda lesson: lesson.place)})


def unusable(key: str, *problems: Text) -> BadInput:
    """Why a lesson cannot be used: the first few of its problems."""
    why, *others = problems
    for problem in others[:4]:
        why = Text("{before} {problem}", before=why, problem=problem)
    return BadInput(
        Text("Lesson “{key}” cannot be used.", key=key[:80]),
        why,
        Text("Mend its file; another lesson shows how each part is written."),
    )


def _problem(found: ErrorDetails) -> Text:
    """Where something cannot be used, `steps.2.question.answer`, counted from 1 as on the screen; and why."""
    place = ".".join(
        str(part + 1) if isinstance(part, int) else part[:40] for part in found["loc"] if part not in KINDS
    )
    return Text("{place}: {reason}", place=place, reason=_reason(found))


def _reason(found: ErrorDetails) -> Text:
    given, limits = found["type"], found.get("ctx", {})
    if isinstance(limits.get("error"), Unusable):
        return limits["error"].why
    if given == "missing":
        return Text("It is missing.")
    if given == "extra_forbidden":
        return Text("A lesson has no such part.")
    if given == "literal_error":
        return Text("Use one of {choices}.", choices=limits["expected"])
    least, most = limits.get("ge", limits.get("min_length")), limits.get("le", limits.get("max_length"))
    if least is not None:
        return Text("It is too small or too short; the least is {least:g}.", least=least)
    if most is not None:
        return Text("It is too large or too long; the most is {most:g}.", most=most)
    return Text("It cannot be {value}.", value=shown(found["input"]))
