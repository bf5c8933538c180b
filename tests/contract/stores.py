"""What the contract of the store is tried with: runs, rows, and a second session on the same database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sqlalchemy import create_engine, func, select

from core.store import engines
from core.store.records import SnapshotEntry
from core.store.store import Store
from tests.contract.conftest import Place

ME = "local"
HASH = "ab" * 32
NAME = "λ zu groß 正则化 🙂"


def new_run(store: Store, **values: Any) -> str:
    """A run with what every run needs."""
    given = {"actor": ME, "experiment": {}, "fingerprint": HASH, "schema_version": 1}
    return store.create_run(**(given | values))


def rows_of(first: int, last: int, **columns: np.ndarray) -> dict[str, np.ndarray]:
    """Per-update columns of the steps from first to last."""
    step = np.arange(first, last + 1)
    return {"step": step, "epoch": step / 10, "train_s": step / 100, "batch/loss": np.sin(step), **columns}


def snapshot(step: int, attempt: int) -> SnapshotEntry:
    """An entry of the snapshot index."""
    return SnapshotEntry(step, f"step-{step}.safetensors", HASH, 100, "epoch", attempt)


@contextmanager
def another_connection(place: Place) -> Iterator[Any]:
    """A connection of our own beside the store's; what it does is committed at the end."""
    engine = create_engine(engines.parsed(place.url))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Another session holds the database so that nobody else can write."""
    with another_connection(place) as connection:
        if place.is_sqlite:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("LOCK TABLE sp_run, sp_steps, sp_event IN SHARE ROW EXCLUSIVE MODE")
        yield


def count(place: Place, table: Any) -> int:
    """The number of rows of a table."""
    with another_connection(place) as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()
