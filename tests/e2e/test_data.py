"""The page Data in a browser: strips that move, a file that is brought, and a phone's width."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab
from tests.unit.uploads.files import table

pytestmark = pytest.mark.browser


def test_strips_move_and_a_file_that_is_brought_is_shown(open_tab: OpenTab):
    tab = open_tab(width=390, height=844)
    tab.go("/data?look=augmentation&augmentations.0=flip")
    strip = tab.page.locator(".st-key-strip-0 > div")
    expect(strip.locator("img")).to_be_visible()
    expect(tab.page.get_by_text("labels may not survive")).to_be_visible()
    left = strip.evaluate("strip => strip.getBoundingClientRect().left")
    tab.page.wait_for_function(
        "left => document.querySelector('.st-key-strip-0 > div').getBoundingClientRect().left < left", arg=left
    )
    assert tab.overflow_sideways() <= 0
    tab.go("/data?look=own")
    file = {"name": "pets.csv", "mimeType": "text/csv", "buffer": table(41)}
    tab.page.locator("input[type=file]").first.set_input_files(file)  # type: ignore[arg-type]
    expect(tab.page.locator(".st-key-data-numbers")).to_contain_text("training")
    expect(tab.page.locator(".st-key-data-counts .js-plotly-plot")).to_be_visible()
    assert tab.overflow_sideways() <= 0
