"""Question: what is asked before something runs — one of a few answers, a number, a curve — and what can be answered.

Every kind of question says which answers it takes (`takes`), how one is written into an address (`write`, `read`), and
which it is given as JSON (`from_json`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from core.experiment import Experiment
from core.text import Text

Measure = Literal["validation_error", "train_error"]

HANDLES = (0.04, 0.16, 0.36, 0.64, 1.0)
"""The shares of a run where an expected curve has its heights: close together where most happens."""

Given = int | float | tuple[float, ...] | None
"""An answer: the place of a choice, a number, the heights of a curve at HANDLES, or None for what was skipped."""


class Unusable(ValueError):
    """Why a part of a lesson or a link cannot be used, for a reader."""

    def __init__(self, why: Text) -> None:
        super().__init__(str(why))
        self.why = why


class Part(BaseModel):
    """A part of a lesson: frozen, and with nothing in it that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, allow_inf_nan=False)


class Words(Part):
    """The same in both languages."""

    en: Annotated[str, Field(min_length=1, max_length=2000)]
    zh: Annotated[str, Field(min_length=1, max_length=2000)]

    def say(self, lang: str) -> str:
        """What stands there for a reader of "en" or "zh"."""
        return self.zh if lang == "zh" else self.en


class Choice(Part):
    """One of a few answers; `answer` is the place of the right one, None where the class shall find out."""

    kind: Literal["choice"]
    text: Words
    choices: Annotated[tuple[Words, ...], Field(min_length=2, max_length=6)]
    answer: Annotated[int | None, Field(ge=0)] = None

    @model_validator(mode="after")
    def _is_among_them(self) -> Choice:
        if self.answer is not None and self.answer >= len(self.choices):
            raise Unusable(
                Text(
                    "Answer {answer} is the place of none of the {count} choices; the first has place 0.",
                    answer=self.answer,
                    count=len(self.choices),
                )
            )
        return self

    def takes(self, given: Given) -> bool:
        """Whether this is the place of a choice."""
        return isinstance(given, int) and given in range(len(self.choices))

    def write(self, given: Any) -> str:
        """An answer for an address."""
        return str(given)

    def read(self, written: str) -> Given:
        """The answer that `write` wrote. ValueError."""
        return int(written)

    def from_json(self, stored: Any) -> Given:
        """The answer that was stored."""
        return stored


class Number(Part):
    """A share on a slider from `low` to `high`: what `measure` will be when the run is over."""

    kind: Literal["number"]
    text: Words
    measure: Measure
    low: Annotated[float, Field(ge=0, le=1)]
    high: Annotated[float, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def _is_a_range(self) -> Number:
        if not self.low < self.high:
            raise Unusable(Text("High {high:g} must be above low {low:g}.", high=self.high, low=self.low))
        return self

    def takes(self, given: Given) -> bool:
        """Whether this is a number on the slider."""
        return _is_number(given) and self.low <= given <= self.high  # type: ignore[operator]

    def write(self, given: Any) -> str:
        """An answer for an address."""
        return f"{given:g}"

    def read(self, written: str) -> Given:
        """The answer that `write` wrote. ValueError."""
        return float(written)

    def from_json(self, stored: Any) -> Given:
        """The answer that was stored."""
        return stored


class Curve(Part):
    """The course of `measure` over the run, drawn from 0 to `high` before it starts."""

    kind: Literal["curve"]
    text: Words
    measure: Measure
    high: Annotated[float, Field(ge=0.05, le=1)] = 1.0

    def takes(self, given: Given) -> bool:
        """Whether these are heights, one for each handle."""
        is_row = isinstance(given, tuple) and len(given) == len(HANDLES)
        return is_row and all(_is_number(height) and 0 <= height <= self.high for height in given)  # type: ignore[union-attr]

    def write(self, given: Any) -> str:
        """An answer for an address: the heights in thousandths."""
        return ".".join(str(round(1000 * height)) for height in given)

    def read(self, written: str) -> Given:
        """The answer that `write` wrote, to the thousandth. ValueError."""
        return tuple(int(part) / 1000 for part in written.split("."))

    def from_json(self, stored: Any) -> Given:
        """The answer that was stored or drawn, each height to the thousandth."""
        if not isinstance(stored, list | tuple) or not all(_is_number(height) for height in stored):
            return None
        return tuple(round(height, 3) for height in stored)


Question = Annotated[Choice | Number | Curve, Field(discriminator="kind")]
KINDS = ("choice", "number", "curve")
QUESTIONS: TypeAdapter[Choice | Number | Curve] = TypeAdapter(Question)


def is_in_percent(experiment: Experiment) -> bool:
    """Whether errors of an experiment are shares of wrong answers."""
    return experiment.dataset.task == "classification"  # pyright: ignore[reportAttributeAccessIssue]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
