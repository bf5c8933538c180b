"""What the browser computes of a network's surface: how far paths are from the sheet, heights, lines, and the words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.live.assets import Assets
from pages.components.network_labels import network_labels
from tests.javascript import ASSETS, check_module, said

MODULES = sorted([ASSETS / "network_chart.js", *ASSETS.glob("network/*.js")])
SHARED = [ASSETS / "live" / name for name in ("connected.js", "frame.js", "player.js", "plot.js")]
"""Modules of the live chart that the network uses; the labels they ask for must be there too."""

COMPOSED = re.compile(
    r"tab_.*|title_.*|height_(linear|log)|loss(_log)?|axis_.*_[12]|summary_(between|update)|norm_.*|words_.*"
)
"""Labels whose names the script puts together."""

PRELUDE = """
    globalThis.document = { createElement: () => ({ getContext: () => ({}) }) };
    const module = (name) => import(new URL(name, "FOLDER/"));
    const { beyond, endsOf, heightsOf, largestMiss, lastStep, upTo } = await module("network/picture.js");
    const { lossTicks, pictureOf, slopeAt, ticksAt } = await module("network/picture.js");
    const { hereWords, lineWords, measuredWords, planeWords, trustWords } = await module("network/words.js");
    const { highest, marksOf } = await module("network/line.js");
    const { placeOf, updateTicks } = await module("network/curve.js");
    const { stagesTo } = await module("network/progress.js");
    const labels = new Proxy({}, { get: (_, name) => `${name} {share}{miss}{name}{step}{error}` });
    const loss = Float32Array.from([2, 1, 2, 1, 0.5, 1, 2, 1, 2]);
    loss.shape = [3, 3];
    const path = {
      run: "a", step: [0, 5, 9], alpha: [1, 0.5, 0], beta: [0, 0, 0],
      true_loss: [1, 0.9, 0.5], surface_loss: [1, 0.7, 0.5], off_plane: [0, 0.4, 0],
    };
    const grid = { alpha: [-1, 0, 1], beta: [-1, 0, 1], loss, resolution: 3 };
    const meta = { grid, plane: { kind: "pca" }, paths: [path], explained_variance: 0.71 };
    const runs = [{ run: "a", name: "SGD", letter: "S", slot: 0 }];
    const picture = pictureOf(meta, runs);
"""


def seen(script: str) -> Any:
    """What a script says, given the modules of the network's surface and a small picture."""
    return said(script, PRELUDE)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_parses_and_makes_no_markup(module: Path):
    check_module(module)


def test_the_modules_are_served():
    assets = Assets(ASSETS)
    for name in ("network_chart.js", "network.css", "network/view.js", "live/connected.js"):
        assert assets.get(name) is not None, name


def test_every_word_on_the_page_comes_from_the_labels_and_none_is_left_over():
    source = "\n".join(module.read_text(encoding="utf-8") for module in MODULES)
    labels = set(network_labels(str))
    used = set(re.findall(r"labels\.(\w+)", source))
    assert used <= labels, used - labels
    shared = "\n".join(module.read_text(encoding="utf-8") for module in SHARED)
    asked = set(re.findall(r"labels\.(\w+)", shared))
    assert asked <= labels, asked - labels
    chosen = set(re.findall(r'"(\w+)"', source)) & labels
    assert {name for name in labels - used - asked - chosen if not COMPOSED.fullmatch(name)} == set()


def test_only_points_off_the_sheet_are_hollow():
    assert seen("picture.paths[0].points.map(({ isOff }) => isOff)") == [False, True, False]


def test_the_largest_miss_is_named_with_run_and_update():
    miss = seen("largestMiss(picture)")
    assert (miss["name"], miss["step"]) == ("SGD", 5)
    assert miss["miss"] == pytest.approx(0.2)
    assert seen("largestMiss({ paths: [] })") is None


def test_the_middle_of_the_grid_is_the_network_and_its_slope_that_of_the_sheet():
    assert seen("picture.middle") == 0.5
    assert seen("slopeAt(picture)") == [0, 0]
    tilted = "{ x: [-1, 0, 1], y: [-2, 0, 2], z: [-2, 0, 2].map((y) => [-1, 0, 1].map((x) => 3 * x - y)) }"
    assert seen(f"slopeAt({tilted})") == [3, -1]


def test_heights_hold_the_sheet_and_paths_near_it_and_count_what_lies_beyond():
    assert seen("heightsOf(picture, false).range") == [0.5, 2]
    assert seen("heightsOf(picture, true).range") == pytest.approx([-0.30103, 0.30103])
    far = "pictureOf({ ...meta, paths: [{ ...path, true_loss: [40, 0.9, 0.3] }] }, runs)"
    assert seen(f"heightsOf({far}, false).range") == pytest.approx([0.3, 2])
    assert seen(f"beyond({far}, heightsOf({far}, false))") == 1


def test_a_sheet_without_a_number_has_no_heights():
    assert seen("heightsOf({ z: [[NaN, Infinity]], paths: [] }, false)") is None
    assert seen("planeWords({ ...picture, plane: { kind: 'random' } }, labels)[0].startsWith('words_random')")


def test_ticks_of_log_heights_stand_at_their_logarithms_also_within_one_decade():
    for low, high in ((-2, 1), (0.3617, 0.3783)):
        ticks = seen(f"ticksAt(lossTicks([{low}, {high}]), Math.log10)")
        assert len(set(ticks["ticktext"])) == len(ticks["tickvals"]) > 1
        assert all(low <= value <= high for value in ticks["tickvals"])


def test_letters_of_paths_that_end_at_one_place_stand_around_it():
    two = (
        "pictureOf({ ...meta, paths: [path, { ...path, run: 'b' }] }, [...runs, { ...runs[0], run: 'b', letter: '<' }])"
    )
    ends = seen(f"endsOf({two})")
    assert ends["textposition"] == ["top right", "top left"]
    assert ends["text"] == ["<b>S</b>", "<b>&lt;</b>"]


def test_the_axis_of_updates_has_room_for_update_0():
    assert seen("placeOf(0)") == 0
    assert seen("updateTicks(630).ticktext") == ["0", "1", "10", "100"]
    assert seen("updateTicks(0).ticktext") == ["0", "1"]


def test_the_stages_end_with_the_picture_that_was_asked_for():
    assert [seen(f"stagesTo({side})") for side in (9, 33, 0)] == [[9], [9, 17, 33], []]


def test_trust_is_said_with_share_miss_and_sampling_error():
    words = seen("trustWords(meta, picture, heightsOf(picture, false), labels)")
    assert [sentence.split()[0] for sentence in words] == ["explained", "miss"]
    assert "71.0" in words[0]
    assert "0.2SGD5" in words[1]
    facts = (
        "{ num_samples: 512, standard_error: 0.02, sample_hash: 'abcdef012345', batch_norm: null, with_penalty: true }"
    )
    said = seen(f"measuredWords({{ facts: {facts}, notes: ['noted'] }}, labels)")
    assert [sentence.split()[0] for sentence in said] == ["sampling", "norm_none", "penalty_in", "noted"]
    assert "0.02" in said[0]
    diverged = seen(f"measuredWords({{ facts: {{ ...{facts}, standard_error: NaN }} }}, labels)")
    assert diverged[0].split()[0] == "sampling_unknown"


def test_equal_heights_are_called_equal_and_others_are_not():
    def told(loss: float) -> str:
        return seen(f"hereWords({{ step: 9, facts: {{ loss: {loss}, num_parameters: 3 }} }}, picture, labels)")[1]

    assert told(0.500001).startswith("height_equal")
    assert told(0.51).startswith("height_other")


@pytest.mark.parametrize(
    ("eigenvalues", "verdict"), [([-1, 2], "bends_both"), ([0.1, 2], "bends_up"), ([-3, -1], "bends_down")]
)
def test_bends_are_told_by_their_signs(eigenvalues: list[float], verdict: str):
    plane = f"{{ kind: 'hessian', eigenvalues: {eigenvalues} }}"
    words = seen(f"planeWords({{ ...picture, plane: {plane} }}, labels)")
    assert words[1].split()[0] == verdict


LINE = "{ kind: 'between', t: [0, 0.5, 1], loss: [1, 3, 2], names: ['A', 'B'], standard_error: 0.1, barrier: 1.5 }"


def test_a_barrier_is_where_the_curve_is_farthest_above_the_straight_line():
    assert seen(f"highest({LINE})") == {"t": 0.5, "loss": 3, "straight": 1.5}
    assert seen(f"marksOf({LINE}, labels, ['A', 'B']).map(({{ text, loss }}) => [text, loss])") == [["A", 1], ["B", 2]]
    assert seen(f"lineWords({LINE}, labels)")[0].startswith("barrier")
    assert seen(f"lineWords({{ ...{LINE}, barrier: 0.05 }}, labels)")[0].startswith("no_barrier")
    assert seen(f"lineWords({{ ...{LINE}, barrier: null }}, labels)")[0].startswith("beyond_barrier")


@pytest.mark.parametrize(
    ("place", "is_inside", "verdict"),
    [(1.75, True, "too_short"), (0.5, True, "too_far"), (1, True, "just_right"), (4, False, "no_bottom")],
)
def test_where_an_update_landed_is_told_from_where_the_bottom_was(place: float, is_inside: bool, verdict: str):
    bottom = f"{{ t: {place}, loss: 0.4, is_inside: {str(is_inside).lower()} }}"
    line = f"{{ kind: 'update', t: [-1, 0, 1, 4], loss: [3, 2, 1, 0.5], bottom: {bottom}, step: 4 }}"
    words = seen(f"lineWords({line}, labels)")
    assert words[1].split()[0] == verdict
    assert len(seen(f"marksOf({line}, labels, [])")) == 3


def test_a_replay_shows_the_paths_up_to_its_moment_and_none_that_begins_later():
    assert seen("lastStep(picture)") == 9
    later = "{ ...picture, paths: [...picture.paths, { run: 'b', points: picture.paths[0].points.slice(1) }] }"
    shown = "upTo(%s, %d).paths.map(({ run, points }) => [run, points.length])"
    assert seen(shown % (later, 4)) == [["a", 1]]
    assert seen(shown % (later, 8)) == [["a", 2], ["b", 1]]
    assert seen(f"upTo(picture, 4).z === picture.z && {shown % ('picture', 9)}") == [["a", 3]]
