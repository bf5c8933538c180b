"""The two sentences of a comparison, and the test behind them against SciPy's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy.stats import bootstrap

from core.language import translator
from core.studies.race_verdict import HOW_TESTED, Trace, Verdict, paired_interval, verdict
from core.text import Text

STEPS = (0, 10, 20, 30, 40)


def trace(variant: int, seed: int, errors: Sequence[float], state: str = "finished") -> Trace:
    return Trace(variant, seed, state, STEPS[: len(errors)], errors)


def ending(ends: Mapping[str, Sequence[float]], states: Mapping[str, str] | None = None) -> Verdict:
    """The verdict over runs that begin at 90 % and end at these errors, seed by seed."""
    traces = [
        trace(place, seed, [0.9, error], (states or {}).get(name, "finished"))
        for place, (name, errors) in enumerate(ends.items())
        for seed, error in enumerate(errors)
    ]
    return verdict(list(ends), traces)


@pytest.mark.parametrize("num_seeds", [5, 8, 20])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_the_interval_is_that_of_scipys_paired_bootstrap(num_seeds: int, level: float):
    rng = np.random.default_rng(num_seeds)
    one, other = rng.normal(0.1, 0.02, num_seeds), rng.normal(0.12, 0.02, num_seeds)
    ours = paired_interval(other - one, level)
    theirs = bootstrap(
        (other, one),
        lambda a, b, axis=-1: np.mean(a - b, axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=10_000,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.06 * width)


def test_the_same_runs_always_give_the_same_interval():
    differences = np.array([0.01, 0.02, -0.01, 0.03, 0.0])
    assert paired_interval(differences, 0.95) == paired_interval(differences, 0.95)


def test_a_variant_that_is_lower_with_every_seed_is_named():
    found = ending({"SGD": [0.05, 0.06, 0.05, 0.07, 0.06, 0.06], "Adam": [0.02, 0.03, 0.02, 0.03, 0.02, 0.02]})
    assert found.best == "Adam"
    assert str(found.end) == ("Adam ends lowest, at 2 % (2–3 %), 3.2 to 3.8 points below SGD at 6 %: 6 seeds name it.")


def test_pairing_tells_apart_what_ranges_do_not():
    """Seeds differ more than variants, yet one variant is a point lower with each of them."""
    hard = np.array([0.02, 0.06, 0.10, 0.14, 0.18, 0.12])
    found = ending({"one": list(hard), "other": list(hard + 0.01)})
    assert found.best == "one"


def test_ranges_that_overlap_name_no_winner():
    found = ending({"SGD": [0.03, 0.05, 0.03, 0.06, 0.04], "Adam": [0.04, 0.025, 0.05, 0.03, 0.04]})
    assert found.best is None
    assert str(found.end) == "They end at 4 %: ranges overlap; 5 seeds name no winner."


def test_one_seed_names_no_winner_however_far_apart():
    found = ending({"SGD": [0.5], "Adam": [0.02]})
    assert (found.best, found.fastest) == (None, None)
    assert str(found.end) == "They end at 2–50 %: one seed names no winner."


def test_few_seeds_name_no_winner_either():
    found = ending({"SGD": [0.5, 0.5, 0.5], "Adam": [0.02, 0.02, 0.02]})
    assert found.best is None
    assert str(found.end) == "They end at 2–50 %: 3 seeds are too few to name a winner; it takes 6."


def test_the_winner_of_many_is_tested_against_each():
    lower = {"one": [0.02, 0.03, 0.02, 0.03, 0.02], "two": [0.02, 0.03, 0.03, 0.02, 0.02]}
    found = ending(lower | {"three": [0.5] * 5})
    assert found.best is None
    assert "overlap" in str(found.end)


def test_what_diverged_or_was_ended_early_is_left_out_and_said():
    found = ending(
        {"SGD": [0.05, 0.06], "Adam": [0.02, 0.03], "lost": [0.9, 0.9], "dropped": [0.01, 0.01]},
        {"lost": "diverged", "dropped": "stopped"},
    )
    said = str(found.end)
    assert said.startswith("They end at 2.5–5.5 %")
    assert "lost diverged with 2 of 2 seeds" in said
    assert "dropped was ended early" in said


def test_why_a_variant_is_left_out_is_said_once():
    traces = [
        Trace(0, 0, "finished", [0, 10], [0.9, 0.02]),
        Trace(1, 0, "finished", [0, 20], [0.9, 0.03]),
        Trace(2, 0, "stopped", [0, 10], [0.9, 0.5]),
    ]
    found = verdict(["SGD", "Adam", "dropped"], traces)
    assert "(dropped was ended early.)" in str(found.end)
    assert str(found.speed) == "At 10 % wrong: SGD after update 10, Adam after 20; one seed names no faster one."


def test_runs_that_were_all_stopped_are_compared_as_far_as_they_are():
    states = {"SGD": "stopped", "Adam": "stopped"}
    assert "They end at 2–5 %" in str(ending({"SGD": [0.05], "Adam": [0.02]}, states).end)


def test_a_variant_that_diverged_with_one_seed_is_no_winner():
    traces = [trace(0, seed, [0.9, 0.01], "diverged" if seed == 4 else "finished") for seed in range(5)]
    traces += [trace(1, seed, [0.9, 0.05]) for seed in range(5)]
    found = verdict(["sometimes", "always"], traces)
    assert found.best != "sometimes"


def test_without_results_it_says_so():
    found = verdict(["one", "two"], [])
    assert "Too few variants" in str(found.end)
    assert "one has no results" in str(found.end)


FAST, SLOW = (0.9, 0.08, 0.05, 0.04, 0.03), (0.9, 0.5, 0.3, 0.09, 0.03)


def racing(fast: Sequence[Sequence[float]], slow: Sequence[Sequence[float]], target: float | None = None) -> Verdict:
    traces = [trace(0, seed, errors) for seed, errors in enumerate(fast)]
    traces += [trace(1, seed, errors) for seed, errors in enumerate(slow)]
    return verdict(["Adam", "SGD"], traces, target)


def test_how_fast_they_get_there():
    slower = (0.9, 0.5, 0.3, 0.2, 0.05)
    found = racing([FAST] * 6, [SLOW, slower, SLOW, slower, SLOW, slower])
    assert (found.target, found.fastest) == (0.1, "Adam")
    assert str(found.speed) == "At 10 % wrong: Adam after update 10, SGD after 30–40."


def test_one_seed_shows_how_fast_but_names_nobody():
    found = racing([FAST], [SLOW])
    assert found.fastest is None
    assert str(found.speed) == "At 10 % wrong: Adam after update 10, SGD after 30; one seed names no faster one."


def test_equally_fast_ones_are_not_ranked():
    found = racing([FAST, SLOW] * 3, [SLOW, FAST] * 3)
    assert found.fastest is None
    assert str(found.speed) == ("At 10 % wrong after update 10–30: ranges overlap; 6 seeds name no faster one.")


def test_the_target_may_be_chosen_and_who_never_gets_there_is_named():
    found = racing([FAST] * 5, [SLOW] * 5, 0.3)
    assert str(found.speed) == "At 30 % wrong: Adam after update 10, SGD after 20."
    stuck = racing([FAST] * 5, [(0.9, 0.8, 0.8, 0.8, 0.8)] * 5, 0.1)
    assert "only Adam gets there with every seed, after update 10" in str(stuck.speed)
    assert "no variant gets there" in str(racing([SLOW], [SLOW], 0.001).speed)


def test_the_target_is_one_that_two_variants_reach_and_did_not_begin_with():
    late = (0.9, 0.6, 0.5, 0.35, 0.28)
    assert racing([late] * 2, [late] * 2).target == 0.3
    assert racing([(0.09, 0.04)] * 2, [(0.09, 0.03)] * 2).target == 0.05
    hopeless = racing([(0.9, 0.9)] * 2, [(0.9, 0.9)] * 2)
    assert hopeless.target is None
    assert "cannot be compared" in str(hopeless.speed)


def test_a_run_reaches_a_target_where_an_evaluation_first_found_it():
    course = trace(0, 0, [0.9, 0.2, 0.05, 0.2, 0.05])
    assert (course.steps_to(0.2), course.steps_to(0.1), course.steps_to(0.01)) == (10, 20, math.inf)


@pytest.mark.parametrize("num_variants", [2, 3, 6])
def test_equals_are_ranked_no_more_often_than_the_error_rate(num_variants: int):
    """Variants that are one and the same, many times over: a winner or a faster one is a false alarm."""
    rng = np.random.default_rng(0)
    names = [f"variant {place}" for place in range(num_variants)]
    alarms = 0
    for _ in range(120):
        traces = [
            Trace(
                place, seed, "finished", (0, int(rng.integers(20, 60)), 100), (0.9, 0.08, float(rng.normal(0.05, 0.01)))
            )
            for place in range(num_variants)
            for seed in range(6)
        ]
        found = verdict(names, traces, 0.1)
        alarms += found.best is not None or found.fastest is not None
    assert alarms / 120 <= 0.1, "two tests of 5 % each"


def test_variants_with_unequal_numbers_of_seeds_are_not_ranked():
    found = ending({"SGD": [0.5] * 7, "Adam": [0.02] * 6})
    assert found.best is None


def test_the_error_of_the_weights_that_a_run_ends_with_counts_and_not_the_last_one():
    traces = [Trace(place, 0, "finished", STEPS[:3], [0.9, low, 0.5], low) for place, low in enumerate((0.04, 0.08))]
    assert [trace.final for trace in traces] == [0.04, 0.08]
    assert str(verdict(["one", "two"], traces).end) == "They end at 4–8 %: one seed names no winner."


def test_relative_errors_are_no_percents():
    traces = [trace(0, 0, FAST), trace(1, 0, SLOW)]
    found = verdict(["one", "two"], traces, 0.3, is_share=False)
    assert str(found.end) == "They end at 0.03: one seed names no winner."
    assert str(found.speed).startswith("At relative error 0.3: one after update 10, two after 20")


def test_names_that_are_ours_are_told_in_the_readers_language():
    traces = [trace(0, 0, FAST), trace(1, 0, SLOW)]
    found = verdict([Text("momentum"), Text("{name}", name="momentum")], traces)
    said = found.speed.render(lambda template: {"momentum": "动量"}.get(template, template))
    assert said.startswith("At 10 % wrong: 动量 after update 10, momentum after 30")


def test_of_very_many_only_some_are_named_in_brackets():
    traces = [trace(0, 0, FAST), trace(1, 0, SLOW), *(trace(place, 0, [0.9, 0.9]) for place in range(2, 8))]
    said = str(verdict([f"v{place}" for place in range(8)], traces).speed)
    assert "v5 gets there with 0 of 1 seeds; 2 more are not named.)" in said
    assert "v6" not in said


def test_the_test_is_told_with_its_numbers():
    for part in ("paired bootstrap", "10\u202f000 times", "95 %", "Bonferroni"):
        assert part in str(HOW_TESTED)


def test_of_a_sweep_the_lowest_and_the_first_are_named_and_the_others_counted():
    ends = {f"rate {place}": [0.05 + 0.01 * abs(place - 6)] for place in range(12)}
    traces = [trace(place, 0, [0.9, errors[0]]) for place, errors in enumerate(ends.values())]
    traces[11] = trace(11, 0, [0.9], "diverged")
    found = verdict(list(ends), traces, 0.08)
    assert str(found.end) == (
        "Of 12 variants rate 6 ends lowest, at 5 %: one seed names no winner. (1 diverged, were ended early or have no "
        "results.)"
    )
    assert str(found.speed) == "At 8 % wrong: rate 3 first, after update 10; 7 of 12 get there with every seed."
    assert found.best is None


def test_chinese_sentences_end_and_are_joined_in_chinese():
    traces = [
        Trace(0, 0, "finished", [0, 10], [0.9, 0.02]),
        Trace(1, 0, "finished", [0, 20], [0.9, 0.03]),
        Trace(2, 0, "stopped", [0, 10], [0.9, 0.5]),
    ]
    said = "".join(
        sentence.render(translator("zh")) for sentence in verdict(["SGD", "Adam", "RMSprop"], traces).sentences
    )
    assert said.endswith("。")
    assert not set(".,;:()") & set(said)
