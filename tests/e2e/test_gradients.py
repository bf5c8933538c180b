"""The Gradients page in a browser: a slider moves the lines of charts that stay."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab

pytestmark = pytest.mark.browser

POINTS = """document.querySelector(".sp-gradient .sp-plot")?.data?.[0]?.x.length ?? 0"""


def test_a_slider_moves_the_lines_and_no_chart_is_made_anew(open_tab: OpenTab):
    tab = open_tab("/gradients")
    page = tab.page
    page.wait_for_function(f"{POINTS} === 21")
    expect(page.locator(".sp-said")).to_contain_text("Vanishing: layer 1 gets 10⁻¹² of layer 20.")
    page.evaluate("""() => { document.querySelector(".sp-gradient .sp-plot").seenBefore = true; }""")
    page.get_by_role("slider", name="depth").first.press("ArrowRight")
    page.wait_for_function(f"{POINTS} === 22")
    assert page.evaluate("""() => document.querySelector(".sp-gradient .sp-plot").seenBefore"""), "drawn anew"
    expect(page.locator(".sp-said")).to_contain_text("of layer 21.")
    page.get_by_text("Residual cures 60 layers").click()
    page.wait_for_function(f"{POINTS} === 61")
    page.get_by_text("rule and numbers").first.click()
    expect(page.locator(".sp-said dl").first).to_contain_text("gradient of layer 1")
    page.get_by_role("radio", name="What a layer feels").click()
    page.wait_for_function("""document.querySelector(".sp-spread .sp-plot")?.data?.length === 4""")
    page.get_by_role("radio", name="RNN or LSTM").click()
    page.wait_for_function("""document.querySelector(".sp-time .sp-plot")?.data?.[0]?.x.length === 50""")
    page.get_by_role("radio", name="Layer by layer").click()
    expect(page.locator(".sp-compare")).to_contain_text("Each run takes 720 gradients")
    expect(page.locator(".sp-compare").get_by_role("button", name="Batch loss")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_on_a_phone_the_choices_follow_the_picture_and_what_is_shown_is_named(open_tab: OpenTab):
    page = open_tab("/gradients", width=390, height=844, tab="time", **{"time.length": 8}).page
    page.wait_for_function("""document.querySelector(".sp-time .sp-plot")?.data?.[0]?.x.length === 8""")
    page.wait_for_function(
        """() => {
          const [seen, choices] = [".sp-layers", ".st-key-choose"].map((name) => document.querySelector(name));
          return choices.getBoundingClientRect().top - seen.getBoundingClientRect().bottom < 80;
        }"""
    )
    page.get_by_role("radio", name="Layer by layer").click()
    expect(page.locator(".sp-compare").get_by_role("button", name="Batch loss")).to_be_in_viewport(ratio=0.9)


def test_a_pair_that_trains_says_which_of_them_vanishes(open_tab: OpenTab):
    pair = {"left.depth": 8, "right.depth": 2, "right.activation": "relu", "right.first_weights": "he"}
    page = open_tab("/gradients", **pair).page
    page.get_by_role("button", name="Train both").click()
    page.locator(".sp-compare .sp-start").click()
    alarm = page.get_by_role("row", name="left network").locator("details")
    expect(alarm).to_contain_text("Vanishing: layer 1 gets")
    alarm.locator("summary").click()
    expect(alarm).to_contain_text("at most 10⁻³ of the last hidden layer's. gradient of layer 1")
