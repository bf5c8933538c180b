"""The Train page in a browser: start, watch, pause, reload, stop; the chart stays the same chart all the while."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import OpenTab
from tests.e2e.live_tab import CURVE, LiveTab
from tests.serving import serving

pytestmark = pytest.mark.browser

LONG = {"epochs": 400, "evaluate_every": 18}
"""7 200 updates on the digits, measured after every epoch: within a minute a curve grows by seven points a second."""


def increasing(curve: list[list[float]]) -> bool:
    """Whether the points of a curve come one after the other, none twice."""
    return all(a[0] < b[0] for a, b in pairwise(curve))


def test_from_start_to_the_stored_run(open_tab: OpenTab):
    """Start → curves move → reload (no gap, nothing twice) → pause (they stop) → reload (re-attached) → stop → the run
    is in Runs."""
    tab = open_tab(seed=1, **LONG)
    tab.measured()
    tab.start()
    tab.grows_by(3)
    before = tab.curve()
    tab.reload()
    tab.does("pause")
    tab.grown_to(len(before) + 3)
    tab.pause()
    stood = tab.everything()
    assert stood["validation"][: len(before)] == before
    assert increasing(stood["validation"])
    gaps = {round(b[0] - a[0], 6) for a, b in pairwise(stood["validation"])}
    assert len(gaps) == 1, "an evaluation is missing"
    tab.choose("max")
    assert tab.everything() == stood

    tab.reload()
    tab.does("resume")
    tab.grown_to(len(stood["validation"]))
    assert tab.everything() == stood

    tab.primary.click()
    tab.grows_by(3)
    assert increasing(tab.curve())
    assert tab.curve()[: len(stood["validation"])] == stood["validation"]
    tab.page.locator(".sp-stop").click()
    expect(tab.where).to_contain_text("stopped")

    tab.go("/runs")
    expect(tab.row("seed 1$")).to_contain_text("stopped")


def test_what_cannot_be_trained_cannot_be_started_and_the_pace_is_chosen_before_and_kept(open_tab: OpenTab):
    tab = open_tab(seed=12, **LONG)
    tab.measured()
    rate = tab.page.get_by_label("learning rate").first
    rate.fill("-1")
    rate.press("Enter")
    expect(tab.page.locator(".sp-start")).to_be_disabled()
    expect(tab.primary).to_be_disabled()
    expect(tab.page.locator(".sp-price")).to_contain_text("Mend what is marked")
    tab.let_go()
    tab.page.keyboard.press("Space")
    rate.fill("0.01")
    rate.press("Enter")
    expect(tab.page.locator(".sp-start")).to_be_enabled()
    expect(tab.where).to_contain_text("not started")

    tab.choose("1/s")
    tab.primary.click()
    tab.does("pause")
    assert tab.pace == "1/s"
    tab.page.locator(".sp-stop").click()
    expect(tab.where).to_contain_text("stopped")
    tab.reload()
    assert tab.pace == "1/s"


def test_the_plot_stays_the_same_node_and_keeps_its_zoom(open_tab: OpenTab):
    tab = open_tab(seed=2, **LONG)
    tab.measured()
    tab.mark_plot()
    tab.start()
    tab.grows_by(2)
    tab.zoom()
    zoomed = tab.ranges()
    for _ in range(10):
        tab.grows_by(1)
        assert tab.ranges() == zoomed
    assert tab.plot_is_marked()
    tab.page.locator(".st-key-choose").get_by_role("button", name="L2", exact=True).click()
    tab.drawn()
    assert tab.plot_is_marked()
    tab.unzoom()


def test_two_tabs_see_one_run_its_dropout_changes_while_it_runs_and_a_branch_goes_on_beside_it(open_tab: OpenTab):
    chosen = {"seed": 21, "regularizers": "dropout", **LONG}
    tab = open_tab(**chosen)
    tab.measured()
    tab.start()
    other = open_tab(**chosen)
    other.does("pause")
    other.grown_to(3)
    other.pause()
    tab.does("resume")
    tab.grown_to(len(other.curve()))
    assert tab.everything() == other.everything()
    tab.primary.click()
    tab.does("pause")

    tab.page.get_by_role("button", name="Change while it runs").click()
    typed(tab, "knobs", "dropout", "1.5")
    expect(tab.page.locator(".st-key-knobs").get_by_role("alert")).to_contain_text("between 0 and 1")
    expect(tab.page.get_by_role("button", name="Change it now")).to_be_disabled()
    typed(tab, "knobs", "dropout", "0.2")
    tab.page.get_by_role("button", name="Change it now").click()
    tab.says("dropout 0.5 → 0.2")
    expect(tab.page.locator(".st-key-knobs")).to_have_count(0)
    expect(tab.page.locator(".st-key-choose").get_by_label("dropout", exact=True).first).to_have_value("0.2")

    other.says("dropout 0.5 → 0.2")
    other.page.get_by_role("button", name="Change while it runs").click()
    expect(other.page.locator(".st-key-knobs").get_by_label("dropout").first).to_have_value("0.2")

    tab.page.get_by_role("button", name="Branch here").click()
    typed(tab, "branching", "learning rate", "0.05")
    expect(tab.page.locator(".st-key-branching")).to_contain_text("Adam goes on with its averages")
    tab.page.get_by_role("button", name="Branch", exact=True).click()
    tab.says("branched here")
    tab.says("learning rate 0.001 → 0.05")
    tab.says("dropout 0.5 → 0.2")
    before = len(tab.curve("ghost_validation"))
    tab.grows_by(2)
    tab.page.wait_for_function(f'({CURVE})("ghost_validation").length > {before}')
    assert tab.curve()[0][0] > 0, "the branch begins where it has left its parent"
    assert tab.curve("ghost_validation")[0][0] == 0
    tree = tab.page.locator(".st-key-branches button")
    expect(tree).to_have_count(2)
    expect(tree.first).to_contain_text("dropout 0.2")
    tree.first.click()
    tab.page.wait_for_function(f'({CURVE})("validation")[0]?.[0] === 0')
    assert tab.curve("ghost_validation")[0][0] > 0, "now the branch stands behind"
    tab.page.locator(".sp-stop").click()
    tree.last.click()
    tab.page.wait_for_function(f'({CURVE})("validation")[0]?.[0] > 0')


def typed(tab: LiveTab, where: str, label: str, value: str) -> None:
    """Type a value into the box of a form with this label."""
    box = tab.page.locator(f".st-key-{where}").get_by_role("textbox", name=label).first
    expect(box).to_be_editable()
    box.fill(value)
    box.press("Enter")
    tab.drawn()


def test_the_keyboard_starts_pauses_and_makes_one_update(open_tab: OpenTab):
    tab = open_tab(seed=5, **LONG)
    tab.measured()
    tab.page.keyboard.press("Space")
    tab.does("pause")
    tab.choose("1 min")
    tab.let_go()
    tab.page.keyboard.press("Space")
    tab.does("resume")
    tab.choose("max")
    tab.let_go()
    before = tab.step
    tab.page.keyboard.press(".")
    expect(tab.where).to_contain_text(re.compile(rf"update {before + 1}\b"))
    tab.page.get_by_label("seed").first.click()
    assert tab.page.evaluate("() => document.activeElement.tagName") == "INPUT"
    tab.page.keyboard.press(".")
    tab.page.keyboard.press("Space")
    tab.choose("1 min")
    assert tab.step == before + 1
    assert tab.primary.get_attribute("data-does") == "resume"


def test_present_mode_needs_no_scrolling(open_tab: OpenTab):
    tab = open_tab(seed=6, present=1, width=1280, height=720, **LONG)
    tab.measured()
    assert tab.overflow_down() <= 0
    tab.page.keyboard.press("Space")
    tab.does("pause")
    tab.grows_by(3)
    assert tab.overflow_down() <= 0
    for part in (".sp-value", ".sp-plot-main", ".sp-plot-gradients", ".sp-sentence"):
        box = tab.page.locator(part).first.bounding_box()
        assert box is not None, part
        assert box["y"] + box["height"] <= 720, part
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("button", name="Present")).to_be_visible()
    # The live part of the presentation goes when the page has been drawn, and before that there are two.
    expect(tab.page.locator(".sp-present")).to_have_count(0)
    expect(tab.page.locator(".sp-toolbar")).to_be_visible()


def test_an_interrupt_ends_the_server_although_tabs_are_open(browser: Browser, tmp_path: Path):
    with serving(tmp_path / "data") as server:
        page = browser.new_context(locale="en-US").new_page()
        tab = LiveTab(page, server.address)
        tab.go("/?epochs=400")
        tab.measured()
        tab.start()
        tab.grows_by(2)
        assert server.interrupt(within_s=15) == 0
        expect(page.locator(".sp-banner")).to_be_visible()
        page.context.close()
    assert "Traceback" not in server.log
