"""A run that is over is watched again in a browser: marked, one moment in every picture, and at the end its own end."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenTab
from tests.e2e.live_tab import LiveTab

pytestmark = pytest.mark.browser

SMALL = {"dataset": "moons", "dataset.n": 128, "batch_size": 16, "epochs": 5, "evaluate_every": 4}
"""A run of 40 updates."""

BOUNDARY = """() => document.querySelector(".sp-plot-learned").data?.find((trace) => trace.uid === "boundary")?.z"""
SLIDE = """(slider, step) => { slider.value = step; slider.dispatchEvent(new Event("input")); }"""


def stands_at(tab: LiveTab, step: int) -> None:
    """Wait until the replay, and the picture of what was learned, stand at an update."""
    expect(tab.where).to_contain_text(f"update {step} of")
    expect(tab.page.locator(".sp-learned h3")).to_have_text(f"What it had learned after update {step}")


def test_a_run_is_watched_again_from_the_offer_and_ends_as_it_did(open_tab: OpenTab):
    tab = open_tab(seed=11, **SMALL)
    tab.measured()
    expect(tab.page.locator(".sp-offer")).to_be_hidden()
    tab.choose("max")
    tab.primary.click()
    expect(tab.where).to_contain_text("finished")
    tab.grown_to(11)
    expect(tab.page.locator(".sp-replay-mark")).to_be_hidden()
    end = tab.everything()

    # Whoever would start the same is offered the replay.
    again = open_tab(seed=11, **SMALL)
    again.measured()
    expect(again.page.locator(".sp-offer")).to_contain_text("Run before")
    again.choose("10 s")
    again.page.locator(".sp-take-replay").click()
    expect(again.page.locator(".sp-replay-mark")).to_have_text("replay")
    again.does("pause")
    again.grown_to(2)
    again.let_go()
    again.page.keyboard.press(" ")
    again.does("start")

    slider = again.page.locator(".sp-player input")
    slider.evaluate(SLIDE, 8)
    stands_at(again, 8)
    early = again.page.evaluate(BOUNDARY)
    assert again.curve() == end["validation"][:3]
    again.page.keyboard.press(".")
    stands_at(again, 9)
    assert again.page.evaluate(BOUNDARY) != early
    slider.evaluate(SLIDE, 8)
    stands_at(again, 8)
    assert again.page.evaluate(BOUNDARY) == early

    # The address leads back to the moment, and the end is the end of the run.
    expect(again.page).to_have_url(re.compile(r"replay=1&at=8"))
    again.reload()
    stands_at(again, 8)
    again.choose("max")
    again.primary.click()
    stands_at(again, 40)
    assert again.everything() == end
    tab.page.wait_for_function(
        f"(last) => JSON.stringify(({BOUNDARY})()) === last",
        arg=again.page.evaluate(f"() => JSON.stringify(({BOUNDARY})())"),
    )
    assert again.page.evaluate(BOUNDARY) != early
    again.page.locator(".sp-leave-replay").click()
    expect(again.where).to_contain_text("finished")
    expect(again.page.locator(".sp-replay-mark")).to_be_hidden()
    assert again.everything() == end
