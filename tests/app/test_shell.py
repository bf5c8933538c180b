"""The frame stands around every page, in the reader's language, on every way to it."""

from __future__ import annotations

import pytest

from pages.components import late

PAGES = ("course.py", "train.py", "runs.py", "formulas.py")


def labels(tab) -> list[str]:
    return [button.label for button in tab.button]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_the_frame_around_it(open_page, page: str):
    tab = open_page(page)
    assert tab.button(key="language switch").label == "中文"
    assert {"Present"} <= set(labels(tab))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asked_for_in_chinese_offers_english(open_page, page: str):
    assert open_page(page, lang="zh").button(key="language switch").label == "EN"


def test_an_unknown_language_is_english(open_page):
    assert open_page(lang="xx").button(key="language switch").label == "中文"


def test_the_language_survives_a_change_of_page(open_page):
    tab = open_page()
    tab.button(key="language switch").click().run()
    tab.switch_page("runs.py").run()
    assert not tab.exception
    assert tab.button(key="language switch").label == "EN"
    assert tab.query_params["lang"] == "zh"


def test_a_language_that_the_browser_wants_anyway_does_not_stand_in_the_address(open_page):
    assert "lang" not in open_page(lang="en").query_params


def test_presentation_leaves_the_live_part_alone(open_page):
    tab = open_page(present="1")
    assert labels(tab) == ["Leave"]
    assert tab.query_params["present"] == "1"
    assert len(tab.get("bidi_component")) == 1
    tab.button[0].click().run()
    assert "Present" in labels(tab)
    assert "present" not in tab.query_params


def test_a_part_that_comes_after_a_change_of_page_brings_the_new_page_back(monkeypatch: pytest.MonkeyPatch):
    gone: list[str] = []
    monkeypatch.setattr(late.st, "switch_page", gone.append)
    monkeypatch.setattr(late, "asked_for", lambda: "hash of Compare")
    late.return_to("compare", "hash of Compare")
    assert not gone
    monkeypatch.setattr(late, "asked_for", lambda: "hash of Train")
    late.return_to("compare", "hash of Compare")
    assert gone == ["compare.py"]
