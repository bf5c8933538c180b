"""Text for a reader: an English template and its values, translated at the edge (a page, the CLI)."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, localcontext
from string import Formatter
from typing import Any

Translate = Callable[[str], str]


TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates of the direction in which one reads."""


def is_showable(letter: str) -> bool:
    """Whether databases, tables and terminals take a letter, and the text beside it stays as it is.

    No control character, lone surrogate or line separator; nothing that turns the direction of what follows.
    """
    return unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") and letter not in TURNS


def untranslated(template: str) -> str:
    """The English template itself."""
    return template


class _Words(Formatter):
    """`str.format` with a thin space between thousands, which no language reads as a decimal comma.

    A half is rounded up, as the charts in the browser do: 15.25 is 15.3 in both.
    """

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, float) and math.isfinite(value) and format_spec.endswith("f"):
            value = Decimal(value)
        with localcontext(rounding=ROUND_HALF_UP):
            written = super().format_field(value, format_spec)
        return written.replace(",", "\u202f") if "," in format_spec else written


_words = _Words()


class Text:
    """A sentence as `str.format` template and values; `str()` is English, `render(translate)` any language.

    A value may itself be a Text: it is rendered in the same language.
    """

    __slots__ = ("template", "values")

    def __init__(self, template: str, /, **values: Any) -> None:
        self.template = template
        self.values = values

    def render(self, translate: Translate = untranslated) -> str:
        """Translate the template, then fill in the values."""
        values = {
            name: value.render(translate) if isinstance(value, Text) else value for name, value in self.values.items()
        }
        template = translate(self.template)
        return _words.vformat(template, (), values) if values else template

    def to_json(self) -> dict[str, Any]:
        """A JSON value from which `from_json` makes the same Text."""
        values = {name: value.to_json() if isinstance(value, Text) else value for name, value in self.values.items()}
        return {"template": self.template, "values": values}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Text:
        """The Text that `to_json` wrote."""
        values = {
            name: cls.from_json(value) if isinstance(value, Mapping) and "template" in value else value
            for name, value in stored["values"].items()
        }
        return cls(stored["template"], **values)

    def __str__(self) -> str:
        return self.render()

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.template, self.values) == (other.template, other.values)

    def __hash__(self) -> int:
        return hash((self.template, tuple(sorted((name, str(value)) for name, value in self.values.items()))))
