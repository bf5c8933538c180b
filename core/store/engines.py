"""Database engines: one connection that writes, others that only read; SQLite and PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from core.errors import BadInput, CoreError, Refused
from core.text import Text

BUSY_S = 0.5
"""How long one attempt to write waits for a lock of another process; the writer then tries again."""

_WRITER_LOCK = 0x5ADD1E
"""The key of PostgreSQL's advisory lock for the one writer of a database."""

_WRITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA journal_size_limit=8388608",
)
# The storage's own troubles: the transaction was rolled back and can be tried again.
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
_POSTGRES_BUSY = {"55P03", "40P01", "40001", "57014"}
_POSTGRES_DISK = {"53100", "53200"}


def parsed(url: str) -> URL:
    """The URL with the driver this program uses; BadInput for anything but SQLite files and PostgreSQL."""
    try:
        made = make_url(url)
        backend = made.get_backend_name()
    except (ArgumentError, ValueError):
        made, backend = None, ""
    if made is not None and backend == "sqlite" and made.database and not made.database.startswith((":", "file:")):
        return made.set(drivername="sqlite")
    if made is not None and backend in ("postgresql", "postgres"):
        return made.set(drivername="postgresql+psycopg")
    shown = made.render_as_string(hide_password=True) if made is not None else "?"
    raise BadInput(
        Text("“{url}” is not the address of a usable database.", url=shown),
        Text("Runs are stored in a SQLite file or in PostgreSQL."),
        Text("Use a URL such as sqlite:////folder/saddlepoint.sqlite3 or postgresql://user@host/name."),
    )


def writing_engine(url: URL) -> Engine:
    """The engine of the one connection that writes and checkpoints."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": BUSY_S})
        event.listen(engine, "connect", _prepare_sqlite_writer)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    options = f"-c lock_timeout={int(BUSY_S * 1000)} -c idle_in_transaction_session_timeout=60000"
    engine = create_engine(
        url,
        poolclass=StaticPool,
        connect_args={"connect_timeout": 5, "options": options, "application_name": f"saddlepoint {os.getpid()}"},
    )
    event.listen(engine, "connect", _be_the_only_writer)
    return engine


def reading_engine(url: URL) -> Engine:
    """An engine whose connections cannot write."""
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "").absolute()

        def connect() -> sqlite3.Connection:
            # A folder that cannot be written has no place for the shared-memory file of the journal; when nothing
            # stands in the journal the file can be read as it is.
            try:
                return _open_sqlite_reader(path, "mode=ro")
            except sqlite3.OperationalError:
                journal = path.with_name(path.name + "-wal")
                if not os.path.exists(path) or (os.path.exists(journal) and os.path.getsize(journal) > 0):
                    raise
                return _open_sqlite_reader(path, "mode=ro&immutable=1")

        # They are kept: opening the file takes longer than most of what is asked of it. None begins a transaction.
        return create_engine(
            "sqlite://", creator=connect, poolclass=QueuePool, max_overflow=60, pool_reset_on_return=None
        )
    engine = create_engine(
        url,
        pool_size=5,
        max_overflow=25,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "saddlepoint"},
    )
    event.listen(engine, "connect", _make_read_only)
    return engine


def _open_sqlite_reader(path: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?{options}", uri=True, timeout=5, check_same_thread=False, isolation_level=None
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        raise
    return connection


def _prepare_sqlite_writer(connection: sqlite3.Connection, _: Any) -> None:
    # Transactions are begun by `_begin_immediate`: Python's own handling would leave schema changes outside of them.
    connection.isolation_level = None
    for pragma in _WRITE_PRAGMAS:
        connection.execute(pragma)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _be_the_only_writer(connection: Any, _: Any) -> None:
    """Take the database's advisory lock, which ends with the connection; Refused names the process that has it."""
    from psycopg.errors import LockNotAvailable

    try:
        # A session that was closed a moment ago may still hold it.
        connection.execute("SET LOCAL lock_timeout = 1200")
        connection.execute("SELECT pg_advisory_lock(%s)", (_WRITER_LOCK,))
        connection.commit()
    except LockNotAvailable:
        connection.rollback()
        holder = connection.execute(
            "SELECT a.application_name, coalesce(host(a.client_addr), 'this machine'), a.backend_start"
            " FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE l.locktype = 'advisory' AND l.granted AND l.database = a.datid AND a.datname = current_database()"
        ).fetchone()
        connection.close()
        name, host, start = holder or ("another process", "?", None)
        raise Refused(
            Text("The database is in use."),
            Text(
                "“{name}” on {host} has written it since {start} UTC.",
                name=name,
                host=host,
                start=f"{start.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if start else "?",
            ),
            Text("End that process first, or choose another database."),
        ) from None


def _make_read_only(connection: Any, _: Any) -> None:
    connection.read_only = True


def trouble(error: BaseException) -> Text | None:
    """Why the storage could not take a transaction that may be tried again; None for every other error."""
    if not isinstance(error, DBAPIError):
        return None
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        if code in _SQLITE_BUSY:
            return Text("The database is locked by another process.")
        if code in _SQLITE_DISK:
            return Text("The disk does not take the data ({reason}).", reason=str(original))
        return None
    state = getattr(original, "sqlstate", None)
    if state in _POSTGRES_BUSY:
        return Text("The database is locked by another process.")
    if state in _POSTGRES_DISK:
        return Text("The database server has no room left.")
    if error.connection_invalidated or (state or "").startswith(("08", "57P")):
        return Text("The database server cannot be reached.")
    if state is None and type(original).__name__ == "OperationalError":
        return Text("The database server cannot be reached.")
    return None


def disk_trouble(error: BaseException) -> bool:
    """Whether the error says that the disk takes no more."""
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorcode", 0) & 0xFF in _SQLITE_DISK
    return getattr(original, "sqlstate", None) in _POSTGRES_DISK


def not_saved(why: Text) -> CoreError:
    """The error for a request that the database did not take in time; nothing of it is stored."""
    return CoreError(
        Text("This could not be saved; nothing was changed."),
        why,
        Text("Try again in a moment; if the disk is full, delete runs that are no longer needed."),
    )
