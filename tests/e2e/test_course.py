"""A lesson in a browser: begin, answer, run, read what came out, reload, go on with a key, leave."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab

pytestmark = pytest.mark.browser


def test_a_lesson_leads_on_and_a_reload_in_its_middle_loses_nothing(open_tab: OpenTab):
    tab = open_tab("/course", topic="fitting")
    page = tab.page
    page.get_by_role("button", name="start the lesson").click()
    expect(page).to_have_url(re.compile(r"/\?lesson=fitting\.1&"))
    expect(page.locator(".sp-over")).to_contain_text("Answer the question of the lesson first")
    expect(tab.primary).to_be_disabled()
    page.get_by_role("button", name="both stay high").click()
    expect(tab.primary).to_be_enabled()
    tab.start()
    tab.choose("max")
    news = page.locator(".st-key-lesson-news")
    expect(news).to_have_text("As you expected: both stay high.")

    tab.reload()
    expect(news).to_have_text("As you expected: both stay high.")
    expect(page.locator(".st-key-lesson-bar")).to_contain_text("1/3")
    tab.grown_to(2)
    expect(page.locator(".st-key-choose")).to_contain_text("REGULARIZER")
    expect(page.locator(".st-key-choose")).not_to_contain_text("OPTIMIZER")

    page.get_by_role("button", name="ask again").click()
    page.get_by_role("button", name="both stay high").click()
    expect(news).to_have_text("You expect: both stay high.")

    tab.let_go()
    page.keyboard.press("n")
    expect(page.locator(".st-key-lesson-bar")).to_contain_text("2/3")
    tab.go("/course?lesson=fitting.2&answers=1-1")
    page.get_by_role("button", name="back to the lesson").click()
    expect(page.locator(".sp-over")).to_contain_text("Answer the question of the lesson first")
    page.get_by_role("button", name="leave", exact=False).first.click()
    expect(page.locator(".st-key-lesson-bar")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("lesson="))


def test_a_lesson_and_the_course_fit_a_phone(open_tab: OpenTab):
    tab = open_tab("/", width=390, height=844, lesson="depth.1", lang="zh")
    expect(tab.page.locator(".st-key-lesson-bar")).to_contain_text("1/7")
    assert tab.overflow_sideways() <= 0
    tab.go("/course?topic=depth&lang=zh")
    expect(tab.page.locator(".st-key-claim-4")).to_be_visible()
    assert tab.overflow_sideways() <= 0
