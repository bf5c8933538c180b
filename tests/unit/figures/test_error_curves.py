"""Figures of errors against one number."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from core.figures.error_curves import Band, Errors, Weights, errors_figure, weights_figure
from core.text import Text


def test_a_number_of_samples_says_how_many_that_is_for_each_weight():
    line = np.array([0.3, 0.1])
    errors = Errors(Text("samples"), [50, 2000], Band(line, line, line), Band(line, line, line), [], True, weights=1000)
    assert cast(Any, errors_figure(errors)).layout.xaxis.ticktext == ("50<br>0.05", "2\u202f000<br>2")


def test_the_columns_of_weights_are_named_as_the_values_are_written():
    weights = Weights(Text("strength λ"), ["10⁻⁵", "0.1"], np.array([-3.0, -2, -1]), np.array([[0.25, 0.75], [1, 0]]))
    heat = cast(Any, weights_figure(weights).data[0])
    assert list(heat.x) == ["10⁻⁵", "0.1"]
    assert np.array_equal(heat.z, [[25, 100], [75, 0]])
