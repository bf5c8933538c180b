"""The frame and the other pages in a browser: languages, phone width, and text that people typed."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from core.language import translator
from tests.e2e.conftest import OpenTab
from tests.e2e.test_train import LONG

pytestmark = pytest.mark.browser

HARMFUL = (
    """<img src=x onerror="harmed=1"><script>harmed=2</script><svg onload="harmed=3"></svg>"""
    """<a href="javascript:harmed=4">x</a>[m](javascript:harmed=5)"""
)
CHINESE = translator("zh")
PHONE = {"width": 390, "height": 844}


def test_the_language_switch_changes_every_part_and_stays(open_tab: OpenTab):
    tab = open_tab(seed=11)
    tab.measured()
    expect(tab.primary).to_have_text("Start")
    tab.page.get_by_role("button", name="中文").click()
    expect(tab.primary).to_have_text(CHINESE("Start"))
    assert CHINESE("Start") != "Start"
    expect(tab.page.locator(".sp-line")).not_to_contain_text("training samples")
    expect(tab.page).to_have_url(re.compile(r"lang=zh.*seed=11|seed=11.*lang=zh"))
    tab.go("/runs?lang=zh")
    expect(tab.page.get_by_role("heading", level=1)).to_have_text(CHINESE("Runs"))
    tab.page.get_by_role("button", name="EN", exact=True).click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Runs")


def test_a_browser_that_prefers_chinese_gets_chinese(open_tab: OpenTab):
    tab = open_tab(locale="zh-CN", seed=12)
    tab.measured()
    expect(tab.primary).to_have_text(CHINESE("Start"))


def test_the_head_line_marks_the_section_of_the_page_and_on_a_phone_names_the_page(open_tab: OpenTab):
    page = open_tab("/building_blocks").page
    expect(page.get_by_test_id("stTopNavSection")).to_have_count(3)
    marks = page.get_by_test_id("stTopNavSection").evaluate_all(
        "(sections) => sections.map((node) => getComputedStyle(node).backgroundColor)"
    )
    nothing = "rgba(0, 0, 0, 0)"
    assert [mark == nothing for mark in marks] == [False, True, True]

    tab = open_tab("/generalization", **PHONE)
    name = tab.page.locator(".st-key-page-of-section-2")
    expect(name).to_have_text("Generalization")
    assert tab.overflow_sideways() <= 0
    boxes = [tab.page.get_by_test_id("stExpandSidebarButton"), name, tab.page.get_by_role("button", name="中文")]
    (_, before), (begin, end), (after, _) = [
        box.evaluate("(node) => [node.getBoundingClientRect().left, node.getBoundingClientRect().right]")
        for box in boxes
    ]
    assert before < begin < end < after, "beside each other"
    tab.go("/")
    expect(tab.page.locator(".st-key-page-of-section-0")).to_be_visible()
    expect(tab.page.locator(".st-key-page-of-section-0")).to_have_text("Train")


def test_no_page_is_wider_than_a_phone(open_tab: OpenTab):
    tab = open_tab(**PHONE, seed=13, **LONG)
    tab.measured()
    assert tab.overflow_sideways() <= 0
    tab.start()
    tab.grows_by(3)
    assert tab.overflow_sideways() <= 0
    expect(tab.primary).to_be_in_viewport()
    tab.pause()
    for path in ("/runs", "/formulas"):
        tab.go(path)
        expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
        assert tab.overflow_sideways() <= 0, path
    tab.go(f"/?{urlencode({'seed': 13, **LONG})}")
    tab.does("resume")


def test_text_that_a_person_typed_runs_nothing_on_any_page(open_tab: OpenTab):
    tab = open_tab(seed=314159, **LONG)
    tab.measured()
    tab.start()
    tab.grows_by(2)
    tab.page.locator(".sp-stop").click()
    tab.does("start")

    tab.go("/runs")
    tab.page.get_by_placeholder("Search").fill("seed 314159")
    tab.page.keyboard.press("Enter")
    expect(tab.page.locator(".st-key-runs-table [role=grid] tbody tr")).to_have_count(1)
    tab.select_first_row()
    for label, store in (("Note", "Control+Enter"), ("Name", "Enter")):
        tab.page.get_by_label(label, exact=True).fill(HARMFUL)
        tab.page.keyboard.press(store)
    expect(tab.page.locator(".st-key-one-run strong")).to_contain_text("<img src=x onerror=")
    tab.page.get_by_role("button", name="Delete").click()
    dialog = tab.page.get_by_role("dialog")
    expect(dialog).to_contain_text("<img src=x onerror=")
    dialog.get_by_role("button", name="Keep").click()
    tab.page.locator(".st-key-one-run").get_by_role("button", name="Open").click()

    tab.grown_to(2)
    tab.page.locator(".st-key-choose").get_by_role("button", name="L2", exact=True).click()
    expect(tab.page.locator(".sp-plot-main .legend")).to_contain_text("img src=x")
    tab.go(f"/?notes={HARMFUL}&dataset={HARMFUL}&name={HARMFUL}&run={HARMFUL}")
    assert tab.page.evaluate("window.harmed") is None
    assert tab.page.locator("img[onerror], a[href^=javascript]").count() == 0
