"""JSON that every reader accepts and that loses no number."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.strict_json import dumps, loads

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda name: name != "$nonfinite"), inner),
    max_leaves=20,
)


@given(values)
def test_every_value_comes_back(value: object):
    text = dumps(value)
    assert repr(loads(text)) == repr(value)

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    json.loads(text, parse_constant=refuse)


def test_numbers_of_numpy_and_tuples_are_taken():
    assert loads(dumps({"a": np.float32(0.5), "b": np.int64(3), "c": (1, np.float64(math.inf))})) == {
        "a": 0.5, "b": 3, "c": [1, math.inf],
    }  # fmt: skip


@pytest.mark.parametrize("value", [object(), {1: 2}, {"$nonfinite": 1}, b"x", {"a": {2.0}}])
def test_what_is_no_json_is_refused(value: object):
    with pytest.raises(TypeError):
        dumps(value)
