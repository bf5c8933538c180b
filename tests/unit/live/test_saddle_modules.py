"""What the browser says of a network's curvature: verdicts, bars of the spectrum, the gauge, the noise of gradients."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.live.assets import Assets
from pages.components.saddle_labels import saddle_labels
from tests.javascript import ASSETS, check_module, said

MODULES = sorted([ASSETS / "saddle_chart.js", *ASSETS.glob("saddle/*.js")])
SHARED = [ASSETS / "live" / name for name in ("connected.js", "frame.js", "plot.js")]
"""Modules of other charts that this one uses; the labels they ask for must be there too."""
COMPOSED = re.compile(r"tab_.*|name_.*|help_.*|verdict_.*|rule_.*|gauge_.*|share_.*|down|flat|up")
"""Labels whose names the script puts together."""

PRELUDE = """
    globalThis.document = { createElement: () => ({ getContext: () => ({}) }) };
    const module = (name) => import(new URL(name, "FOLDER/"));
    const { gain, noiseShare, stability, verdictOf } = await module("saddle/verdict.js");
    const { binned, placeOf } = await module("saddle/spectrum.js");
    const { gaugeWords, measuringWords, placeWords, trailWords } = await module("saddle/words.js");
    const labels = new Proxy({}, { get: (_, name) => name });
    const steps = (rows) => rows.map(({ step }) => step);
    const column = (rows, name) => ({ steps: steps(rows), values: rows.map((row) => row[name] ?? NaN) });
    const run = (meta, rows) => ({ meta, column: (_, name) => column(rows, name), newest: () => 512 });
"""


def computed(script: str) -> Any:
    """What a script says, given the modules."""
    return said(script, PRELUDE)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_parses_and_makes_no_markup(module: Path):
    check_module(module)


def test_the_modules_are_served():
    assets = Assets(ASSETS)
    for name in ("saddle_chart.js", "saddle.css", "saddle/view.js"):
        assert assets.get(name) is not None, name


def test_every_word_on_the_page_comes_from_the_labels_and_none_is_left_over():
    source, shared = (
        "\n".join(module.read_text(encoding="utf-8") for module in modules) for modules in (MODULES, SHARED)
    )
    labels = set(saddle_labels(str))
    used, asked = (set(re.findall(r"labels\.(\w+)", text)) for text in (source, shared))
    assert used | asked <= labels, (used | asked) - labels
    assert {name for name in labels - used - asked if not COMPOSED.fullmatch(name)} == set()


PLACES = {
    "moving": {"top": 10, "bottom": -0.1, "gradient_norm": 1, "loss": 2},
    "nearly_saddle": {"top": 0.103, "bottom": -0.026, "gradient_norm": 0.026, "loss": 2.3},
    "saddle": {"top": 2, "bottom": -2, "gradient_norm": 0, "loss": 0.5},
    "crest": {"top": 1e-9, "bottom": -2, "gradient_norm": 0, "loss": 0.5},
    "minimum": {"top": 2, "bottom": 1e-4, "gradient_norm": 0, "loss": 0.5},
    "nearly_minimum": {"top": 10, "bottom": -0.02, "gradient_norm": 0.001, "loss": 0.5},
    "flat": {"top": 0, "bottom": 0, "gradient_norm": 0, "loss": 0.5},
}


def test_a_place_is_called_by_its_slope_and_by_the_bends_that_count():
    found = computed(f"Object.values({json.dumps(PLACES)}).map((place) => verdictOf({{ residual: 1e-4, ...place }}))")
    assert found == list(PLACES)


def test_a_bend_down_within_its_bound_makes_no_saddle():
    place = {**PLACES["nearly_saddle"], "residual": 0.03}
    assert computed(f"verdictOf({json.dumps(place)})") == "minimum"


def test_the_verdict_is_the_same_in_other_units_of_the_weights():
    """With all weights a thousand times as long, slopes fall by that factor and bends by its square."""
    scale = 1000.0
    for name, place in PLACES.items():
        other = {
            **place,
            "top": place["top"] / scale**2,
            "bottom": place["bottom"] / scale**2,
            "gradient_norm": place["gradient_norm"] / scale,
            "residual": 1e-4 / scale**2,
        }
        assert computed(f"verdictOf({json.dumps(other)})") == name


def test_what_a_full_step_wins_is_that_of_a_parabola():
    assert computed("gain({ top: 4, bottom: -1, gradient_norm: 2, loss: 5 })") == pytest.approx(2**2 / (2 * 4) / 5)


def test_bars_hold_all_directions_at_the_size_of_their_bends():
    spectrum = {"eigenvalues": [-0.05, -0.001, 0.0, 0.004, 0.3, 10.0], "shares": [0.1, 0.2, 0.4, 0.1, 0.1, 0.1]}
    found = computed(f"binned({json.dumps(spectrum)}, 1000)")
    assert found["flat"] == pytest.approx(0.01)
    assert sum(bar["count"] for bar in found["bars"]) == pytest.approx(1000)
    down, flat, *up = found["bars"]
    assert flat["place"] == 0
    assert flat["count"] == pytest.approx(700)
    assert down["low"] <= -0.05 <= down["high"]
    assert [bar["low"] <= value <= bar["high"] + 1e-9 for bar, value in zip(up, (0.3, 10.0), strict=True)] == [True] * 2
    places = [bar["place"] for bar in found["bars"]]
    assert places == sorted(places)
    assert down["place"] < 0 < up[0]["place"] < up[1]["place"]


def test_both_sides_of_the_axis_are_alike():
    left, right = computed("[placeOf(-2, 0.01), placeOf(2, 0.01)]")
    assert left == -right < 0


def test_noise_is_a_share_of_what_both_halves_have_in_common():
    assert computed("noiseShare([4, 4], [1, 3])") == pytest.approx(2**0.5)
    assert computed("noiseShare([4], [-1])") is None


@pytest.mark.parametrize(("top", "state"), [(5, "below"), (10, "edge"), (11, "edge"), (20, "above")])
def test_the_gauge_says_on_which_side_of_the_limit_a_bend_lies(top: float, state: str):
    assert computed(f"stability({top}, 10)") == state
    row = {"step": 30, "top": top, "bottom": -1, "limit": 10, "noise_squared": 1, "signal_squared": 1}
    words = computed(f'gaugeWords(run({{ state: "running" }}, [{json.dumps(row)}]), labels)')
    assert words.startswith(f"gauge_{state}")
    assert "gauge_rule" in words


def test_without_a_limit_the_gauge_says_why_and_without_rows_what_to_do():
    row = {"step": 30, "top": 1, "bottom": -1, "noise_squared": 1, "signal_squared": 1}
    assert computed(f'gaugeWords(run({{ state: "running" }}, [{json.dumps(row)}]), labels)').startswith(
        "gauge_adaptive"
    )
    metas = [
        {"state": "running"},
        {"state": "running", "curvature_every": 10},
        {"state": "finished"},
        {"state": "running", "curvature_every": 10, "curvature_problem": "No memory."},
    ]
    said = computed(f"{json.dumps(metas)}.map((meta) => gaugeWords(run(meta, []), labels))")
    assert said == ["gauge_off", "gauge_soon", "gauge_none", "No memory. gauge_soon"]


def test_snapshots_are_counted_while_they_are_measured_and_offered_again_when_they_were_cancelled():
    one = '{ meta: { state: "finished", found: {} } }'
    going, gone = '{ meta: { state: "running", progress: 0.5 } }', '{ meta: { state: "stopped" } }'
    nothing = {"isGoing": False, "share": 0, "text": "", "begin": "trail_start"}
    assert computed("trailWords([], labels)") == nothing
    assert computed(f"trailWords([{one}, {going}], labels)") == {
        "isGoing": True,
        "share": pytest.approx(0.75),
        "text": "trail_done",
        "begin": "",
    }
    assert computed(f"trailWords([{one}, {gone}], labels)")["begin"] == "trail_start"
    assert computed(f"trailWords([{one}], labels)") == {"isGoing": False, "share": 1, "text": "", "begin": ""}


@pytest.mark.parametrize(
    ("place", "text", "begin"),
    [
        ("null", "", ""),
        ("{ meta: {} }", "waiting", ""),
        ('{ meta: { state: "running", doing: "Products" } }', "Products", ""),
        ('{ meta: { state: "finished" } }', "", ""),
        ('{ meta: { state: "stopped" } }', "stopped", "again"),
        ('{ meta: { state: "failed", reason: "No number." } }', "No number.", "again"),
        ("{ meta: {}, unknown: true }", "forgotten", "again"),
    ],
)
def test_what_is_measured_is_told_and_what_was_not_finished_is_offered_again(place: str, text: str, begin: str):
    found = computed(f"measuringWords({place}, labels)")
    assert (found["text"], found["begin"]) == (text, begin)
