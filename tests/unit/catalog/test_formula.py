"""A formula's words are translated, its signs are not."""

from __future__ import annotations

from core.catalog.formula import with_words, words_of
from core.text import untranslated

FORMULA = r"m = 1 \text{ with probability } 1 - p, \text{ else } 0"


def test_words_are_found_without_their_blanks():
    assert words_of(FORMULA) == ["with probability", "else"]


def test_words_are_replaced_between_their_blanks():
    assert with_words(FORMULA, str.upper) == r"m = 1 \text{ WITH PROBABILITY } 1 - p, \text{ ELSE } 0"


def test_a_formula_keeps_everything_in_english():
    assert with_words(FORMULA, untranslated) == FORMULA


def test_backslashes_of_a_translation_are_taken_as_they_are():
    assert with_words(r"\text{or}", lambda word: rf"\{word}\1") == r"\text{\or\1}"
