"""What is varied, as it is typed."""

from __future__ import annotations

from typing import Any

import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.errors import BadInput
from core.studies.vary import Axis, parse_axis, product


@pytest.mark.parametrize(
    ("text", "path", "values"),
    [
        ("optimizer=sgd,adam", "optimizer", ("sgd", "adam")),
        ("batch_size=8, 64 ,512", "batch_size", (8, 64, 512)),
        ("optimizer.lr=lin(0.1,0.3)x3", "optimizer.lr", (0.1, 0.2, 0.3)),
        ("optimizer.lr=log(0.001,1)x4", "optimizer.lr", (0.001, 0.01, 0.1, 1)),
        ("seed=lin(0,4)×3", "seed", (0, 2, 4)),
        ("regularizers=,l2", "regularizers", ([], "l2")),
        (
            'regularizers=[],[{"key":"l2","strength":0.1}]',
            "regularizers",
            ([], [{"key": "l2", "strength": 0.1}]),
        ),
        ('optimizer={"key":"adam","beta1":0.5},sgd', "optimizer", ({"key": "adam", "beta1": 0.5}, "sgd")),
    ],
)
def test_lists_and_ranges_are_read(text: str, path: str, values: tuple[Any, ...]):
    axis = parse_axis(text)
    assert (axis.path, axis.values) == (path, values)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("optimizer", "varies nothing"),
        ("=sgd", "varies nothing"),
        ("optimizer.lr=log(0,1)x3", "logarithmic"),
        ("optimizer.lr=log(0.1,1)x1", "no range"),
        ("optimizer.lr=log(0.1,1)x9999", "no range"),
        ("optimizer.lr=log(0.1)x3", "no range"),
        ("optimizer.lr=0.1,,1", "empty value"),
        ("optimizer=sgd,adam,sgd", "twice"),
    ],
)
def test_what_is_no_variation_is_said_with_a_way_out(text: str, part: str):
    with pytest.raises(BadInput, match=part) as raised:
        parse_axis(text)
    assert raised.value.fix


def test_several_make_the_product_and_the_first_varies_slowest():
    combinations = product([parse_axis("optimizer=sgd,adam"), parse_axis("batch_size=8,16,32")])
    assert [tuple(changes.values()) for changes in combinations] == [
        ("sgd", 8), ("sgd", 16), ("sgd", 32), ("adam", 8), ("adam", 16), ("adam", 32),
    ]  # fmt: skip


def test_one_thing_is_varied_once():
    with pytest.raises(BadInput, match="varied twice"):
        product([parse_axis("seed=1,2"), parse_axis("seed=3,4")])


def test_a_range_gives_whole_numbers_where_the_setting_takes_no_others():
    assert parse_axis("batch_size=log(8,100)x3").fitted({}).values == (8, 28, 100)
    assert parse_axis("optimizer.lr=log(0.1,1)x3").fitted({}).values == (0.1, 0.316227766017, 1)
    with pytest.raises(BadInput, match="same value twice"):
        parse_axis("batch_size=lin(8,10)x5").fitted({})
    with pytest.raises(BadInput, match="batch size is -8"):
        parse_axis("batch_size=lin(-8,8)x3").fitted({})


def test_values_that_were_listed_stay_as_they_were_typed():
    axis = Axis("batch_size", (8.5,))
    assert axis.fitted({}) is axis


@pytest.mark.parametrize("spec", ["log(1,1e999)x3", "lin(0,1e999)x3", "lin(-1e308,1e308)x3"])
def test_ends_too_large_for_a_number_are_bad_input(spec: str):
    with pytest.raises(BadInput, match="too large"):
        parse_axis(f"optimizer.lr={spec}")
