"""A run is watched in a browser: the gauge grows in place, the verdict comes, and a reload shows both."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab

pytestmark = pytest.mark.browser

POINTS = """document.querySelector(".sp-plot-gauge")?.data?.find(({ uid }) => uid === "top").x.length ?? 0"""


def test_the_gauge_grows_while_a_run_trains_and_is_there_again_after_a_reload(open_tab: OpenTab):
    tab = open_tab("/", optimizer="sgd", epochs=150)
    page = tab.page
    tab.measured()
    tab.choose("1 min")
    tab.primary.click()
    expect(page).to_have_url(re.compile("run="))
    page.get_by_role("link", name="Landscapes").click()
    page.get_by_text("Are we at a saddle?").click()
    page.get_by_text("10 updates", exact=True).click()
    page.wait_for_function(f"{POINTS} >= 2")
    page.evaluate("""() => { document.querySelector(".sp-plot-gauge").seenBefore = true; }""")
    page.wait_for_function(f"{POINTS} >= 6")
    assert page.evaluate("""() => document.querySelector(".sp-plot-gauge").seenBefore"""), "the picture was made anew"
    expect(page.locator(".sp-gauge")).to_contain_text(re.compile("(below|at the edge of stability|above)"))
    page.get_by_role("button", name="Measure where it is now").click()
    verdict = page.locator(".sp-verdict .sp-sentence")
    expect(verdict).to_contain_text(re.compile(r"^(No|Hardly|Nearly|A saddle|Near|Flat)"))
    said, drawn = verdict.inner_text(), page.evaluate(POINTS)
    expect(page).to_have_url(re.compile("at="))
    tab.reload()
    expect(verdict).to_have_text(said)
    page.wait_for_function(f"{POINTS} >= {drawn}")

    # Who looks at the end of a run that goes on sees it measured when the run is over, without a click.
    there = page.url.partition("&at=")[0].partition("/landscapes?")[2]
    tab.go(f"/landscapes?{there}")
    expect(verdict).to_contain_text("The run goes on")
    other = open_tab(f"/?{there.partition('&')[2]}")
    other.page.locator(".sp-stop").click()
    expect(verdict).to_contain_text(re.compile(r"^(No|Hardly|Nearly|A saddle|Near|Flat)"))
