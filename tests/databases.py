"""Databases of tests: migrations make the first one of a process, the others are told its tables in one go."""

from __future__ import annotations

import sqlite3
from functools import cache
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import Engine, create_engine

from core.store import migrations, store


@cache
def tables() -> str:
    """The SQL that gives an empty SQLite file what migrations give it."""
    engine = create_engine("sqlite://")
    migrations.migrate(engine)
    script = "\n".join(connection_of(engine).iterdump())
    engine.dispose()
    return script


def connection_of(engine: Engine) -> sqlite3.Connection:
    """SQLite's own connection of an engine that has only one."""
    with engine.connect() as connection:
        return cast(sqlite3.Connection, connection.connection.driver_connection)


def migrate(engine: Engine) -> None:
    """What `core.store.migrations.migrate` does, sooner for an empty SQLite file."""
    is_sqlite = engine.url.get_backend_name() == "sqlite"
    if is_sqlite and not connection_of(engine).execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        connection_of(engine).executescript(tables())
    else:
        migrations.migrate(engine)


@pytest.fixture
def quick_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores that are opened to write are made in this way, in this test."""
    monkeypatch.setattr(store, "migrations", SimpleNamespace(migrate=migrate))
