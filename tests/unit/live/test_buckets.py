"""Thinning to dyadic buckets, by examples; the laws stand in tests/property/test_buckets.py."""

from __future__ import annotations

import numpy as np

from core.live.buckets import bucket_starts, level, thin


def test_the_level_is_the_smallest_that_fits():
    assert [level(last, 4) for last in (0, 3, 4, 7, 8, 15, 16)] == [0, 0, 1, 1, 2, 2, 3]


def test_the_last_steps_are_cut_into_the_powers_of_two_of_what_remains():
    assert bucket_starts(14, 4).tolist() == [0, 4, 8, 12, 14]


def test_a_short_series_is_kept_whole():
    steps = np.arange(256)
    assert thin(steps, np.sin(steps)).tolist() == steps.tolist()


def test_a_bucket_keeps_first_non_finite_lowest_highest_and_last():
    values = np.array([3.0, np.nan, 9.0, -np.inf, 1.0, 5.0, np.nan, 4.0])
    assert thin(np.arange(8), values, max_buckets=1).tolist() == [1, 2, 4, 7]


def test_a_million_steps_become_at_most_four_points_a_bucket():
    values = np.random.default_rng(0).normal(size=1_000_000)
    values[123_456] = 1000.0
    kept = thin(np.arange(1_000_000), values)
    assert len(kept) <= 4 * (256 + 12)
    assert 123_456 in kept


def test_nothing_stays_nothing():
    assert thin(np.zeros(0, dtype=np.int64), np.zeros(0)).tolist() == []
