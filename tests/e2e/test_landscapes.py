"""Practice surfaces in a browser: a start chosen on the map, scrubbing, a turned scene, and axes that stay."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import OpenTab
from tests.e2e.live_tab import LiveTab, compact

pytestmark = pytest.mark.browser

AREA = """() => {
  const node = document.querySelector(".sp-plot-map");
  const { l, t, w, h } = node._fullLayout._size;
  const { x, y } = node.getBoundingClientRect();
  return { x: x + l, y: y + t, width: w, height: h };
}"""

EYE = "document.querySelector('.sp-plot-scene')._fullLayout.scene._scene.getCamera().eye"

POINTS_3D = """() => document.querySelector(".sp-plot-scene").data
  .filter(({ mode }) => mode === "lines").map(({ x }) => x.length)"""


class Surface(LiveTab):
    """The pictures of a practice surface."""

    @property
    def slider(self) -> Locator:
        """The slider of the moment."""
        return self.page.locator(".sp-player input")

    @property
    def map(self) -> Locator:
        """What is clicked to choose a start."""
        return self.page.locator(".sp-map .sp-stage")

    def begins_at(self, right: float, down: float) -> None:
        """Wait until the first path begins there, in shares of the width and the height of the map."""
        self.page.wait_for_function(
            f"""([right, down]) => {{
              const {{ width, height }} = ({AREA})();
              const begin = document.querySelector(".sp-path").getAttribute("d").match(/^M([^ ]+) ([^L]+)L/);
              return Math.abs(begin[1] / width - right) < 0.01 && Math.abs(begin[2] / height - down) < 0.01;
            }}""",
            arg=[right, down],
        )

    def lengths(self) -> list[int]:
        """How long the drawn part of every path is."""
        return [len(path.get_attribute("d") or "") for path in self.page.locator(".sp-path").all()]

    def ranges(self) -> list[Any]:
        """What the axes of the map span."""
        return self.page.evaluate(
            "() => ['xaxis', 'yaxis'].map((name) => document.querySelector('.sp-plot-map')._fullLayout[name].range)"
        )

    def scrub(self, step: int) -> None:
        """Move the slider."""
        self.slider.fill(str(step))
        expect(self.where).to_contain_text(f"{step} of")


def surface(open_tab: OpenTab, **query: Any) -> Surface:
    """The page, with its paths drawn."""
    tab = open_tab("/landscapes", **query)
    shown = Surface(tab.page, tab.address)
    shown.page.locator(".sp-path").first.wait_for(state="attached")
    return shown


def test_a_click_on_the_map_or_its_keys_choose_another_start_and_the_axes_stay(open_tab: OpenTab):
    tab = surface(open_tab)
    assert tab.ranges() == [[-5.6, 3.2], [-2.4, 2]]
    area = tab.page.evaluate(AREA)
    tab.map.click(position={"x": 0, "y": 0})  # Beside the picture: nothing is chosen.
    tab.page.mouse.move(area["x"] + 0.25 * area["width"], area["y"] + 0.25 * area["height"])
    expect(tab.page.locator(".sp-point")).to_contain_text("x −3.4, y 0.9: loss 2.78")
    tab.page.mouse.click(area["x"] + 0.25 * area["width"], area["y"] + 0.25 * area["height"])
    expect(tab.page).to_have_url(re.compile(r"start=-3\.4"))
    tab.begins_at(0.25, 0.25)
    assert tab.ranges() == [[-5.6, 3.2], [-2.4, 2]]

    tab.map.focus()
    for _ in range(5):
        tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("Enter")
    expect(tab.page).to_have_url(re.compile(r"start=-2\.5"))


def test_one_moment_moves_through_map_scene_curves_and_numbers(open_tab: OpenTab):
    tab = surface(open_tab)
    expect(tab.where).to_have_text("20 of 20")
    whole, in_space = tab.lengths(), tab.page.evaluate(POINTS_3D)
    expect(tab.page.locator(".sp-veil")).to_be_hidden()
    tab.scrub(7)
    expect(tab.page.locator(".sp-after h3")).to_have_text("After 7 updates")
    expect(tab.page.locator(".sp-anatomy th").first).to_have_text("update 7")
    expect(tab.page.locator(".sp-after tr", has_text="SGD").locator(".sp-cell-loss")).to_have_text("0.784")
    assert all(part < all_ for part, all_ in zip(tab.lengths(), whole, strict=True))
    tab.page.wait_for_function(f"(before) => JSON.stringify(({POINTS_3D})()) !== before", arg=compact(in_space))
    expect(tab.page.locator(".sp-veil")).to_be_visible()
    veil = tab.page.locator(".sp-veil").bounding_box()

    tab.page.locator(".sp-anatomy input").check()
    expect(tab.page.locator(".sp-arrow")).not_to_have_count(0)
    tab.let_go()
    tab.page.keyboard.press(".")
    expect(tab.where).to_have_text("8 of 20")
    moved = tab.page.locator(".sp-veil").bounding_box()
    assert veil is not None
    assert moved is not None
    assert moved["x"] > veil["x"]
    tab.page.keyboard.press(" ")
    tab.does("pause")
    expect(tab.where).to_have_text("20 of 20")
    tab.does("start")
    assert tab.lengths() == whole


def test_a_scene_can_be_turned_while_it_moves_and_stays_so_over_moments_and_other_paths(open_tab: OpenTab):
    tab = surface(open_tab)
    tab.page.evaluate("() => { document.querySelector('.sp-plot-scene').seenBefore = true; }")
    tab.scrub(3)
    box = tab.page.locator(".sp-plot-scene").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.page.mouse.move(*middle)
    tab.page.mouse.down()
    for step in (4, 5, 6):
        before, drawn = tab.comes_to_rest(EYE), tab.page.evaluate(POINTS_3D)
        tab.scrub(step)
        tab.page.wait_for_function(f"(drawn) => JSON.stringify(({POINTS_3D})()) !== drawn", arg=compact(drawn))
        assert tab.page.evaluate(EYE) == pytest.approx(before), "a drawing does not turn it back"
        tab.page.mouse.move(middle[0] + 10 * (step - 3), middle[1])
        tab.page.wait_for_function(f"(before) => Math.hypot({EYE}.x - before.x, {EYE}.y - before.y) > 0.02", arg=before)

    tab.page.mouse.move(middle[0], box["y"] - 20)  # The hand lets go beside the picture.
    tab.page.mouse.up()
    turned = tab.comes_to_rest(EYE)
    tab.page.get_by_role("button", name="next").click()
    expect(tab.where).not_to_contain_text("6 of")
    tab.drawn()
    tab.page.get_by_role("button", name="previous").click()
    tab.drawn()
    assert tab.page.evaluate(EYE) == pytest.approx(turned)
    assert tab.page.evaluate("() => document.querySelector('.sp-plot-scene').seenBefore"), "the same node all the while"


def test_who_leaves_the_picture_is_named_and_no_axis_follows(open_tab: OpenTab):
    tab = surface(
        open_tab, **{"surface": "quadratic", "race.0": "sgd", "race.0.lr": 0.6, "start": "-5,-2", "steps": 20}
    )
    expect(tab.page.locator(".sp-gone")).to_have_text("Left the picture after update: S 1.")
    assert tab.ranges() == [[-5.6, 3.2], [-2.4, 2]]
    tab.scrub(0)
    expect(tab.page.locator(".sp-gone")).to_have_text("Left the picture: none.")
    assert tab.ranges() == [[-5.6, 3.2], [-2.4, 2]]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_on_a_phone_the_pictures_are_behind_tabs_and_nothing_is_wider_than_the_window(open_tab: OpenTab, lang: str):
    tab = surface(open_tab, width=390, height=844, lang=lang)
    expect(tab.page.locator(".sp-player")).to_be_in_viewport()
    for place, panel in enumerate((".sp-map", ".sp-scene", ".sp-curves", ".sp-anatomy")):
        tab.page.locator(".sp-tabs button").nth(place).click()
        expect(tab.page.locator(panel)).to_be_visible()
        assert tab.overflow_sideways() <= 0


def test_present_mode_is_large_without_the_arithmetic_and_escape_leaves_it(open_tab: OpenTab):
    tab = surface(open_tab, present=1)
    expect(tab.page.locator(".sp-anatomy")).to_be_hidden()
    tab.let_go()
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator(".sp-present")).to_have_count(0)
    expect(tab.page.locator(".sp-anatomy")).to_be_visible()
