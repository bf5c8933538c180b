"""CSV: a line a sample, the classes or numbers to be predicted in one column."""

from __future__ import annotations

import csv
import io
import math

import numpy as np

from core.text import Text
from core.uploads.arrays import targets_of
from core.uploads.limits import MAX_FEATURES, MAX_SAMPLES, MAX_VALUE, Decoded, distinct_names, refused, shown_name

TARGETS = ("label", "class", "target", "y", "species", "类别", "标签")
MAX_CELL = 10_000
ENCODINGS = ("utf-8-sig", "gb18030")
"""Excel in Chinese Windows writes the second."""


def table_of(name: str, content: bytes) -> Decoded:
    """The lines of a table. The first one may name the columns; the last column, or one called label, is predicted."""
    text = _text(name, content)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        raise _bad_table(
            name,
            Text("Line {line:,} is no part of a table: {reason}.", line=reader.line_num, reason=str(error)[:120]),
        ) from None
    if len(rows) < 2 or len(rows[0][1]) < 2:
        raise _bad_table(name, Text("It has no two columns and two lines, separated by commas, semicolons or tabs."))
    if len(rows) > MAX_SAMPLES + 1 or len(rows[0][1]) > MAX_FEATURES + 1:
        raise _bad_table(
            name,
            Text(
                "It has {rows:,} lines and {columns:,} columns; {most_rows:,} and {most_columns:,} can be used.",
                rows=len(rows),
                columns=len(rows[0][1]),
                most_rows=MAX_SAMPLES,
                most_columns=MAX_FEATURES,
            ),
        )
    odd = next((number for number, row in rows if len(row) != len(rows[0][1])), None)
    if odd is not None:
        raise _bad_table(name, Text("Line {line:,} has another number of cells than the first.", line=odd))
    header = None if _is_data(rows[0][1]) else [cell.strip() for cell in rows[0][1]]
    body = rows if header is None else rows[1:]
    columns = header or [f"x{place + 1}" for place in range(len(rows[0][1]))]
    place = next((place for place, column in enumerate(columns) if column.lower() in TARGETS), len(columns) - 1)
    features = [number for number in range(len(columns)) if number != place]
    inputs = np.array([[_number(name, line, columns, row, at) for at in features] for line, row in body], np.float64)
    return Decoded(
        inputs.astype(np.float32), *_targets(name, body, place), distinct_names([columns[at] for at in features])
    )


def _text(name: str, content: bytes) -> str:
    if b"\0" not in content:
        for encoding in ENCODINGS:
            try:
                return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
            except UnicodeDecodeError:
                continue
    raise refused(
        name,
        Text("It is neither a zip of images, nor an .npz, nor a table of text."),
        Text("Bring a zip with a folder for each class, an .npz, or a CSV file."),
    )


def _is_data(row: list[str]) -> bool:
    """Whether a first line holds values: some cell but the last is a number."""
    return any(_is_number(cell) for cell in row[:-1])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _number(name: str, line: int, columns: list[str], row: list[str], place: int) -> float:
    value = float(row[place]) if _is_number(row[place]) else math.nan
    if not abs(value) <= MAX_VALUE:
        raise _bad_table(
            name,
            Text(
                "Line {line:,} has “{cell}” in the column “{column}”; numbers up to {most:,.0f} can be used.",
                line=line,
                cell=shown_name(row[place]),
                column=shown_name(columns[place]),
                most=MAX_VALUE,
            ),
        )
    return value


def _targets(name: str, body: list[tuple[int, list[str]]], place: int) -> tuple[np.ndarray, tuple[str, ...]]:
    cells = [row[place].strip() for _, row in body]
    empty = next((line for (line, _), cell in zip(body, cells, strict=True) if not cell), None)
    if empty is not None:
        raise _bad_table(name, Text("Line {line:,} has nothing in the column that is to be predicted.", line=empty))
    if all(_is_number(cell) for cell in cells):
        return targets_of(np.array([float(cell) for cell in cells]))
    return targets_of(np.array(cells))


def _bad_table(name: str, why: Text) -> Exception:
    return refused(
        name,
        why,
        Text("Write a CSV file with a line a sample, numbers in every column, and the class in the last one."),
    )
