"""What the browser computes of a practice surface: heights, paths on them, places of letters, and the moment shown."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.live.assets import Assets
from pages.components.surface_chart import letters
from pages.components.surface_labels import surface_labels
from tests.javascript import ASSETS, check_module, said

MODULES = sorted([ASSETS / "surface_chart.js", *ASSETS.glob("surface/*.js")])
SHARED = [ASSETS / "live" / name for name in ("frame.js", "layout.js", "player.js", "plot.js")]
"""Modules of the live chart that the surfaces use; the labels they ask for must be there too."""

COMPOSED = re.compile(r"tab_.*|curve_.*|axis_.*|summary_.*|column_.*")
"""Labels whose names the script puts together."""

PRELUDE = """
    globalThis.document = { createElement: () => ({ getContext: () => ({}) }) };
    const module = (name) => import(new URL(name, "FOLDER/"));
    const { heightTicks, lossAt, mapHeights, sceneHeights } = await module("surface/heights.js");
    const { drawnPath, nearPart, placed } = await module("surface/overlay.js");
    const { onSurface } = await module("surface/scene.js");
    const { number } = await module("surface/tables.js");
    const grid = (f, size, low, high) => {
      const axis = Array.from({ length: size }, (_, i) => low + ((high - low) * i) / (size - 1));
      return { x: axis, y: axis, z: axis.map((y) => axis.map((x) => f(x, y))), domain: [low, high, low, high] };
    };
"""


def computed(script: str) -> Any:
    """What a script says, given the modules."""
    return said(script, PRELUDE)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_parses_and_makes_no_markup(module: Path):
    check_module(module)


def test_the_modules_are_served():
    assets = Assets(ASSETS)
    for name in ("surface_chart.js", "surface.css", "surface/view.js"):
        assert assets.get(name) is not None, name


def test_every_word_on_the_page_comes_from_the_labels_and_none_is_left_over():
    source = "\n".join(module.read_text(encoding="utf-8") for module in MODULES)
    labels = set(surface_labels(str))
    used = set(re.findall(r"labels\.(\w+)", source))
    assert used <= labels, used - labels
    shared = "\n".join(module.read_text(encoding="utf-8") for module in SHARED)
    hints = re.search(r"export function presentHints.*", shared, re.DOTALL)
    assert hints is not None
    asked = set(re.findall(r"labels\.(\w+)", hints[0])) | {"not_loaded", "reset_zoom", "download"}
    assert asked <= labels
    assert {name for name in labels - used - asked if not COMPOSED.fullmatch(name)} == set()


def test_the_loss_between_grid_points_is_that_of_the_plane_through_them():
    plane = "grid((x, y) => 2 * x - 3 * y + 1, 5, -2, 2)"
    assert computed(f"lossAt({plane}, 0.3, -1.7)") == pytest.approx(2 * 0.3 + 3 * 1.7 + 1)
    assert computed(f"lossAt({plane}, 2, 2)") == pytest.approx(-1)
    assert computed(f"[lossAt({plane}, 2.01, 0), lossAt({plane}, 0, -2.01)]") == [None, None]


def test_where_the_surface_has_no_value_there_is_none_beside_it():
    assert computed("lossAt(grid((x) => (x > 0.4 ? NaN : x), 5, 0, 1), 0.3, 0.5)") is None


def test_heights_rise_with_the_loss_from_zero_at_the_lowest():
    heights = computed(
        """(() => {
          const heights = mapHeights(grid((x, y) => x * x + y * y, 21, -3, 3));
          return [0, 0.5, 2, 9, 18].map(heights.to);
        })()"""
    )
    assert heights[0] == 0
    assert heights == sorted(heights)
    steps = [after - before for before, after in pairwise(heights)]
    assert steps[0] / 0.5 > 4 * steps[-1] / 9, "low losses have the larger part of the height"


def test_only_a_surface_with_far_higher_slopes_than_valleys_is_drawn_on_a_logarithmic_axis():
    flat = "sceneHeights(grid((x, y) => x * x + y * y, 41, -2, 2))"
    steep = "sceneHeights(grid((x, y) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, 41, -2, 3))"
    assert computed(f"{flat}.isLog") is False
    assert computed(f"{flat}.to(3.5)") == 3.5
    assert computed(f"{steep}.isLog") is True
    ticks = computed(f"heightTicks({steep})")
    assert ticks["ticktext"][0] == "0"
    assert ticks["tickvals"] == sorted(ticks["tickvals"])
    assert len(ticks["tickvals"]) >= 3


def test_a_path_follows_the_surface_between_two_updates_and_ends_where_it_is_on_no_drawn_part():
    """From (−1, 0) to (1, 0) the straight way in space would be at height 1; the surface goes down to 0."""
    path = computed(
        """onSurface({ x: [-1, 1, 5], y: [0, 0, 0], loss: [1, 1, 25], finite: 3 },
             grid((x, y) => x * x + y * y, 41, -2, 2), (loss) => loss)"""
    )
    first = path["z"][: path["ends"][1]]
    assert min(first) == pytest.approx(0, abs=0.01)
    for x, z in zip(path["x"], first, strict=False):
        assert z == pytest.approx(x * x, abs=0.003), "never above or below the surface"
    assert path["z"][-1] is None
    assert path["ends"][-1] == len(path["z"])


def test_a_path_up_to_an_update_is_the_beginning_of_its_text():
    drawn = computed("drawnPath([[0, 0], [10, 0], [10, 20], null], { width: 100, height: 100 })")
    assert drawn["line"][: drawn["ends"][1]["line"]] == "M0.0 0.0L10.0 0.0"
    assert drawn["line"] == "M0.0 0.0L10.0 0.0L10.0 20.0"
    assert drawn["dots"][: drawn["ends"][0]["dots"]] == "M0.0 0.0h0"
    assert drawn["ends"][3] == drawn["ends"][2]


def test_what_goes_beyond_all_measure_leaves_the_picture_in_its_direction():
    part = computed("nearPart([50, 50], [50 + 3e30, 50 + 1e30], { width: 100, height: 100 })")
    assert part["from"] == [50, 50]
    assert part["isWhole"] is False
    x, y = part["to"]
    assert 100 < x < 1e5
    assert (y - 50) / (x - 50) == pytest.approx(1 / 3)
    assert computed("nearPart([1e9, 0], [1e9, 10], { width: 100, height: 100 })") is None


def test_letters_of_paths_that_end_at_one_place_stand_beside_each_other():
    places = computed("placed([[50, 50], [51, 50], null, [50, 51], [90, 90]])")
    assert places[0] == [50, 50]
    assert places[2] is None
    assert places[4] == [90, 90]
    near = [place for place in places[:4] if place]
    for number, place in enumerate(near):
        for other in near[:number]:
            assert max(abs(a - b) for a, b in zip(place, other, strict=True)) >= 15


def test_every_optimizer_has_a_letter_of_its_own():
    assert letters(["AdaGrad", "Adam", "AdaDelta", "SGD", "动量", "SGD"]) == ["A", "D", "E", "S", "动", "G"]
    many = letters(["Adam"] * 12)
    assert len(set(many)) == 12


def test_numbers_have_three_digits_and_what_is_none_a_dash():
    assert computed("[0.123456, -7.3111e-5, 0, null, 123456].map(number)") == ["0.123", "−7.31e−5", "0", "–", "1.23e5"]
