"""Text: templates, values, and numbers that every language reads alike."""

from __future__ import annotations

from core.text import Text


def test_thousands_are_set_apart_by_a_thin_space_and_text_keeps_its_commas():
    assert str(Text("{num:,} of {total:,.1f}: {list}", num=1150, total=1234567.25, list="a, b")) == (
        "1\u202f150 of 1\u202f234\u202f567.2: a, b"
    )


def test_a_text_within_a_text_is_translated_with_it():
    inner = Text("{num} runs", num=2)
    german = {"{num} runs": "{num} Läufe", "now: {what}": "jetzt: {what}"}.__getitem__
    assert Text("now: {what}", what=inner).render(german) == "jetzt: 2 Läufe"


def test_braces_without_values_stand_as_they_are():
    assert str(Text("set {1, 2}")) == "set {1, 2}"
