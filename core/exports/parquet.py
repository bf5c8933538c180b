"""Parquet: the same tables as CSV with their types, for pandas, Polars, DuckDB and R."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any


def parquet_bytes(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """A table, given as columns of one length, as a Parquet file (zstd). None is null, NaN stays NaN."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.array(values, from_pandas=False) for name, values in columns.items()})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
