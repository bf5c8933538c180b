"""JSON from outside is read within limits, and every refusal names its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadInput
from core.json_input import MAX_BYTES, MAX_DEPTH, read_json

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(values)
def test_any_json_value_is_read_as_text_and_as_bytes(value: object):
    text = json.dumps(value)
    assert read_json(text) == value
    assert read_json(text.encode()) == value
    assert read_json(b"\xef\xbb\xbf" + text.encode()) == value


@given(st.binary(max_size=50))
def test_any_bytes_are_read_or_refused(content: bytes):
    try:
        read = read_json(content)
    except BadInput:
        return
    assert read == json.loads(content.decode("utf-8-sig"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Line 1, column 1"),
        ('{\n "a": 1\n "b": 2}', "Line 3, column 2"),
        (b'{"a": "\xff"}', "Byte 7"),
        ('{"a": {"b": 1, "b": 2}}', "'b' is given twice"),
        ("[NaN]", "NaN"),
        ("[-Infinity]", "-Infinity"),
        ("9" * 5000, "too long"),
        ("[" * 10**6, "nested deeper"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested deeper"),
        (" " * (MAX_BYTES + 1), "larger than 1 MB"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(content: str | bytes, said: str):
    with pytest.raises(BadInput) as caught:
        read_json(content)
    assert said in str(caught.value)


def test_the_deepest_allowed_value_is_read():
    assert read_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
