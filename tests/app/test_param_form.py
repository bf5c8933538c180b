"""Sliders stop at round numbers, and what people type is read as they mean it."""

from __future__ import annotations

from typing import Annotated, Literal

import pytest

from core.catalog.activations import AnyActivation
from core.catalog.architectures.block import Block
from pages.components.param_form import (
    is_chosen,
    linear_stops,
    log_stops,
    read_list,
    shape_of,
    shown_list,
    shown_number,
)


def test_a_logarithmic_slider_has_both_ends_and_round_numbers_between():
    stops = log_stops(1e-4, 1, whole=False)
    assert (stops[0], stops[-1]) == (1e-4, 1)
    assert {0.001, 0.002, 0.003, 0.005, 0.01} <= set(stops)
    assert len(stops) == 4 * 6 + 1


def test_a_slider_over_counts_has_whole_stops():
    for stops in (log_stops(8, 512, whole=True), linear_stops(1, 8, whole=True)):
        assert all(isinstance(stop, int) for stop in stops)
    assert linear_stops(1, 8, whole=True) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(("low", "high"), [(0, 0.5), (0.5, 0.99), (0.9, 0.9999), (0.05, 0.5), (0, 20)])
def test_a_linear_slider_is_even_within_its_ends(low: float, high: float):
    stops = linear_stops(low, high, whole=False)
    assert (stops[0], stops[-1]) == (low, high)
    assert stops == sorted(set(stops))
    assert 20 <= len(stops) <= 120


def test_a_logarithmic_slider_may_begin_at_nothing():
    assert log_stops(0, 10, whole=False)[:2] == [0, 1]


@pytest.mark.parametrize(
    ("typed", "read"),
    [("64, 64", [64, 64]), ("64", [64]), ("[1, 2]", [1, 2]), ("", None), (" ", None), ("a, b", "a, b"), ("{}", [{}])],
)
def test_a_list_is_typed_with_commas_or_as_json(typed: str, read: object):
    assert read_list(typed) == read


def test_what_is_read_back_is_shown_as_it_was_typed():
    assert shown_list([64, 32]) == "64, 32"
    assert shown_list(None) == ""
    assert shown_list("a, b") == "a, b"
    assert shown_number(0.001) == "0.001"
    assert shown_number(1e-8) == "1e-8"
    assert shown_number(2e-10) == "2e-10"
    assert shown_number("<b>") == "<b>"


def test_the_shape_of_a_type_is_read_through_unions_and_annotations():
    assert shape_of(int | None).optional
    assert shape_of(int | None).kinds == {int}
    assert shape_of(Literal["a", "b"] | None).choices == ("a", "b")
    assert shape_of(Annotated[AnyActivation | None, "x"]).family == "activations"
    assert shape_of(tuple[Block, ...]).record is Block
    assert shape_of(tuple[int, ...]).record is None
    assert shape_of(tuple[int, ...] | None).items is int


def test_what_a_browser_says_of_a_control_that_is_gone_is_nobodys_choice():
    assert not is_chosen("a control of the page before")


def test_a_browser_that_misses_what_was_set_begins_with_what_is_chosen(open_page):
    """Else it would begin with nothing, or at the lowest stop, and send that back as chosen."""
    tab = open_page(dataset="moons", seed="3", architecture="mlp")
    boxes = [box for box in tab.text_input if box.key.endswith("|box")]
    assert len(boxes) > 10
    assert [box.proto.default for box in boxes] == [box.value for box in boxes]
    for slider in tab.select_slider:
        assert slider.proto.options[int(slider.proto.default[0])] == slider.format_func(slider.value)
    assert all(pills.proto.default for pills in tab.pills if pills.key.endswith(("|key", "|keys")))
    data = tab.pills(key="dataset|en|key")
    assert [data.proto.options[place].content for place in data.proto.default] == ["Two moons"]
    assert [toggle.proto.default for toggle in tab.toggle] == [toggle.value for toggle in tab.toggle]
