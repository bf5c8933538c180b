"""Samples before and after augmentation as figures: what is drawn is what was given."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import plotly.graph_objects as go

from core.figures.augmented import COLOURS, AugmentedPoints, AugmentedSignal, points_figure, signal_figure
from core.figures.theme import DARK_BACKGROUNDS, LIGHT_BACKGROUNDS, contrast
from core.text import Text

NAMES = [Text("update 1"), Text("update 2")]


def traces(figure: go.Figure) -> list[Any]:
    """What is drawn."""
    return list(cast(Any, figure).data)


def axis_titles(figure: go.Figure) -> list[str]:
    """Titles of the x and the y axis."""
    layout = figure.to_plotly_json()["layout"]
    return [layout[axis]["title"]["text"] for axis in ("xaxis", "yaxis")]


def test_points_are_circles_and_each_version_has_a_mark_of_its_own():
    points = np.array([[0, 1], [2, 3]], np.float32)
    figure = points_figure(AugmentedPoints(points, np.stack([points + 1, points + 2]), NAMES, (Text("x1"), Text("x2"))))
    assert [trace["name"] for trace in traces(figure)] == ["original", "update 1", "update 2"]
    assert len({trace["marker"]["symbol"] for trace in traces(figure)}) == 3, "colour is never the only sign"
    assert list(traces(figure)[2]["y"]) == [3, 5]
    assert axis_titles(figure) == ["x1", "x2"]


def test_a_signal_is_thick_and_its_versions_thin():
    signal = np.array([1, 2, 3], np.float32)
    figure = signal_figure(AugmentedSignal(signal, np.stack([signal, -signal]), NAMES, (Text("place"), Text("value"))))
    thick, *thin = traces(figure)
    assert all(line["line"]["width"] < thick["line"]["width"] for line in thin)
    assert thin[0]["line"]["dash"] != thin[1]["line"]["dash"], "colour is never the only sign"
    assert list(thick["x"]) == [1, 2, 3]
    assert list(thin[1]["y"]) == [-1, -2, -3]
    assert axis_titles(figure) == ["place", "value"]


def test_a_long_signal_has_no_dots():
    long = np.zeros(500, np.float32)
    figure = signal_figure(AugmentedSignal(long, long[None], NAMES[:1], (Text("place"), Text("value"))))
    assert {trace["mode"] for trace in traces(figure)} == {"lines"}


def test_every_line_stands_out_on_light_and_dark_pages():
    for shade in COLOURS:
        assert all(contrast(shade, page) >= 3 for page in (LIGHT_BACKGROUNDS[0], DARK_BACKGROUNDS[0]))


def test_an_empty_record_says_what_is_missing():
    axes = (Text("x1"), Text("x2"))
    for figure in (
        points_figure(AugmentedPoints(np.empty((0, 2)), np.empty((2, 0, 2)), NAMES, axes)),
        signal_figure(AugmentedSignal(np.empty(0), np.empty((2, 0)), NAMES, axes)),
    ):
        assert not traces(figure)
        assert "no samples" in figure.to_plotly_json()["layout"]["annotations"][0]["text"]
