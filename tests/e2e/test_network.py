"""A real network's surface in a browser: it refines while it is turned, is cancelled, and holds several runs' paths."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenTab
from tests.e2e.live_tab import WAIT_S, LiveTab
from tests.e2e.test_replay import SLIDE
from tests.polling import until

pytestmark = pytest.mark.browser

WIDE = {"architecture.width": 256, "epochs": 1}
"""A network whose surface takes some seconds."""

EYE = "document.querySelector('.sp-plot-scene')._fullLayout.scene._scene.getCamera().eye"

SIDE = "document.querySelector('.sp-plot-scene')?.data?.find(({ uid }) => uid === 'sheet').x.length"

FAINT = """() => document.querySelector(".sp-network .sp-plot-map").data
  .filter(({ uid }) => uid.startsWith("rest")).map(({ x }) => Array.from(x))"""


class Network(LiveTab):
    """The pictures of a network's surface."""

    @property
    def progress(self) -> Locator:
        """What is being computed."""
        return self.page.locator(".sp-refining")

    def is_(self, state: str) -> None:
        """Wait until what is computed is in a state."""
        expect(self.progress).to_have_attribute("data-state", state)

    def drawn_with(self, least: int) -> None:
        """Wait until the scene shows at least so many points a side."""
        self.page.wait_for_function(f"(least) => {SIDE} >= least", arg=least)

    def paths(self) -> list[list[float]]:
        """Where the paths go on the map: of each its coordinates along the first direction."""
        return self.page.evaluate(
            """() => document.querySelector(".sp-network .sp-plot-map").data
              .filter(({ uid }) => uid.startsWith("path")).map(({ x }) => Array.from(x))"""
        )

    def turn(self) -> None:
        """Drag the scene until it has turned: what is above it may still push it down under the pointer."""
        before = self.page.evaluate(EYE)["x"]

        def turned() -> bool:
            box = self.page.locator(".sp-plot-scene").bounding_box()
            assert box is not None
            middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            self.page.mouse.move(*middle)
            self.page.mouse.down()
            self.page.mouse.move(middle[0] + 60, middle[1], steps=4)
            self.page.mouse.up()
            return abs(self.page.evaluate(EYE)["x"] - before) > 0.05

        until(turned, within_s=WAIT_S)


def trained(open_tab: OpenTab, **settings: Any) -> Network:
    """The landscape of a run that has just been trained, reached from the page on which it was."""
    tab = open_tab("/", **settings)
    shown = Network(tab.page, tab.address)
    shown.measured()
    shown.choose("max")
    shown.primary.click()
    expect(shown.where).to_contain_text("finished")
    return shown


def test_a_surface_refines_while_it_is_turned_and_keeps_what_a_hand_has_done(open_tab: OpenTab):
    tab = trained(open_tab, **WIDE)
    tab.page.locator(".sp-again").click()
    expect(tab.page.locator(".sp-again")).to_have_attribute("aria-busy", "false")  # The new run is shown.
    expect(tab.where).to_contain_text("finished")
    tab.page.get_by_role("button", name="Landscape").click()
    tab.drawn_with(9)
    tab.page.evaluate("() => { document.querySelector('.sp-plot-scene').seenBefore = true; }")
    tab.turn()
    turned = tab.comes_to_rest(EYE)
    tab.is_("finished")
    tab.drawn_with(33)
    assert tab.page.evaluate(EYE) == pytest.approx(turned, abs=0.02)
    expect(tab.page.locator(".sp-here")).to_contain_text("Height at ✕ = the loss of the network")
    expect(tab.page.locator(".sp-truth")).to_contain_text("Largest miss")

    # Of the path only what was before the moment that is watched is drawn strongly; the address keeps the moment.
    assert len(tab.paths()) == 1
    whole = tab.paths()[0]
    slider = tab.page.locator(".sp-player input")
    slider.evaluate(SLIDE, 1)
    until(lambda: 0 < len(tab.paths()[0]) < len(whole), within_s=WAIT_S)
    assert tab.page.evaluate(FAINT) == [whole]
    expect(tab.page).to_have_url(re.compile("cursor=1$"))
    slider.evaluate(SLIDE, int(slider.get_attribute("max") or 0))
    until(lambda: tab.paths() == [whole], within_s=WAIT_S)
    assert tab.page.evaluate(FAINT) == []
    expect(tab.page).not_to_have_url(re.compile("cursor="))

    # Another run with the same seed goes the same way, so both begin at one place and end at one.
    names = tab.page.locator(".sp-names > span")
    expect(names).to_have_count(1)
    tab.page.locator("[class*=st-key-on-map]").first.locator("label").click()
    tab.page.wait_for_function("""() => document.querySelector(".sp-network .sp-plot-map").data
      .filter(({ uid }) => uid.startsWith("path")).length === 2""")
    expect(names).to_have_count(2)
    one, other = tab.paths()
    assert [one[0], one[-1]] == pytest.approx([other[0], other[-1]], abs=1e-4)
    tab.is_("finished")

    low = tab.page.evaluate("() => document.querySelector('.sp-plot-scene')._fullLayout.scene.zaxis.range[0]")
    tab.page.get_by_role("button", name="log loss").click()
    tab.page.wait_for_function(
        "(low) => document.querySelector('.sp-plot-scene')._fullLayout.scene.zaxis.range[0] !== low", arg=low
    )
    assert tab.page.evaluate(EYE) == pytest.approx(turned, abs=0.02)
    assert tab.page.evaluate("() => document.querySelector('.sp-plot-scene').seenBefore"), "the same node all the while"


def test_what_is_cancelled_stays_as_it_is_until_it_is_to_go_on(open_tab: OpenTab):
    shown = trained(open_tab, **{**WIDE, "architecture.width": 512})
    shown.go("/landscapes?tab=network&plane=random&grid=65&samples=1000")
    shown.drawn_with(9)
    shown.page.locator(".sp-stop:visible").click()
    shown.is_("stopped")
    assert shown.page.evaluate(SIDE) < 65
    shown.let_go()
    shown.page.keyboard.press("r")  # Another run of the page begins nothing.
    shown.drawn()
    shown.is_("stopped")
    shown.page.get_by_role("button", name="Go on").click()
    shown.is_("running")
    shown.page.locator(".sp-stop:visible").click()
    shown.is_("stopped")
