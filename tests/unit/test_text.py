"""Text: templates, values, and numbers that every language reads alike."""

from __future__ import annotations

import math

from core.text import Text, is_showable
from tests.javascript import said


def test_thousands_are_set_apart_by_a_thin_space_and_text_keeps_its_commas():
    assert str(Text("{num:,} of {total:,.1f}: {list}", num=1150, total=1234567.25, list="a, b")) == (
        "1\u202f150 of 1\u202f234\u202f567.3: a, b"
    )


def test_a_half_is_rounded_as_the_charts_in_the_browser_round_it():
    shares = [0.1525, -0.1525, 0.12375, 0.0005, 0.0, 1.0]
    written = said(f"{shares}.map((share) => (100 * share).toFixed(1))", "")
    assert [str(Text("{percent:.1f}", percent=100 * share)) for share in shares] == written
    assert str(Text("{one:.1f} {other:.0f}", one=math.nan, other=math.inf)) == "nan inf"


def test_a_text_within_a_text_is_translated_with_it():
    inner = Text("{num} runs", num=2)
    german = {"{num} runs": "{num} Läufe", "now: {what}": "jetzt: {what}"}.__getitem__
    assert Text("now: {what}", what=inner).render(german) == "jetzt: 2 Läufe"


def test_braces_without_values_stand_as_they_are():
    assert str(Text("set {1, 2}")) == "set {1, 2}"


def test_a_letter_is_shown_unless_it_breaks_or_turns_what_stands_beside_it():
    assert all(map(is_showable, "aß学\u200d👩🏽\u3000\u200f\u0627"))
    assert not any(map(is_showable, "\x00\x1b\n\u2028\u2029\ud800\u202a\u202e\u2066\u2069"))
