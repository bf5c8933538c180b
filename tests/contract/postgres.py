"""A PostgreSQL server that the tests start themselves, as an ordinary user, in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.polling import until
from tests.serving import free_port

MISSING = "install Debian's postgresql"


def binaries() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest version first; None when PostgreSQL is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in versions), key=lambda path: float(path.parent.name), default=None)


def _ordinary_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then the user for it; None when this process is no root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


@contextmanager
def postgres_server() -> Iterator[str]:
    """Start a server and yield its URL without a database: `postgresql://saddlepoint@127.0.0.1:<port>`."""
    folder = binaries()
    assert folder is not None, MISSING
    place = Path(tempfile.mkdtemp(prefix="saddlepoint-postgres-"))
    user = _ordinary_user()
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    if user:
        os.chown(place, user.pw_uid, user.pw_gid)
    port = free_port()
    log_path = place / "server.log"
    try:
        make = [folder / "initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C"]
        make += ["--username=saddlepoint", "-D", place / "data"]
        subprocess.run(make, cwd=place, check=True, capture_output=True, timeout=100, **who)
        start = [folder / "postgres", "-D", place / "data", "-p", str(port), "-k", place, "-c", "fsync=off"]
        start += ["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=40"]
        with log_path.open("wb") as log:
            server = subprocess.Popen(start, cwd=place, stdout=log, stderr=log, **who)
        try:
            url = f"postgresql://saddlepoint@127.0.0.1:{port}"
            until(lambda: _answers(server, url, log_path), what="PostgreSQL's start")
            yield url
        finally:
            server.send_signal(3)  # SIGQUIT: stop at once
            server.wait(100)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _answers(server: subprocess.Popen[Any], url: str, log: Path) -> bool:
    assert server.poll() is None, log.read_text()
    try:
        with psycopg.connect(f"{url}/postgres", connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


@contextmanager
def fresh_database(server: str, name: str) -> Iterator[str]:
    """An empty database on the server, dropped at the end; yields its URL."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
