"""Figures about polynomials."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.figures.polynomials import Capacity, Parts, capacity_figure, parts_figure


def test_a_bar_that_leaves_the_picture_says_how_high_it_is():
    bias2, variance = np.array([1.0, 0.1, 0.0, 0.0]), np.array([0.0, 0.1, 4.1, 7000.0])
    total = bias2 + variance + 0.5
    figure = parts_figure(Parts(bias2, variance, 0.5, total, total / 100, degree=1))
    told = [(note.x, note.text) for note in figure.layout.annotations]
    assert told == [(2, "4.6 →"), (3, "7\u202f000 →")]
    assert figure.layout.yaxis.range[1] == max(note.y for note in figure.layout.annotations)


def capacity(degree: int) -> Capacity:
    train, validation = np.array([1.0, 0.1, 0.05, 1e-9]), np.array([1.0, 0.2, 5.0, 4e11])
    return Capacity(train, validation, np.zeros(4), degree, 1, 4, 0.1)


def test_errors_that_leave_the_picture_of_capacity_have_an_arrow_at_its_edge():
    figure: Any = capacity_figure(capacity(2))
    (arrows,) = [trace for trace in figure.data if trace.name == "outside of the picture"]
    told = list(zip(arrows.x, arrows.customdata, arrows.marker.symbol, strict=True))
    assert told == [(3, 4e11, "triangle-up"), (3, 1e-9, "triangle-down")]
    low, high = figure.layout.yaxis.range
    assert all(low < height < high for height in np.log10(arrows.y))


def test_the_fit_that_is_drawn_stands_in_the_picture_of_capacity():
    for degree in range(4):
        figure: Any = capacity_figure(capacity(degree))
        low, high = figure.layout.yaxis.range
        assert low < np.log10(figure.data[-1].y[0]) < high


def test_where_a_polynomial_has_as_many_weights_as_points_it_is_named():
    found = capacity(1)
    train, validation, uncertain = (
        np.concatenate([part, [0.3]]) for part in (found.train, found.validation, found.uncertain)
    )
    for record, names in (
        (found, {"← underfits", "overfits →", "noise"}),
        (
            Capacity(train, validation, uncertain, 1, 1, 4, 0.1),
            {"← underfits", "overfits →", "interpolates →", "noise"},
        ),
    ):
        assert {note.text for note in capacity_figure(record).layout.annotations} == names
