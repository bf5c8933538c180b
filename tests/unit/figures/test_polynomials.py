"""Figures about polynomials."""

from __future__ import annotations

import numpy as np

from core.figures.polynomials import Parts, parts_figure


def test_a_bar_that_leaves_the_picture_says_how_high_it_is():
    bias2, variance = np.array([1.0, 0.1, 0.0, 0.0]), np.array([0.0, 0.1, 4.1, 7000.0])
    total = bias2 + variance + 0.5
    figure = parts_figure(Parts(bias2, variance, 0.5, total, total / 100, degree=1))
    told = [(note.x, note.text) for note in figure.layout.annotations]
    assert told == [(2, "4.6 →"), (3, "7\u202f000 →")]
    assert figure.layout.yaxis.range[1] == max(note.y for note in figure.layout.annotations)
