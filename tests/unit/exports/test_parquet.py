"""Parquet files keep types, missing values and NaN apart."""

from __future__ import annotations

import io
import math

import pyarrow.parquet as pq

from core.exports.parquet import parquet_bytes


def test_a_table_comes_back_with_its_types():
    columns = {"run": ["a", "=b"], "step": [0, 23], "loss": [2.3, 0.1]}
    table = pq.read_table(io.BytesIO(parquet_bytes(columns)))
    assert table.to_pydict() == columns
    assert [str(field.type) for field in table.schema] == ["string", "int64", "double"]


def test_missing_is_null_and_nan_stays_nan():
    column = pq.read_table(io.BytesIO(parquet_bytes({"loss": [None, float("nan"), 1.0]})))["loss"]
    assert column.null_count == 1
    assert math.isnan(column[1].as_py())
