"""Find the fault in a browser: open the link, start, diagnose wrongly, then rightly, and run it healthy beside it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.catalog.faults import sealed
from tests.e2e.conftest import OpenTab

pytestmark = pytest.mark.browser


def pick(page: Page, label: str, option: str) -> None:
    """Choose an option of a list."""
    # The one that was answered before may be on its way out still.
    expect(page.get_by_label(label)).to_have_count(1)
    page.get_by_label(label).click()
    page.get_by_role("option", name=option).click()


def diagnose(page: Page, fault: str, instrument: str) -> None:
    """Say what is wrong, and by which instrument."""
    button = page.get_by_role("button", name="That is it")
    if not button.is_visible():
        page.get_by_role("button", name="Diagnose").click()
    pick(page, "What is wrong?", fault)
    pick(page, "Which instrument shows it?", instrument)
    expect(button).to_be_enabled()
    button.click()


def strip(page: Page) -> Locator:
    return page.locator(".st-key-sealed-fault")


def test_a_fault_is_found_and_the_healthy_run_stands_beside_it(open_tab: OpenTab):
    tab = open_tab("/", sealed=sealed("dead_relu"), epochs=2)
    page = tab.page
    expect(strip(page)).to_contain_text("A fault is sealed in this run.")
    expect(page.get_by_role("button", name="Diagnose")).to_be_disabled()
    tab.start()
    tab.choose("max")
    expect(page.get_by_role("button", name="Diagnose")).to_be_enabled()
    diagnose(page, "first weights of 0", "sizes of the weights by layer")
    expect(strip(page)).to_contain_text("Not it: first weights of 0.")
    diagnose(page, "dead ReLU units", "sizes of the gradients by layer")
    expect(strip(page)).to_contain_text("Found: dead ReLU units.")
    expect(strip(page)).to_contain_text("2 points")
    expect(strip(page)).to_contain_text("100.0 % with the fault")

    page.get_by_role("button", name="Run it healthy").first.click()
    expect(strip(page)).to_contain_text("0.0 % without it")
    expect(page.get_by_role("button", name="Back to the fault")).to_be_visible()
    expect(page).not_to_have_url(re.compile("sealed="))
    expect(page.locator(".sp-live")).to_contain_text("validation before: a sealed fault")


def test_the_strip_fits_a_phone(open_tab: OpenTab):
    tab = open_tab("/", width=390, height=844, sealed=sealed("leak"), lang="zh")
    expect(strip(tab.page)).to_be_visible()
    assert tab.overflow_sideways() <= 0
