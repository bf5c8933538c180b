"""The figure of a comparison: a line a run in its colour, a band where there are several seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.figures.race import RaceLine, race_figure
from core.figures.theme import SLOTS
from core.text import Text


def line(name: str, slot: int, spread: float = 0.0, *, thin: bool = False) -> RaceLine:
    """Three points around 1."""
    middle = np.ones(3)
    return RaceLine(name, slot, np.arange(3.0), middle, middle - spread, middle + spread, thin)


def drawn(*lines: RaceLine, log: bool = False) -> Any:
    return race_figure(lines, Text("update"), Text("error rate, %"), log=log)


def test_every_line_has_its_runs_colour_and_name():
    figure = drawn(line("Adam", 0), line("SGD", len(SLOTS) + 1))
    assert [trace.name for trace in figure.data] == ["Adam", "SGD"]
    assert [trace.line.color for trace in figure.data] == [SLOTS[0].light, SLOTS[1].light]
    assert [trace.line.dash for trace in figure.data] == ["solid", "dashdot"]


def test_in_a_print_without_colours_symbols_tell_the_lines_apart():
    figure = drawn(*(line(str(slot), slot) for slot in range(len(SLOTS))))
    assert len({trace.marker.symbol for trace in figure.data}) == len(SLOTS)
    assert {trace.mode for trace in figure.data} == {"lines+markers"}


def test_the_rate_that_was_chosen_has_a_ring():
    ring = drawn(replace(line("Adam", 0), ring=1.0)).data[-1]
    assert (ring.x.tolist(), ring.marker.symbol, ring.showlegend) == ([1.0], "circle-open", False)


def test_of_very_many_lines_the_first_and_the_last_are_named():
    figure = drawn(*(replace(line(str(place), place), share=place / 19) for place in range(20)))
    assert [trace.name for trace in figure.data if trace.showlegend] == ["0", "19"]
    assert len({trace.line.color for trace in figure.data}) == 20


def test_a_true_zero_stands_at_the_foot_of_a_logarithmic_axis():
    falling = np.array([2.0, 0.0])
    figure = drawn(RaceLine("Adam", 0, np.arange(2.0), falling, falling, falling), log=True)
    assert 0 < figure.data[0].y[1] < 2
    assert {"1", "2"} <= set(figure.layout.yaxis.ticktext)


def test_several_seeds_have_a_band():
    figure = drawn(line("Adam", 0, spread=0.5))
    low, high, middle = figure.data
    assert low.y.tolist() == [0.5] * 3
    assert high.y.tolist() == [1.5] * 3
    assert high.fill == "tonexty"
    assert middle.y.tolist() == [1.0] * 3


def test_training_is_thin_and_dashed_and_not_named_twice():
    figure = drawn(line("Adam", 0), line("Adam", 0, thin=True))
    thick, thin = figure.data
    assert thin.line.dash == "dash"
    assert thin.line.width < thick.line.width
    assert not thin.showlegend


def test_axes_have_titles_and_the_asked_scale():
    figure = drawn(line("Adam", 0), log=True)
    assert figure.layout.xaxis.title.text == "update"
    assert figure.layout.yaxis.title.text == "error rate, %"
    assert figure.layout.yaxis.type == "log"


def test_rates_stand_on_a_logarithmic_axis():
    figure = race_figure([line("Adam", 0)], Text("learning rate"), Text("loss"), log_x=True)
    assert figure.layout.xaxis.type == "log"


def test_without_measurements_it_says_so():
    empty = np.empty(0)
    figure = drawn(RaceLine("Adam", 0, empty, empty, empty, empty))
    assert figure.layout.annotations[0].text == "No run has been measured yet."
