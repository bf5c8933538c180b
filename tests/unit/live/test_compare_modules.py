"""What the browser computes of a comparison: medians over seeds, updates to a target, order of rows and branches."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.live.assets import Assets
from core.live.hub import Hub
from core.live.protocol import encode
from core.studies.race_verdict import Trace
from core.text import untranslated
from pages.components.compare_labels import compare_labels
from pages.components.live_labels import live_labels
from tests.javascript import ASSETS, check_module, said

MODULES = sorted([ASSETS / "compare_chart.js", *ASSETS.glob("compare/*.js")])

COMPOSED = (
    r"race_(quantity|scale|x)(_.*)?",
    r"aside_(rate|every|noise|grid|curve|gap)(_title|_caption)?",
    r"(under|over)fits_(at|from_to)",
    r"axis_gradients",
    r"column_.*",
)
"""Labels whose names the script puts together."""

PRELUDE = """
    globalThis.document = { createElement: () => ({ getContext: () => ({}) }) };
    const module = (name) => import(new URL(name, "FOLDER/"));
    const { RunData } = await module("live/run_data.js");
    const { differences, Group, grouped, placing, ranked, spread } = await module("compare/groups.js");
    const { outcome, quantity, updatesTo } = await module("compare/quantities.js");
    const { sortedBy } = await module("compare/table.js");
    const { shares, spaced } = await module("compare/sweep.js");
    const { lossAt, rateFinding } = await module("compare/rates.js");
    const { noiseFinding } = await module("compare/noise.js");
    const { asides } = await module("compare/aside.js");
    const { nameOf, reach, stages } = await module("compare/race_chart.js");
    const { reveal } = await module("live/dom.js");
    const { alike, percent, short, signed } = await module("live/text.js");
    const { gradientLimits } = await module("live/gradients.js");
    const run = (name, columns, meta = {}) => {
      const data = new RunData(name);
      data.loaded = true;
      Object.assign(data.meta, { num_steps: 40, steps_per_epoch: 10, num_train: 640, ...meta });
      for (const [key, [steps, values]] of Object.entries(columns)) {
        const [group, column] = key.split(":");
        data.groups[group][column] = { steps, values };
      }
      return data;
    };
    const errors = (name, values, training = values) => run(name, {
      "evaluation:validation/error": [values.map((_, i) => 10 * i), values],
      "evaluation:train/error": [training.map((_, i) => 10 * i), training],
    });
"""


def computed(script: str) -> Any:
    """What a script says, given the modules."""
    return said(script, PRELUDE)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_and_parses(module: Path):
    check_module(module)


def test_the_modules_are_served_beside_those_of_the_live_chart():
    assets = Assets(ASSETS)
    for name in ("compare_chart.js", "compare.css", "compare/view.js", "live_chart.js", "live/view.js"):
        assert assets.get(name) is not None, name


def test_no_label_of_the_live_chart_is_lost_in_a_comparison():
    assert set(live_labels(str)) < set(compare_labels(str))


def test_every_word_on_the_page_comes_from_the_labels_and_none_is_left_over():
    source = "\n".join(module.read_text(encoding="utf-8") for module in MODULES)
    labels = compare_labels(str)
    used = set(re.findall(r"labels\.(\w+)", source))
    assert used <= set(labels), used - set(labels)
    own = set(labels) - set(live_labels(str))
    composed = re.compile("|".join(COMPOSED))
    left_over = {name for name in own - used if not composed.fullmatch(name) and f'"{name}"' not in source}
    assert not left_over


def test_several_seeds_are_a_median_with_its_range():
    band = computed(
        """(() => {
          const group = new Group({ key: "v0", name: "a", slot: 0 });
          group.runs.push(errors("r0", [0.9, 0.5, 0.1]), errors("r1", [0.9, 0.4, 0.3]), errors("r2", [0.9, 0.6, 0.2]));
          return group.over((one) => one.column("evaluation", "validation/error"));
        })()"""
    )
    assert band == {"steps": [0, 10, 20], "low": [0.9, 0.4, 0.1], "mid": [0.9, 0.5, 0.2], "high": [0.9, 0.6, 0.3]}


def test_a_seed_that_has_not_come_so_far_does_not_count_there():
    band = computed(
        """(() => {
          const group = new Group({ key: "v0", name: "a", slot: 0 });
          group.runs.push(errors("r0", [0.9, 0.5, 0.1]), errors("r1", [0.9, 0.4]));
          return group.over((one) => one.column("evaluation", "validation/error"));
        })()"""
    )
    assert band["high"] == [0.9, 0.5, 0.1]
    assert band["low"] == [0.9, 0.4, 0.1]


def test_the_target_is_reached_at_the_first_evaluation_that_is_no_worse():
    assert computed("[0.5, 0.2, 0.05].map((target) => updatesTo(errors('r', [0.9, 0.5, 0.1, 0.2]), target))") == [
        10,
        20,
        None,
    ]


def test_an_error_that_came_as_a_short_number_reaches_the_target_it_equals():
    assert computed("updatesTo(errors('r', [0.9, Math.fround(0.1), 0.05]), 0.1)") == 10


def test_a_run_that_is_opened_again_reaches_every_target_where_the_verdict_says():
    """A thinned curve once kept the lowest error of some updates, and not the first that was low enough."""
    steps = np.arange(1500)
    rng = np.random.default_rng(0)
    errors = np.round(360 * (0.9 * np.exp(-steps / 300) + rng.uniform(0, 0.1, len(steps)))) / 360
    hub = Hub()
    hub.open("a", {"state": "finished"})
    hub.append("a", 0, "evaluation", steps, {"validation/error": errors})
    reading = hub.read("a")
    assert reading is not None
    message = encode(reading, untranslated, measure=False)
    targets = (np.arange(2, 61) / 100).tolist()
    trace = Trace(0, 0, "finished", steps, errors)
    opened = f"[new RunData('a')].map((run) => (run.apply({message}), {targets}.map((to) => updatesTo(run, to))))[0]"
    found = [np.inf if step is None else step for step in computed(opened)]
    assert found == [trace.steps_to(target) for target in targets]


def test_a_seed_that_never_gets_there_counts_in_the_median():
    reached = "[0.5, 0.9, 0.9].map((end) => updatesTo(errors('r', [0.9, end]), 0.5))"
    assert computed(f"{reached}.map(String)") == ["10", "Infinity", "Infinity"]
    assert computed(f"String(ranked({reached}).mid)") == "Infinity"
    assert computed("ranked([10, 20, Infinity, NaN]).mid") == 20
    assert computed("String(updatesTo(run('r', {}), 0.5))") == "NaN", "nothing is known before it was measured"


def test_the_untrained_network_is_not_the_best():
    found = computed("outcome(errors('r', [0.1, 0.5, 0.3, 0.4], [0.1, 0.4, 0.2, 0.1]))")
    assert found["best"] == 0.3
    assert found["bestEpoch"] == 2
    assert found["gap"] == pytest.approx(0.3)


def test_a_gradient_evaluation_is_the_gradient_of_one_sample():
    assert computed("[0, 10].map(placing(errors('r', [1, 1]), 'gradients'))") == [0, 640]
    twice = "run('r', { 'evaluation:validation/error': [[0, 10], [1, 1]] }, { gradients_per_update: 2 })"
    assert computed(f"[0, 10].map(placing({twice}, 'gradients'))") == [0, 1280]


def test_passes_are_counted_right_after_the_batch_size_has_changed():
    one = """run("r", { "evaluation:validation/error": [[0, 20, 60], [0.9, 0.5, 0.1]] },
      { steps_per_epoch: 40, stretches: [[0, 0, 10], [20, 2, 40]] })"""
    assert computed(f"[outcome({one}).bestEpoch, placing({one}, 'gradients')(60)]") == [3, 3 * 640]


def test_the_update_ratio_of_the_network_weighs_its_layers():
    ratios = computed(
        """(() => {
          const one = run("r", {
            "update:gradient_norm/1": [[1], [0]],
            "update:weight_norm/1": [[1], [Math.log10(3)]], "update:update_ratio/1": [[1], [-1]],
            "update:weight_norm/output": [[1], [Math.log10(4)]], "update:update_ratio/output": [[1], [-Infinity]],
            "update:gradient_norm/output": [[1], [0]],
          }, { layers: ["1", "output"] });
          return quantity("ratio", false).main(one).values;
        })()"""
    )
    assert ratios == [pytest.approx(0.3 / 5)]


def test_stages_of_a_pre_training_are_marked_once_for_all_runs():
    marks = computed(
        """(() => {
          const one = run("a", {}), other = run("b", {}), plain = run("c", {});
          one.events = [{ step: 20, kind: "stage", text: "layer 2" }, { step: 30, kind: "set", text: "lr" }];
          other.events = [{ step: 20, kind: "stage", text: "layer 2" }, { step: 40, kind: "stage", text: "all" }];
          const facts = (first) => ({ first_stage: first === plain ? null : "layer 1" });
          const lines = [one, other, plain].map((first) => (
            { group: { first, facts: facts(first) }, at: (step) => step / 10 }
          ));
          const [shapes, annotations] = [[], []];
          stages(lines, { palette: {}, narrow: false, size: 12 }, shapes, annotations);
          return [shapes.map(({ x0 }) => x0), annotations.map(({ text }) => text)];
        })()"""
    )
    assert marks == [[0, 2, 4], ["layer 1", "layer 2", "all"]]


def test_the_batch_loss_is_that_of_every_update():
    values = computed(
        """quantity("batch", false).main(run("r", { "update:batch/loss": [[1, 2], [0.5, 1.5]] })).values"""
    )
    assert values == [0.5, 1.5]


def test_a_branch_is_a_line_of_its_own_behind_the_run_it_left():
    groups = computed(
        """grouped({
          lanes: [{ run: "r0", variant: 0, seed: 0 }, { run: "r1", variant: 1, seed: 0 }],
          settings: { number: null, variants: [{ name: "a" }, { name: "b" }] },
          forks: [{ run: "f1", parent: "r0", step: 5, name: "x", slot: 7 },
                  { run: "f2", parent: "f1", step: 9, name: "y", slot: 0 }],
        }, (name) => run(name, {})).map(({ key, slot, variant }) => [key, slot, variant])"""
    )
    assert groups == [["v0", 0, 0], ["ff1", 7, 0], ["ff2", 0, 0], ["v1", 1, 1]]


def test_what_has_no_number_stands_last_in_both_directions():
    rows = "[2, NaN, 1].map((value) => ({ cells: { last: { value } } }))"
    values = "map(({ cells }) => cells.last.value)"
    assert computed(f'sortedBy({rows}, ["last", false]).{values}') == [1, 2, None]
    assert computed(f'sortedBy({rows}, ["last", true]).{values}') == [2, 1, None]


def test_a_spread_forgets_what_is_not_finite():
    assert computed("spread([3, NaN, 1, Infinity, 2])") == {"low": 1, "mid": 2, "high": 3, "count": 3}


def test_a_sweep_of_more_runs_than_colours_takes_them_from_its_number():
    sweep = (
        "({ number: { scale: 'log' }, variants: [1, 10, 1000, ...Array(6).fill(100)].map((number) => ({ number })) })"
    )
    assert computed(f"shares({sweep}).slice(0, 4)") == pytest.approx([0, 1 / 3, 1, 2 / 3])
    few = "({ number: { scale: 'log' }, variants: [{ number: 1 }, { number: 10 }] })"
    several = "({ number: null, variants: Array(9).fill({ number: null }) })"
    assert computed(f"[{few}, {several}].map((settings) => shares(settings).every((share) => share === null))") == [
        True,
        True,
    ]


def test_some_of_many_are_evenly_chosen_with_the_first_and_the_last():
    assert computed("spaced([...Array(32).keys()], 4)") == [0, 10, 21, 31]
    assert computed("spaced([1, 2, 3], 8)") == [1, 2, 3]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["training samples 50, epochs 80", "training samples 1000, epochs 4"], ["50, epochs 80", "1000, epochs 4"]),
        (["learning rate 0.01", "learning rate 0.1"], ["0.01", "0.1"]),
        (["SGD", "SGD with momentum"], ["SGD", "SGD with momentum"]),
        (["one"], ["one"]),
    ],
)
def test_where_there_is_little_room_names_say_what_differs(names: list[str], told: list[str]):
    variants = [{"name": name} for name in names]
    groups = f"grouped({{ lanes: [], settings: {{ number: null, variants: {json.dumps(variants)} }}, forks: [] }}, run)"
    short = [name if len(name) <= 12 else f"{name[:11]}…" for name in told]
    assert computed(f"{groups}.map((group) => nameOf(group, {{ narrow: true }}, 12))") == short
    assert computed(f"{groups}.map((group) => nameOf(group, {{ narrow: false }}, 40))") == names


@pytest.mark.parametrize(("chosen", "left"), [("error", 0), ("batch", 310), ("speed", 0)])
def test_in_a_row_that_scrolls_what_is_chosen_comes_into_view(chosen: str, left: int):
    at = "(left, width) => ({ getBoundingClientRect: () => ({ left, width, right: left + width }) })"
    row = f"""(() => {{
      const at = {at};
      const row = {{ ...at(20, 300), dataset: {{}}, scrollLeft: 0 }};
      const buttons = new Map([["error", at(20, 100)], ["batch", at(430, 100)]]);
      reveal({{ group: row, buttons }}, "{chosen}");
      reveal({{ group: row, buttons }}, "{chosen}");
      return row.scrollLeft;
    }})()"""
    assert computed(row) == left


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.9999999999e-4, 0.001, 0.000316, 1], ["0.0001", "0.001", "0.000316", "1"]),
        ([0, 1e-5, 0.003, 1], ["0", "10<sup>−5</sup>", "3·10<sup>−3</sup>", "10<sup>0</sup>"]),
        ([1000, 1e5], ["10<sup>3</sup>", "10<sup>5</sup>"]),
    ],
)
def test_the_numbers_of_an_axis_are_all_written_in_the_same_way(values: list[float], texts: list[str]):
    assert computed(f"alike({values})") == texts


def test_what_rounds_to_zero_has_no_sign():
    assert computed("['-0.0', '-0', '0.0', '-0.1', '-10'].map(signed)") == ["0.0", "0", "0.0", "−0.1", "−10"]


def test_a_number_alone_is_short():
    assert computed("[1e-5, 1.23e-5, -2e6, 0.0001, 0.00123].map(short)") == [
        "1e−5",
        "1.2e−5",
        "−2e6",
        "0.0001",
        "0.00123",
    ]


def test_every_rate_at_once_stands_beside_the_race_before_it_begins():
    offered = """((rates, varies_rate) => {
      const variants = rates.map((rate) => ({ name: `${rate}`, rate, number: rate }));
      const settings = { rates: "hand", number: {}, varies_rate, variants };
      return asides({ settings, groups: grouped({ lanes: [], settings, forks: [] }) });
    })"""
    assert computed(f"{offered}([0.1, 0.01, 0.001], true)")[0] == "every"
    assert "every" not in computed(f"{offered}([0.1, 0.01, 0.01], true)"), "two rates are no picture"
    assert "every" not in computed(f"{offered}([0.1, 0.01, 0.001], false)"), "each rate is another optimizer's"


def test_an_axis_reaches_as_far_before_the_race_as_in_it():
    group = """(() => {
      const group = new Group({ key: "v0", name: "a", slot: 0 });
      group.runs.push(errors("r", [1, 1]));
      return group;
    })()"""
    assert computed(f"[reach([], 'update', {{ update: 40 }}), reach([{group}], 'update', {{ update: 40 }})]") == [
        40,
        40,
    ]


def test_a_loss_between_two_rates_is_read_on_logarithmic_scales():
    points = "[[0.01, 1], [0.1, 0.1], [1, null]]"
    rates = "[0.01, 0.0316227766, 0.1, 0.5, 0.001, 2]"
    found = computed(
        f"{rates}.map((rate) => lossAt({points}, rate)).map((loss) => (loss === Infinity ? 'diverged' : loss))"
    )
    assert found == [1, pytest.approx(0.1**0.5), pytest.approx(0.1), "diverged", None, None]


@pytest.mark.parametrize(
    ("slow", "judged"),
    [("[[0.01, 2], [0.1, 0.5], [1, 0.11]]", "mostly"), ("[[0.01, 2], [0.1, 1.9], [1, 1.5]]", "not only")],
)
def test_the_search_says_what_is_the_rate_and_what_is_not(slow: str, judged: str):
    model = f"""{{
      groups: [{{ key: "v0", name: "Adam" }}, {{ key: "v1", name: "SGD" }}],
      study: {{ meta: {{ search: {{ running: RUNNING, notes: ["AdaDelta has none."], curves: [
        {{ variant: 0, best: 0.01, points: [[0.01, 0.1], [0.1, 0.2]] }},
        {{ variant: 1, best: 1, points: {slow} }}] }} }} }},
    }}"""
    labels = """{ rate_own: "{first} {loss_first} {rate_first}, {last} {loss_last} {rate_last}.",
      rate_one: "At {rate} {name} {loss}.", rate_mostly: "mostly", rate_not_only: "not only" }"""
    own = slow.split(", ")[-1].rstrip("]")
    said = computed(f"rateFinding({model.replace('RUNNING', 'false')}, {labels})")
    assert said == f"Adam 0.1 0.01, SGD {own} 1. At 0.01 SGD 2. {judged} AdaDelta has none."
    assert computed(f"rateFinding({model.replace('RUNNING', 'true')}, {labels})") == ""


def test_the_size_of_a_batch_that_is_half_noise_follows_from_the_law():
    """Noise² = c² (1/B − 1/N): with c² = 100 and N = 400 it is 1 at B = 80."""
    points = (
        "[8, 32].map((size, variant) => ({ variant, batch_size: size, noise: 10 * Math.sqrt(1 / size - 1 / 400) }))"
    )
    model = f"{{ study: {{ meta: {{ noise: {{ num_train: 400, points: {points} }} }} }} }}"
    assert computed(f"noiseFinding({model}, {{ noise_finding: '{{size}}' }})") == "80"


def test_runs_side_by_side_have_one_scale_for_their_gradients():
    runs = """[[-6.5, -1], [0.2, -Infinity]].map((values, place) => run(`r${place}`, {
      "update:gradient_norm/output": [[1, 2], values],
    }, { layers: ["output"] }))"""
    assert computed(f"gradientLimits({runs})") == [-7, 1]


def test_an_axis_of_wrong_answers_ends_at_100_per_cent_and_one_of_relative_errors_anywhere():
    ranges = "[[98], 'linear', true], [[98], 'log', true], [[98], 'linear', false]"
    axes = 'const { errorRange } = await import(new URL("live/axes.js", "FOLDER/"));'
    assert said(f"[{ranges}].map((asked) => errorRange(...asked))", axes) == [[0, 100], [1.5, 2], [0, 150]]


def test_a_percentage_of_32_bits_is_rounded_as_the_sentences_round_it():
    shown = computed("[210 / 800, Math.fround(210 / 800), Math.fround(77 / 800), 0, -0.0004].map(percent)")
    assert [each.replace("\u00a0", " ").replace("\u202f", " ") for each in shown] == [
        "26.3 %",
        "26.3 %",
        "9.6 %",
        "0.0 %",
        "0.0 %",
    ]
