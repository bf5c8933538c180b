"""The Compare page in a browser: choose, start, zoom, branch, take the report home and open it without a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import OpenTab
from tests.e2e.live_tab import LiveTab

pytestmark = pytest.mark.browser

THREE: dict[str, Any] = {
    "vary.0.optimizer": "sgd",
    "vary.1.optimizer": "momentum",
    "vary.2.optimizer": "adam",
    "rates": "hand",
    "seeds": "1",
    "epochs": "60",
}
"""Three optimizers on the digits, 1 080 updates each."""

POINTS = """(group) => {
  const trace = (document.querySelector(".sp-plot-main")?.data ?? []).find(({ uid }) => uid === `${group} main`);
  return trace ? trace.x.length : 0;
}"""
CURSORS = """() => [...document.querySelectorAll(".sp-cursor")].filter((line) => !line.hidden)
  .map((line) => line.style.left)"""
LAST = """(group) => (document.querySelector(".sp-plot-main")?.data ?? [])
  .find(({ uid }) => uid === `${group} main`)?.x.at(-1) ?? 0"""
TRACE = """(uid) => (document.querySelector(".sp-plot-main")?.data ?? []).find((trace) => trace.uid === uid) ?? null"""
LONGER = f"([group, least]) => ({POINTS})(group) >= least"


class Race(LiveTab):
    """The live part of the Compare page."""

    def points(self, group: str) -> int:
        """How many points the line of a variant ("v0") or of a branch has."""
        return self.page.evaluate(POINTS, group)

    def moves(self, group: str, by: int = 3) -> None:
        """Wait until a line has grown."""
        self.page.wait_for_function(LONGER, arg=[group, self.points(group) + by])

    def row(self, name: str):
        """The row of the table with this name."""
        return self.page.locator(".sp-table tbody tr").filter(
            has=self.page.locator(".sp-group-name", has_text=re.compile(f"^{re.escape(name)}"))
        )

    def tab(self, name: str) -> None:
        """Press one of the tabs of the main chart, or another toggle."""
        self.page.locator(".sp-main button", has_text=re.compile(f"^{re.escape(name)}$")).click()


def race(open_tab: OpenTab, **query: Any) -> Race:
    """The page with these choices, ready to start."""
    tab = open_tab("/compare", **query)
    made = Race(tab.page, tab.address)
    expect(made.page.locator(".sp-start")).to_be_visible()
    return made


def without_network(browser: Browser, file: Path) -> tuple[Page, list[str]]:
    """The file in a tab that can reach nothing, and what it asked for."""
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    return page, asked


def test_three_optimizers_race_one_is_branched_and_the_report_opens_offline(
    open_tab: OpenTab, browser: Browser, tmp_path: Path
):
    """Choose → run → zoom and hidden lines kept → branch → report downloaded and opened without network."""
    tab = race(open_tab, **THREE)
    tab.page.locator(".sp-start").click()
    tab.does("pause")
    for group in ("v0", "v1", "v2"):
        tab.moves(group)
    tab.mark_plot()

    tab.row("SGD").locator(".sp-hide").click()
    expect(tab.page.locator(".sp-unseen")).to_have_count(1)
    tab.zoom()
    zoomed = tab.ranges()
    tab.moves("v1", 10)
    assert tab.ranges() == zoomed
    assert tab.points("v0") == 0, "hidden stays hidden"
    assert tab.plot_is_marked(), "the same chart all the while"
    tab.unzoom()

    tab.row("Adam").locator(".sp-branch").click()
    tab.page.locator(".sp-branch-value input").fill("0.01")
    tab.page.locator(".sp-branch-form button[type=submit]").click()
    fork = tab.row("Adam: learning rate 0.01")
    expect(fork).to_be_visible()
    group = fork.get_attribute("data-key")
    assert group is not None
    tab.moves(group)
    expect(tab.page.locator(".sp-tree-row")).to_have_count(2)

    tab.choose("max")
    expect(tab.where).to_contain_text("finished")
    expect(tab.page.locator(".sp-fair")).to_contain_text("5 of 5")
    expect(tab.page.locator(".sp-verdict")).not_to_be_empty()
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="report").click()
    file = tmp_path / "report.html"
    download.value.save_as(file)
    page, asked = without_network(browser, file)
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    expect(page.locator("table").first).to_contain_text("momentum")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    page.context.close()


def test_a_list_that_was_chosen_from_stays_closed_when_the_page_above_the_race_changes(open_tab: OpenTab):
    """With the first start the welcome goes: what stands below it must not move, or the list opens again by itself."""
    tab = race(open_tab, **THREE)
    page = tab.page
    page.get_by_role("button", name="begin with ..").click()
    tab.drawn()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Dropout takes its time").click()
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    tab.drawn()
    page.locator(".sp-start").click()
    tab.does("pause")
    tab.drawn()
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def test_pause_and_one_update_hold_for_every_run(open_tab: OpenTab):
    tab = race(open_tab, **THREE)
    tab.page.locator(".sp-step").click()
    tab.does("resume")
    tab.page.wait_for_function("() => /update 1 of/.test(document.querySelector('.sp-where').textContent)")
    tab.page.locator(".sp-step").click()
    tab.page.wait_for_function("() => /update 2 of/.test(document.querySelector('.sp-where').textContent)")
    for group in ("v0", "v1", "v2"):
        assert tab.points(group) <= 3


def test_one_run_is_held_stepped_let_go_and_dropped_while_the_others_go_on(open_tab: OpenTab):
    tab = race(open_tab, **THREE | {"epochs": "400"})
    tab.tab("Gradient size")
    tab.page.locator(".sp-start").click()
    tab.moves("v2")
    row = tab.row("SGD")
    row.locator(".sp-hold").click()
    expect(row.locator(".sp-hold")).to_have_text("go on")
    tab.moves("v2")  # What was on its way when it was held is drawn by then.
    held = tab.points("v0")
    tab.moves("v2", 5)
    assert tab.points("v0") == held
    expect(tab.row("Adam").locator(".sp-hold")).to_have_text("hold")
    last = tab.page.evaluate(LAST, "v0")
    row.locator(".sp-row-step").click()
    tab.page.wait_for_function(f"(last) => ({LAST})('v0') === last + 1", arg=last)
    row.locator(".sp-hold").click()
    expect(row.locator(".sp-hold")).to_have_text("hold")
    tab.moves("v0", 5)
    row.locator(".sp-drop").click()
    expect(row.locator(".sp-drop")).to_be_disabled()
    expect(row).to_contain_text("dropped after update")
    tab.moves("v2", 5)
    expect(tab.row("Adam").locator(".sp-drop")).to_be_enabled()


def test_one_run_that_has_ended_is_extended_alone(open_tab: OpenTab):
    tab = race(open_tab, **THREE | {"epochs": "2"})
    tab.choose("max")
    tab.page.locator(".sp-start").click()
    tab.page.wait_for_function("() => /finished/.test(document.querySelector('.sp-where').textContent)")
    last = tab.page.evaluate(LAST, "v1")
    tab.row("SGD").locator(".sp-row-extend").click()
    tab.choose("max")
    tab.page.wait_for_function(f"(last) => ({LAST})('v0') === 2 * last", arg=last)
    assert tab.page.evaluate(LAST, "v1") == last
    tab.page.wait_for_function("() => /finished/.test(document.querySelector('.sp-where').textContent)")
    expect(tab.page.locator(".sp-fairness")).to_contain_text("4 of 5")


def test_the_table_begins_with_the_best_and_is_sorted_by_any_head_by_mouse_and_keyboard(open_tab: OpenTab):
    """Every head is a button; what the target is, the verdict says."""
    tab = race(open_tab, **THREE)
    tab.choose("max")
    tab.page.locator(".sp-start").click()
    expect(tab.where).to_contain_text("finished")
    expect(tab.page.locator(".sp-verdict")).not_to_be_empty()
    tab.page.mouse.move(0, 0)

    def numbers(column: str) -> list[float]:
        cells = tab.page.locator(f".sp-table .sp-cell-{column} span").all_inner_texts()
        return [float(cell.split()[0].rstrip("%").replace("\u00a0", "")) for cell in cells]

    assert numbers("last") == sorted(numbers("last"))
    heads = tab.page.locator(".sp-table thead button")
    heads.filter(has_text="training error").click()
    expect(tab.page.locator(".sp-table th[aria-sort=ascending]")).to_contain_text("training error")
    assert numbers("training") == sorted(numbers("training"))
    heads.filter(has_text="training error").press("Enter")
    expect(tab.page.locator(".sp-table th[aria-sort=descending]")).to_contain_text("training error")
    assert numbers("training") == sorted(numbers("training"), reverse=True)

    tab.page.locator(".sp-target input").fill("40")
    expect(tab.page.locator(".sp-verdict")).to_contain_text("At 40 % wrong")
    tab.page.locator(".sp-test summary").click()
    expect(tab.page.locator(".sp-test p")).to_contain_text("paired bootstrap")


def test_one_moment_moves_through_every_picture_by_keyboard_too_and_the_target_is_a_line(open_tab: OpenTab):
    """The moment is read in words, and every run is marked where it reached the target."""
    tab = race(open_tab, **THREE | {"epochs": 4})
    tab.choose("max")
    tab.page.locator(".sp-start").click()
    expect(tab.where).to_contain_text("finished")
    tab.page.get_by_role("button", name="gradients per run").click()
    slider = tab.page.locator(".sp-time input")
    slider.evaluate("(slider) => { slider.value = 35; slider.dispatchEvent(new Event('input')); }")
    expect(tab.page.locator(".sp-cursor-step")).to_have_text("update 35")
    expect(tab.page.locator(".sp-readout")).to_contain_text("momentum")
    tab.page.wait_for_function(f"() => ({CURSORS})().length === 4")  # the race and a picture for each of three runs
    before = tab.page.evaluate(CURSORS)
    slider.focus()
    tab.page.keyboard.press("ArrowRight")
    expect(tab.page.locator(".sp-cursor-step")).to_have_text("update 36")
    assert all(left != old for left, old in zip(tab.page.evaluate(CURSORS), before, strict=True))

    tab.page.locator(".sp-target input").fill("30")
    tab.says("target 30.0\u00a0%")
    reached = tab.page.evaluate(TRACE, "reached")
    said = tab.page.locator(".sp-cell-target span").all_inner_texts()
    assert sorted(str(step) for step in reached["x"]) == sorted(text for text in said if text != "–") != []
    assert set(reached["y"]) == {30}


def test_a_target_chosen_by_hand_starts_with_its_comparison_and_not_with_the_next(open_tab: OpenTab):
    tab = race(open_tab, **THREE | {"epochs": 2})
    said, page = tab.page.locator(".sp-target"), tab.page
    page.locator(".sp-target input").fill("30")
    tab.choose("max")
    page.locator(".sp-start").click()
    expect(page.locator(".sp-verdict")).to_contain_text("At 30 % wrong")
    expect(said).to_contain_text("30.0")
    page.get_by_role("button", name="begin with ..").click()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Dropout takes its time").click()
    expect(said).to_contain_text("10.0")


def test_very_many_rates_are_one_picture_with_a_scale_of_colours(open_tab: OpenTab):
    sweep = {"vary.optimizer.lr": "log(0.001,1)x12", "optimizer": "momentum", "rates": "hand", "seeds": 1, "epochs": 2}
    tab = race(open_tab, **sweep)
    tab.choose("max")
    tab.page.locator(".sp-start").click()
    expect(tab.where).to_contain_text("finished")
    expect(tab.page.locator(".sp-aside h3")).to_have_text("Every learning rate at once")
    aside, main = (tab.page.locator(panel).bounding_box() for panel in (".sp-aside", ".sp-main"))
    assert aside is not None
    assert main is not None
    assert aside["width"] > main["width"], "the heat map has the larger place"
    rows = tab.page.evaluate("() => document.querySelector('.sp-plot-aside').data[0].z.length")
    assert rows == 12
    assert 2 <= len(tab.page.evaluate(TRACE, "names")["text"]) <= 3, "the first, the last, the lowest"
    assert tab.page.evaluate(TRACE, "scale")["marker"]["showscale"]
    tab.page.locator(".sp-time input").fill("20")
    tab.page.wait_for_function(f"() => ({CURSORS})().length === 2")  # one moment in both
    tab.page.locator(".sp-aside button", has_text="curve").click()
    tab.page.wait_for_function("() => document.querySelector('.sp-plot-aside').data.at(-1).uid === 'best'")


def test_present_mode_needs_no_scrolling_and_escape_leaves_it(open_tab: OpenTab):
    tab = race(open_tab, present=1, width=1280, height=720, **THREE | {"epochs": 2})
    tab.page.locator(".sp-start").click()
    tab.moves("v2")
    assert tab.overflow_down() <= 0
    assert tab.overflow_sideways() <= 0
    tab.let_go()
    tab.page.keyboard.press("Escape")
    expect(tab.page.locator(".sp-present")).to_have_count(0)


def test_the_chart_can_be_saved_as_a_drawing_with_axes_and_legend(open_tab: OpenTab, tmp_path: Path):
    tab = race(open_tab, **THREE)
    tab.page.locator(".sp-start").click()
    tab.moves("v2")
    with tab.page.expect_download() as download:
        tab.page.get_by_role("button", name="Save as SVG").click()
    file = tmp_path / "chart.svg"
    download.value.save_as(file)
    drawing = file.read_text(encoding="utf-8")
    assert drawing.startswith("<svg")
    for word in ("error rate, %", "update", "momentum", "Adam", "SGD"):
        assert word in drawing


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_on_a_phone_nothing_is_wider_than_the_window(open_tab: OpenTab, lang: str):
    tab = race(open_tab, width=390, height=844, lang=lang, **THREE)
    assert tab.overflow_sideways() <= 0
    tab.page.locator(".sp-controls .sp-primary").click()
    tab.moves("v2")
    assert tab.overflow_sideways() <= 0
    expect(tab.page.locator(".sp-controls")).to_be_in_viewport()
