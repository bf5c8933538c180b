"""The words in a formula: what its LaTeX holds in `\\text{…}`, so that a formula can be read in any language."""

from __future__ import annotations

import re

from core.text import Translate

WORDS = re.compile(r"(\\text\{\s*)([^{}]*?)(\s*\})")


def words_of(formula: str) -> list[str]:
    """The words of a LaTeX formula, without the blanks around them."""
    return [match.group(2) for match in WORDS.finditer(formula)]


def with_words(formula: str, translate: Translate) -> str:
    """The formula with its words translated; signs and blanks stay."""
    return WORDS.sub(lambda match: match.group(1) + translate(match.group(2)) + match.group(3), formula)
