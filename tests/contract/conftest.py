"""Fixtures of the store's contract: one suite, two databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.store.folder import DataFolder, WriteLock
from core.store.store import Store
from tests.contract import postgres


@dataclass
class Place:
    """Where a store lies, and how to open it."""

    folder: DataFolder
    lock: WriteLock
    url: str

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a SQLite file."""
        return self.url.startswith("sqlite")

    def open(self, *, read_only: bool = False) -> Store:
        """Open the store to write, or only to read."""
        return Store.open(self.folder, None if read_only else self.lock, url=self.url)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a PostgreSQL server for this test session."""
    if postgres.binaries() is None:
        pytest.skip(postgres.MISSING)
    with postgres.postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty data folder with its write lock and an empty database, once of each kind."""
    folder = DataFolder(tmp_path / "data")
    with WriteLock.acquire(folder) as lock:
        if request.param == "sqlite":
            yield Place(folder, lock, f"sqlite:///{folder.database}")
        else:
            server = request.getfixturevalue("postgres_url")
            with postgres.fresh_database(server, f"t{abs(hash(request.node.name)):x}") as url:
                yield Place(folder, lock, url)


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """A store opened to write."""
    with place.open() as opened:
        yield opened
