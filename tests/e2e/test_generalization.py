"""The page Generalization in a browser: K-fold on digits from the click to the mean."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab
from tests.polling import until

pytestmark = pytest.mark.browser

LINES = """() => (document.querySelector(".sp-folds .sp-plot-main")?.data ?? [])
  .filter((trace) => trace.x.length > 1).map((trace) => trace.uid)"""


def test_k_fold_on_digits_goes_from_a_click_to_the_mean_of_its_folds(open_tab: OpenTab):
    tab = open_tab(width=1440, height=900)
    # A seed of its own: a second try would find what the first has stored, and nothing to start.
    tab.go(f"/generalization?look=kfold&epochs=2&folds=3&train_size=200&seed={secrets.randbelow(1_000_000)}")
    expect(tab.page.locator(".st-key-kfold-folds .js-plotly-plot")).to_be_visible()
    tab.page.locator(".sp-folds .sp-pace").get_by_role("button", name="max").click()
    tab.page.locator(".sp-start").click()
    expect(tab.page.locator(".sp-folds .sp-verdict")).to_contain_text(
        re.compile(r"Mean over 3 folds: validation error [\d.]+ % with a standard deviation of")
    )
    each = [f"{split}{fold}" for split in ("training", "validation") for fold in range(3)]
    drawn = {*each, "high", "training", "validation"}
    until(lambda: drawn <= set(tab.page.evaluate(LINES)), what="every line is drawn")  # A frame after the words.
    expect(tab.page.get_by_text("Which of the 3 networks do I keep?")).to_be_visible()
    expect(tab.page.locator(".sp-folds .sp-verdict")).not_to_contain_text("None of these networks")  # said once
    expect(tab.page.get_by_test_id("stTable")).to_contain_text("standard deviation")
    assert "study=" in tab.page.url
    assert tab.overflow_sideways() <= 0

    # Going on and being stopped, too, are told to the page: its table is the new one.
    tab.page.locator(".sp-folds .sp-pace").get_by_role("button", name="1/s").click()
    tab.page.locator(".sp-folds .sp-extend").click()
    expect(tab.page.get_by_test_id("stTable")).to_have_count(0)
    tab.page.locator(".sp-folds .sp-stop").click()
    expect(tab.page.get_by_test_id("stTable")).to_contain_text("stopped")
