"""One unit in a browser: arrow keys move the kernel, a typed kernel and an impossible size are answered at once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab

pytestmark = pytest.mark.browser


def test_an_arrow_key_moves_the_kernel_and_a_typed_one_is_computed(open_tab: OpenTab):
    page = open_tab("/building_blocks?look=unit").page
    said, formula = page.locator(".sp-sum"), page.locator(".sp-formula")
    expect(said).to_contain_text("Position: row 14, column 14")
    expect(formula).to_contain_text("⌊(28 + 0 + 0 − 3) / 1⌋ + 1 = 26")
    page.locator(".sp-unit-stage").press("ArrowRight")
    expect(said).to_contain_text("Position: row 14, column 15")
    page.get_by_role("spinbutton", name="kernel 1, 1").fill("0.5")
    expect(page.locator(".sp-unit-stage canvas").first).to_be_visible()
    for no_weight in ("1e308", ""):  # the cell shows again what holds
        page.get_by_role("spinbutton", name="kernel 1, 1").fill(no_weight)
        page.get_by_role("spinbutton", name="kernel 1, 1").blur()
        expect(page.get_by_role("spinbutton", name="kernel 1, 1")).to_have_value("0.5")
    page.get_by_role("slider", name="stride").press("ArrowRight")
    expect(formula).to_contain_text("⌊(28 + 0 + 0 − 3) / 2⌋ + 1 = 13")
    expect(formula).to_contain_text(". Rows and columns at the end that no kernel sees: 1.")
    page.get_by_role("button", name="learned kernels").click()
    expect(said).to_contain_text("bias 0.00634")
    page.get_by_role("button", name="a kernel you type").click()
    page.get_by_role("combobox", name="layer").click()
    page.get_by_role("option", name="conv.3").click()
    expect(formula).to_contain_text("⌊(5 + 0 + 0 − 3) / 1⌋ + 1 = 3")
    size = page.get_by_role("slider", name="kernel size")
    for _ in range(3):
        size.press("ArrowRight")
    expect(page.get_by_role("spinbutton", name="kernel 2, 2")).to_have_value("0.5")
    expect(formula).to_contain_text("Impossible: a kernel of 6 does not fit into 5 pixels")
    expect(formula).to_have_class(re.compile("sp-impossible"))
    expect(page.locator(".sp-hint")).to_be_hidden()
    expect(said).to_be_hidden()
