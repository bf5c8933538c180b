"""CSV as spreadsheets read it: UTF-8 with byte-order mark, and no cell that a spreadsheet would compute."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A cell that begins with one of these and is no number is a formula to a spreadsheet."""


def csv_bytes(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """A table, given as columns of one length, as CSV.

    None is an empty cell, NaN and ±Infinity are written out, floats keep every digit. What a spreadsheet would take
    for a formula gets an apostrophe in front: text that begins with a sign, and −Infinity (the log10 of a true zero).
    Finite negative numbers stay numbers.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([cell(name) for name in columns])
    for row in zip(*columns.values(), strict=True):
        writer.writerow([cell(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def cell(value: Any) -> str:
    """One value as the text of its cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "Infinity" if value > 0 else "'-Infinity"
        return repr(float(value))
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
