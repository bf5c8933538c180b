"""What the best of several equal networks shows, against a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from core.studies.optimism import lowest_error


@pytest.mark.parametrize(("num", "error", "samples"), [(1, 0.2, 50), (5, 0.3, 100), (20, 0.1, 1_000), (100, 0.5, 40)])
def test_the_lowest_error_is_that_of_a_simulation(num: int, error: float, samples: int):
    drawn = np.random.default_rng(0).binomial(samples, error, (20_000, num)).min(1) / samples
    assert lowest_error(num, error, samples) == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 20_000**0.5)


def test_one_network_shows_what_it_is_and_more_look_better():
    shown = [lowest_error(num, 0.2, 200) for num in (1, 2, 10, 50)]
    assert shown[0] == pytest.approx(0.2)
    assert shown == sorted(shown, reverse=True)
    assert lowest_error(10, 0.0, 200) == 0
