"""Searching settings in a browser: from the press to the best trial, which opens on Train."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab

pytestmark = pytest.mark.browser

LINES = """document.querySelector(".sp-search .sp-plot")?.data?.length ?? 0"""


def test_a_grid_is_searched_and_its_best_trial_opened(open_tab: OpenTab):
    page = open_tab("/runs").page
    page.get_by_role("radio", name="Search for settings").click()
    price = page.locator(".sp-search .sp-hint")
    expect(price).to_contain_text("8 runs")
    values = page.get_by_role("textbox", name="learning rate")
    values.fill("0.001,0.01,1")
    values.press("Enter")
    expect(price).to_contain_text("3 runs, 180 updates each")
    page.get_by_role("button", name="Start the search").click()
    expect(page.locator(".sp-search .sp-where")).to_contain_text("3 of 3 trials are over")
    page.wait_for_function(f"{LINES} === 3")
    best = page.locator(".sp-search .sp-trials tbody tr").first
    expect(best).to_contain_text("complete · best")
    expect(page.locator(".sp-search .sp-best")).to_contain_text("learning rate 0.0")
    best.get_by_role("button", name="Open").click()
    page.wait_for_url(re.compile(r"/\?run="))
    expect(page.locator(".sp-where").first).to_contain_text("180 of 180")
