"""A link with a task on a phone: only the listed choices, a curve drawn by hand, and the run that grows over it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab

pytestmark = pytest.mark.browser

LINK = {
    "dataset": "moons",
    "dataset.n": "64",
    "architecture.widths": "[8]",
    "batch_size": "16",
    "epochs": "6",
    "show": "seed,epochs",
    "ask": "How will the <i>validation</i> error go?",
    "ask.curve": "validation_error,0.5",
}


def test_a_phone_shows_the_listed_choices_and_the_curve_that_is_expected(open_tab: OpenTab):
    tab = open_tab("/", width=390, height=844, **LINK)
    page = tab.page
    choose = page.locator(".st-key-choose")
    expect(choose.get_by_test_id("stTextInput")).to_have_count(2)
    expect(choose.get_by_test_id("stButtonGroup")).to_have_count(0)
    expect(page.locator(".st-key-lesson-bar")).to_contain_text("How will the <i>validation</i> error go?")
    handles = page.locator(".sp-handle")
    expect(handles).to_have_count(5)
    expect(tab.primary).to_be_disabled()
    assert tab.overflow_sideways() <= 0

    first = handles.first
    first.scroll_into_view_if_needed()
    place = first.bounding_box()
    assert place is not None
    x, y = place["x"] + 11, place["y"] + 11
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 40)
    page.mouse.up()
    expect(first).not_to_have_attribute("aria-valuenow", "20")
    handles.last.press("PageDown")
    expect(handles.last).to_have_attribute("aria-valuetext", "10 %")
    page.get_by_role("button", name="That is what I expect").click()
    expect(handles).to_have_count(0)
    expect(page).to_have_url(re.compile(r"answers=1-\d+\.200\.200\.200\.100"))

    tab.primary.click()
    tab.choose("max")
    news = page.locator(".st-key-lesson-news")
    expect(news).to_contain_text("points away from what you expected")
    expect(page.locator(".st-key-this-run button")).to_have_count(0)
    drawn = tab.curve("expected")
    assert [height for _, height in drawn[1:]] == [20, 20, 20, 10]
    tab.reload()
    expect(news).to_contain_text("points away from what you expected")
    expect(choose.get_by_test_id("stTextInput")).to_have_count(2)
    tab.grown_to(2)
    assert tab.curve("expected") == drawn
