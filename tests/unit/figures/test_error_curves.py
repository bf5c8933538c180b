"""Figures of errors against one number."""

from __future__ import annotations

import numpy as np

from core.figures.error_curves import Band, Errors, errors_figure
from core.text import Text


def test_a_number_of_samples_says_how_many_that_is_for_each_weight():
    line = np.array([0.3, 0.1])
    errors = Errors(Text("samples"), [50, 2000], Band(line, line, line), Band(line, line, line), [], True, weights=1000)
    assert errors_figure(errors).layout.xaxis.ticktext == ("50<br>0.05", "2\u202f000<br>2")
