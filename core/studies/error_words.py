"""How errors are written in sentences: shares of wrong answers in percent, relative errors as they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.text import Text


@dataclass(frozen=True)
class Scale:
    """How errors are written."""

    unit: str
    factor: float
    digits: Callable[[float], str]
    wrong: Callable[[str], Text]

    def one(self, error: float) -> str:
        """One error."""
        return f"{self.digits(self.factor * error)}{self.unit}" if math.isfinite(error) else "–"

    def range(self, low: float, high: float) -> str:
        """From one error to another."""
        if not math.isfinite(high):
            return f"{self.one(low)} – ∞"
        one, other = self.digits(self.factor * low), self.digits(self.factor * high)
        return self.one(low) if one == other else f"{one}–{other}{self.unit}"

    def ahead(self, low: float, high: float) -> Text:
        """By how much one is below another, from the interval of their mean difference."""
        if not math.isfinite(low) or not math.isfinite(high):
            return Text("ahead of")
        values = {"low": self.digits(self.factor * low), "high": self.digits(self.factor * high)}
        return Text("{low} to {high} points below", **values) if self.unit else Text("{low} to {high} below", **values)

    def target(self, error: float) -> Text:
        """An error that is to be reached."""
        return self.wrong(self.one(error))


def short_percent(number: float) -> str:
    """A percentage with one digit where it is below 10."""
    return f"{number:.0f}" if number >= 9.95 or number == round(number) else f"{number:.1f}"


def one_digit(number: float) -> str:
    """A percentage as the charts in the browser write it: with one digit after the point, a half is rounded up."""
    return str(Text("{number:.1f}", number=number))


PERCENT = Scale(" %", 100.0, short_percent, lambda error: Text("{error} wrong", error=error))
PLAIN = Scale("", 1.0, "{:.3g}".format, lambda error: Text("relative error {error}", error=error))
PRECISELY = replace(PERCENT, digits=one_digit)
"""Percent with the digit that the live charts and tables of runs have, too."""
