"""CSV files open in a spreadsheet as what they are."""

from __future__ import annotations

import csv
import io

import pytest

from core.exports.csv import csv_bytes


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_file_begins_with_the_byte_order_mark_so_that_chinese_is_read_as_utf8():
    content = csv_bytes({"名称": ["两个月亮"]})
    assert content.startswith(b"\xef\xbb\xbf")
    assert rows(content) == [["名称"], ["两个月亮"]]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", '=HYPERLINK("x")'])
def test_text_that_a_spreadsheet_would_compute_is_escaped(text: str):
    assert rows(csv_bytes({"note": [text]}))[1] == [f"'{text}"]


def test_a_heading_that_a_spreadsheet_would_compute_is_escaped():
    assert rows(csv_bytes({"=1": [1]}))[0] == ["'=1"]


def test_negative_numbers_stay_numbers():
    assert rows(csv_bytes({"gap": [-0.5, -3]}))[1:] == [["-0.5"], ["-3"]]


def test_floats_keep_every_digit():
    value = 0.1 + 0.2
    assert float(rows(csv_bytes({"loss": [value]}))[1][0]) == value


def test_nothing_is_told_from_what_is_not_finite_and_none_of_it_is_computed():
    table = {"loss": [None, float("nan"), float("inf"), float("-inf")], "step": [0, 1, 2, 3]}
    assert [row[0] for row in rows(csv_bytes(table))[1:]] == ["", "NaN", "Infinity", "'-Infinity"]


def test_line_breaks_and_quotes_in_a_note_stay_in_one_cell():
    note = 'first line\nsecond, with "quotes"'
    assert rows(csv_bytes({"note": [note], "run": ["a"]}))[1] == [note, "a"]


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        csv_bytes({"a": [1, 2], "b": [1]})
