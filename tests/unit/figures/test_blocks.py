"""Figures of the page Building blocks: what stands in their traces and on their axes."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from core.figures.blocks import (
    ActivationCurve,
    DroppedUnits,
    Errors,
    Spread,
    Tiles,
    activation_figure,
    dropped_figure,
    errors_figure,
    spreads_figure,
    tiled,
    tiles_figure,
    weights_figure,
)
from core.text import Text


def traces(figure: Any) -> dict[str, Any]:
    """The traces of a figure by name."""
    return {trace.name: trace for trace in figure.data}


def test_tiles_stand_in_rows_with_gaps_and_share_their_colours():
    arrays = np.arange(12, dtype=np.float32).reshape(3, 2, 2) - 4
    whole = tiled(arrays, 2)
    assert whole.shape == (5, 5)
    assert whole[:2, 3:].tolist() == arrays[1].tolist()
    assert np.isnan(whole[2]).all()
    assert np.isnan(whole[3:, 2:]).all(), "the last place is empty"
    heat = cast(Any, tiles_figure(Tiles(arrays, is_signed=True)).data[0])
    assert (heat.zmin, heat.zmax, heat.zmid) == (-7, 7, 0)
    figure = tiles_figure(Tiles(arrays + 4, is_signed=False))
    assert cast(Any, figure.data[0]).zmin == 0
    assert [number.text for number in cast(Any, figure.layout).annotations] == ["1", "2", "3"]
    assert tiles_figure(Tiles(np.zeros((0, 2, 2)), is_signed=False)).layout.annotations[0].text  # type: ignore[attr-defined]


@pytest.mark.parametrize(("side", "gap"), [(2, 0.25), (3, 0.375), (26, 1.0)])
def test_small_tiles_stand_closer_together(side, gap):
    figure = cast(Any, tiles_figure(Tiles(np.ones((3, side, side)), is_signed=False, most_columns=2)))
    (heat,), numbers = figure.data, figure.layout.annotations
    assert np.diff(heat.x).tolist() == [*[1.0] * side, gap, *[1.0] * side]
    assert heat.x.tolist() == heat.y.tolist()
    assert [(number.x, number.y) for number in numbers] == [(0, 0), (side + gap, 0), (0, side + gap)]
    assert figure.layout.xaxis.range == (0, 2 * side + gap)
    assert len(heat.x) == heat.z.shape[1] + 1


def test_tiles_with_names_have_room_above_them_and_as_many_places_as_asked_for():
    names = [Text("head {number}", number=number) for number in (1, 2, 3)]
    figure = cast(Any, tiles_figure(Tiles(np.ones((3, 2, 2)), is_signed=False, most_columns=2, names=names)))
    (heat,), words = figure.data, figure.layout.annotations
    assert [word.text for word in words] == ["head 1", "head 2", "head 3"]
    gap = 2 / 5
    assert [(word.x, word.y) for word in words] == [(0, 0), (2 + gap, 0), (0, 2 + gap)]
    assert figure.layout.yaxis.range == (4 + gap, -gap)
    assert heat.z.shape == (5, 5)


def test_tiles_that_are_compared_share_their_colours_and_end_at_one_height():
    large, small = (
        tiles_figure(Tiles(np.full((2, side, side), value), is_signed=False, most_columns=1, ends=(0, 8), height=400))
        for side, value in ((26, 8.0), (6, 3.0))
    )
    assert large.layout.height == small.layout.height == 400  # type: ignore[attr-defined]
    for figure in (large, small):
        heat = cast(Any, figure.data[0])
        assert (heat.zmin, heat.zmax) == (0, 8)


def test_an_activation_has_a_value_a_slope_and_a_batch_behind():
    x = np.linspace(-1, 1, 5)
    found = activation_figure(
        ActivationCurve(x, np.tanh(x), 1 - np.tanh(x) ** 2, np.array([-1.0, 0, 1]), np.array([1, 3]))
    )
    shown = traces(found)
    assert list(shown) == ["pre-activations of the batch", "value", "slope (derivative)"]
    assert list(shown["pre-activations of the batch"].y) == [25, 75]
    assert shown["pre-activations of the batch"].yaxis == "y2"
    assert found.layout.xaxis.title.text == "pre-activation z"  # type: ignore[attr-defined]


def test_a_bar_far_above_the_others_is_cut_off_with_its_number():
    x = np.linspace(-1, 1, 5)
    for counts, cut, top in (([1, 90, 9], ["↑ 90 %"], 13.5), ([20, 50, 30], [], 52.5), ([0, 7, 0], [], 105)):
        layout = cast(Any, activation_figure(ActivationCurve(x, x, x, np.linspace(-1, 1, 4), np.array(counts)))).layout
        assert [note.text for note in layout.annotations] == cut
        assert layout.yaxis2.range == (0, pytest.approx(top))


def test_densities_have_area_one_whatever_their_width():
    spreads = [
        Spread(Text("a"), np.array([0.0, 1, 2]), np.array([2, 2])),
        Spread(Text("b"), np.array([0.0, 0.5, 1]), np.array([3, 1])),
    ]
    shown = traces(spreads_figure(spreads, Text("z")))
    assert list(shown["a"].y) == [0.5, 0.5]
    assert list(shown["b"].y) == [1.5, 0.5]
    assert spreads_figure([], Text("z")).layout.annotations[0].text  # type: ignore[attr-defined]


def test_dropped_units_are_grey_with_their_weights():
    kept = np.array([True, False])
    shown = dropped_figure(DroppedUnits(np.array([1.0, 2]), np.array([2.0, 0]), kept, np.array([1.1, 1.9]), 100))
    found = traces(shown)
    kept_bars, dropped_bars = found["evaluation: kept units"], found["evaluation: dropped units"]
    assert (list(kept_bars.x), list(kept_bars.y), list(dropped_bars.x), list(dropped_bars.y)) == ([1], [1], [2], [2])
    assert kept_bars.marker.color != dropped_bars.marker.color
    assert "mean over 100 masks" in found
    read = weights_figure(np.array([[1.0, 2], [3, -4]]), kept)
    heat = cast(Any, read.data[0])
    layouts = [cast(Any, figure).layout for figure in (shown, read)]
    places = [(found.xaxis.range, found.margin.l, found.margin.r) for found in layouts]
    assert places == [((0.5, 2.5), 56, 64)] * 2, "a unit stands at one place in both"
    assert heat.z[:, 0].tolist() == [1, 3]
    assert np.isnan(heat.z[:, 1]).all()
    assert heat.zmax == 4


def test_errors_have_the_range_that_they_come_from():
    names = [Text("one mask"), Text("vote"), Text("evaluation")]
    bars = cast(Any, errors_figure(Errors(names, [8.0, 4, 5], [(6, 11), (4, 4), (5, 5)])).data[0])
    assert list(bars.y) == [8, 4, 5]
    assert list(bars.error_y.array) == [3, 0, 0]
    assert list(bars.error_y.arrayminus) == [2, 0, 0]
