"""Smoothing: causal, de-biased, over every row."""

from __future__ import annotations

import numpy as np
import pytest

from core.live.smoothing import Smoother


def test_a_constant_stays_itself_from_the_first_value_on():
    assert Smoother(0.9).extend(np.full(5, 3.0)) == pytest.approx(3.0)


def test_it_equals_the_weighted_mean_of_all_values_so_far():
    values = np.array([4.0, 1.0, 7.0, 2.0])
    weights = 0.9 ** np.arange(4)[::-1]
    assert Smoother(0.9).extend(values)[-1] == pytest.approx(np.average(values, weights=weights))


def test_a_value_is_never_revised_by_later_ones():
    values = np.random.default_rng(0).normal(size=20)
    whole = Smoother(0.6).extend(values)
    smoother = Smoother(0.6)
    pieces = np.concatenate([smoother.extend(values[:7]), smoother.extend(values[7:])])
    assert np.array_equal(whole, pieces)


def test_a_value_that_is_not_finite_leaves_the_state_as_it_was():
    broken = Smoother(0.6).extend(np.array([1.0, np.nan, np.inf, 2.0]))
    assert np.isnan(broken[1:3]).all()
    assert broken[[0, 3]] == pytest.approx(Smoother(0.6).extend(np.array([1.0, 2.0])))
