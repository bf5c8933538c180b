"""What the browser makes of a search: small modules, words from the labels alone, which runs are followed and drawn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.live.assets import Assets
from pages.components.search_chart import search_labels
from tests.javascript import ASSETS, check_module, said

MODULES = sorted([ASSETS / "search_chart.js", *ASSETS.glob("search/*.js")])
TRIALS = 'const { followed, ordered, present } = await import("FOLDER/search/trials.js");'
BUILT = {f"column_{name}" for name in ("trial", "error", "settings", "state")} | {"axis_error_percent"}
BUILT |= {"curves", "best", "parallel", "slices", "importances", "best_is", "best_trains", "axis_relative_error"}
"""Labels whose names the modules put together."""
FRAME = {"not_loaded", "lost", "expired", "not_connected", "reset_zoom", "download"}
"""Those of the modules that all pages share."""


def trials(script: str) -> Any:
    return said(script, TRIALS)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_parses_and_makes_no_markup(module: Path):
    check_module(module)


def test_the_modules_are_served():
    assets = Assets(ASSETS)
    for name in ("search_chart.js", "search.css", "search/view.js", "search/trials.js", "search/pictures.js"):
        assert assets.get(name) is not None, name


def test_every_word_is_asked_for_and_every_word_that_is_asked_for_is_there():
    source = "\n".join(module.read_text(encoding="utf-8") for module in MODULES)
    labels = search_labels(str)
    asked = set(re.findall(r"labels\.(\w+)", source))
    own = {name for name in labels if not name.startswith(("state_", "trial_"))}
    assert own == asked | BUILT | FRAME


def test_the_best_stands_first_and_what_has_no_error_last():
    found = trials(
        "ordered([{number: 0, now: NaN}, {number: 1, now: 0.2}, {number: 2, now: 0.1}]).map((t) => t.number)"
    )
    assert found == [2, 1, 0]


def test_the_error_of_a_trial_that_trains_is_the_mean_of_the_newest_of_its_runs():
    script = """(() => {
      const run = (value) => ({ newest: () => value, meta: {} });
      const meta = { trials: [
        { number: 0, state: "running", error: null, runs: ["a", "b"] },
        { number: 1, state: "complete", error: 0.5, runs: ["c"] },
        { number: 2, state: "running", error: null, runs: ["d"] },
      ] };
      return present(meta, new Map([["a", run(0.2)], ["b", run(0.4)], ["c", run(0.9)]])).map(({ now }) => now);
    })()"""
    assert trials(script) == [pytest.approx(0.3), 0.5, None]


def test_a_trial_waits_while_all_of_its_runs_wait_for_a_place():
    script = """(() => {
      const run = (state) => ({ newest: () => NaN, meta: { state } });
      const trial = (number, state, ...runs) => ({ number, state, error: null, runs });
      const meta = { trials: [
        trial(0, "running", "waits", "waits"),
        trial(1, "running", "trains", "waits"),
        trial(2, "complete", "waits"),
        trial(3, "running", "unknown"),
        trial(4, "running"),
      ] };
      const runs = new Map([["waits", run("queued")], ["trains", run("running")]]);
      return present(meta, runs).map(({ isWaiting }) => isWaiting);
    })()"""
    assert trials(script) == [True, False, False, False, False]


def test_those_that_train_are_followed_and_then_the_newest_of_the_others():
    script = """followed({ trials: Array.from({ length: 70 }, (_, number) => (
      { number, state: number === 3 ? "running" : "complete", runs: [`r${number}`] })) })"""
    found = trials(script)
    assert (len(found), found[:3], found[-1]) == (60, ["r3", "r69", "r68"], "r11")
