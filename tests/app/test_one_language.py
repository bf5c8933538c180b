"""A page speaks one language: no English sentence stands on a Chinese page, and no Chinese one on an English page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pytest

from core.lessons.lesson import lessons
from core.people import Person
from core.studies.workbench import Workbench

PAGES = (
    "course.py",
    "train.py",
    "compare.py",
    "landscapes.py",
    "data.py",
    "generalization.py",
    "gradients.py",
    "building_blocks.py",
    "runs.py",
    "formulas.py",
    "classroom.py",
)
HAN = re.compile(r"[\u4e00-\u9fff]")
SENTENCE = re.compile(r"[A-Za-z][a-z]*(?: [a-z]{2,}){3,}")
"""Four words of which all but the first are small: no name of a method, a paper or a person."""
NOT_SHOWN = {
    "jsContent",
    "cssContent",
    "htmlContent",
    "id",
    "elementId",
    "formId",
    "css",
    "js",
    "html",
    "icon",
    "shortcut",
    "token",
    "url",
    "formatFuncName",
}


def texts(value: Any) -> Iterator[str]:
    """Every text that a page sends to the browser for a reader."""
    if hasattr(value, "ListFields"):
        value = {field.json_name: part for field, part in value.ListFields()}
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name not in NOT_SHOWN:
                yield from texts(json.loads(part) if name == "json" else part)
    elif isinstance(value, Iterable) and not isinstance(value, str | bytes):
        for part in value:
            yield from texts(part)
    elif isinstance(value, str) and not value.startswith("<style>"):
        yield value


def said(tab: Any) -> list[str]:
    """What stands on a page, in its menus and in what it explains."""

    def under(block: Any) -> Iterator[str]:
        if getattr(block, "proto", None) is not None:
            yield from texts(block.proto)
        for child in getattr(block, "children", {}).values():
            yield from under(child)

    return list(under(tab._tree))


@pytest.fixture
def teacher(room: Any, be: Any, bench: Workbench) -> Person:
    """A class has the page about it, too."""
    joined = room.join("Ms Li", room.teacher_key, "10.0.0.9")
    be(joined)
    return joined


@pytest.mark.parametrize("page", PAGES)
def test_a_chinese_page_holds_no_english_sentence(open_page: Any, teacher: Person, page: str):
    found = said(open_page(page, lang="zh"))
    assert sum(bool(HAN.search(text)) for text in found) > 10
    assert "\n".join(text[:150] for text in found if SENTENCE.search(text)) == ""
    assert [text for text in found if re.search(rf":small\[[A-Za-z -]+\]{HAN.pattern}", text)] == []


@pytest.mark.parametrize("page", PAGES)
def test_an_english_page_holds_no_chinese(open_page: Any, teacher: Person, page: str):
    found = said(open_page(page))
    assert sum(bool(SENTENCE.search(text)) for text in found) > 3
    assert [text for text in found if HAN.search(text) and text != "中文"] == []


def test_lessons_speak_the_language_of_the_page(open_page: Any):
    for key in lessons():
        assert [text for text in said(open_page(lang="zh", lesson=f"{key}.1")) if SENTENCE.search(text)] == []
