"""Figures of feature selection: what stands in their traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.figures.inputs import MOST_SHOWN, ErrorsByNumber, KeptByFold, errors_by_number_figure, kept_figure


def test_errors_are_drawn_in_percent_inside_and_outside_with_guessing_and_the_number_looked_at():
    errors = ErrorsByNumber({5: (0.1, 0.5, 0.05), 20: (0.0, 0.52, 0.04)}, {5: (0.1, 0.2, 0.02)}, 0.5, 20)
    figure: Any = errors_by_number_figure(errors)
    drawn = {trace.name: (list(trace.x), [round(value, 6) for value in trace.y]) for trace in figure.data}
    assert drawn == {
        "inside the folds, training": ([5, 20], [10, 0]),
        "inside the folds, validation": ([5, 20], [50, 52]),
        "outside of them: a mistake, training": ([5], [10]),
        "outside of them: a mistake, validation": ([5], [20]),
    }
    assert [shape.y0 for shape in figure.layout.shapes if shape.y0 == shape.y1] == [50]
    assert [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1] == [20]
    assert figure.layout.yaxis.title.text == "error, %"


def test_the_inputs_kept_most_often_stand_first_and_no_more_than_can_be_read():
    scores = np.linspace(0, 1, 30)
    inside = np.zeros((3, 30), bool)
    inside[:, 4], inside[0, 7] = True, True
    kept = KeptByFold([f"x{place}" for place in range(30)], scores, inside, np.zeros(30, bool))
    figure: Any = kept_figure(kept)
    bar, grid = figure.data
    assert list(bar.y)[:3] == ["x4", "x7", "x29"]
    assert len(bar.y) == MOST_SHOWN
    assert np.asarray(grid.z).shape == (MOST_SHOWN, 4)
    assert np.asarray(grid.z)[:2].tolist() == [[1, 1, 1, 0], [1, 0, 0, 0]]
