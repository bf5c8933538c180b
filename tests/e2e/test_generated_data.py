"""A generator is trained in a browser: losses grow in place, grids come, and the slider goes back to earlier ones."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab

pytestmark = pytest.mark.browser

POINTS = """(document.querySelector(".sp-grid:not([hidden]) .sp-losses .sp-plot")?.calcdata?.[0].length ?? 0)"""
"""Drawn, not only handed over."""


def test_a_generator_learns_live_is_held_and_its_earlier_grids_are_seen_again(open_tab: OpenTab):
    tab = open_tab()
    page = tab.page
    tab.go("/data?look=generated")
    expect(page.locator(".sp-doing")).to_contain_text("came with this program")
    page.get_by_role("spinbutton", name="seed of the generator").fill("7")
    page.keyboard.press("Enter")
    expect(page.locator(".sp-doing")).to_contain_text("Nothing is trained yet")
    page.get_by_role("button", name="Train the generator").click()
    expect(page.locator(".sp-doing")).to_contain_text("left")
    page.wait_for_function(f"{POINTS} >= 2")
    page.evaluate("""() => { document.querySelector(".sp-losses .sp-plot").seenBefore = true; }""")
    page.wait_for_function(f"{POINTS} >= 40")
    assert page.evaluate("""() => document.querySelector(".sp-losses .sp-plot").seenBefore"""), "it was made anew"
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".sp-doing")).to_contain_text("Paused at update")
    (step,) = re.findall(r"update (\d+)", page.locator(".sp-doing").inner_text())
    page.wait_for_function(f"{POINTS} === {step}")
    expect(page.locator(".sp-made figure")).to_have_count(60)
    expect(page.locator(".sp-made figcaption").first).to_have_text(re.compile(r"0\.\d\d"))
    page.locator(".sp-moment input").fill("0")
    expect(page.locator(".sp-moment output")).to_have_text("after update 0")
    expect(page.locator(".sp-words")).to_contain_text("Too early to tell")
    page.wait_for_function("""() => document.querySelector(".sp-losses .sp-plot").layout.shapes[0]?.x0 === 0""")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".sp-doing")).to_contain_text("Stopped at update")
    assert tab.overflow_sideways() <= 0
