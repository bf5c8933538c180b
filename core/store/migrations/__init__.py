"""Schema versions. `migrate` brings a database to HEAD; a database newer than the program is refused."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from core.errors import CoreError, Refused
from core.text import Text

HEAD = "0003"
VERSION_TABLE = "sp_alembic_version"


class OlderForm(CoreError):
    """A database that a writer would bring to the present form, and a reader leaves alone."""


def version(connection: Connection) -> str | None:
    """The version of the database; None when it has none of our tables."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()


def migrate(engine: Engine) -> None:
    """Bring the database to HEAD in one transaction; Refused when it is newer than this program."""
    with engine.connect() as connection:
        current = version(connection)
    if current == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    if current is not None:
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if current not in known:
            raise newer(current)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)


def check(engine: Engine) -> bool:
    """For readers: whether there is a database to read. Refused when it is newer, OlderForm when it is older."""
    with engine.connect() as connection:
        current = version(connection)
    if current in (None, HEAD):
        return current is not None
    if current > HEAD:
        raise newer(current)
    raise OlderForm(
        Text("The stored runs have the older form {version}.", version=current),
        Text("Commands that only read do not change a database."),
        Text("Start the program once, or train something: that brings it to the form {head}.", head=HEAD),
    )


def newer(current: str) -> Refused:
    """The error for a database of a later program."""
    return Refused(
        Text("The stored runs were written by a newer version of this program."),
        Text("Their form is {version}; this program knows forms up to {head}.", version=current, head=HEAD),
        Text("Update the program, or choose another folder with --data DIR."),
    )
