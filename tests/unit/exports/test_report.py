"""A report is one file that asks for nothing, and shows what a person typed letter by letter."""

from __future__ import annotations

import re

import numpy as np

from core.exports.report import Section, report_html
from core.figures.race import RaceLine, race_figure
from core.text import Text

NASTY = "</script><script>alert(1)</script>"


def page(*sections: Section, title: str = "Six optimizers") -> str:
    return report_html(title, sections).decode("utf-8")


def figure(name: str):
    one = np.ones(2)
    return race_figure([RaceLine(name, 0, np.arange(2.0), one, one, one)], Text("update"), Text("loss"))


def test_plotly_stands_in_it_once_and_nothing_is_fetched():
    text = page(Section("A", figure=figure("Adam")), Section("B", figure=figure("SGD")))
    assert text.count('Plotly.newPlot("figure') == 2
    assert len(re.findall(r"<script", text)) == 2
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", text)
    assert "default-src &#x27;none&#x27;" in text


def test_what_was_typed_cannot_end_a_script_or_a_tag():
    text = page(Section(NASTY, [NASTY], {NASTY: [NASTY]}, figure(NASTY), {"name": NASTY}), title=NASTY)
    own = text.split("</head>")[1]
    assert NASTY not in own
    assert own.count("</script>") == 1


def test_a_table_says_what_is_missing_and_keeps_four_digits():
    text = page(Section("Table", table={"run": ["a", "b"], "error": [0.123456, float("nan")]}))
    assert "<td>0.1235</td>" in text
    assert "<td>–</td>" in text


def test_without_figures_it_is_small():
    assert len(page(Section("A", ["One sentence."]))) < 5000
