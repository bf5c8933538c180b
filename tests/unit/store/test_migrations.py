"""The migrations make exactly the tables of the schema, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from core.store import engines, migrations, schema


@pytest.fixture
def engine(tmp_path: Path):
    made = engines.writing_engine(engines.parsed(f"sqlite:///{tmp_path / 'runs.sqlite3'}"))
    yield made
    made.dispose()


def test_the_migrated_database_is_the_schema(engine: Engine):
    migrations.migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrations.VERSION_TABLE})
        assert compare_metadata(context, schema.metadata) == []
        assert all(name.startswith("sp_") for name in inspect(connection).get_table_names())


def test_the_program_knows_its_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]


def test_migrating_twice_changes_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    migrations.migrate(engine)
    monkeypatch.setattr("alembic.command.upgrade", None)
    migrations.migrate(engine)


def test_a_migration_that_fails_leaves_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    def fail(*parts: object, **options: object) -> None:
        raise OSError("no room")

    # An index is made after the first tables.
    monkeypatch.setattr("alembic.op.create_index", fail)
    with pytest.raises(OSError, match="no room"):
        migrations.migrate(engine)
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    monkeypatch.undo()
    migrations.migrate(engine)
    with engine.connect() as connection:
        assert migrations.version(connection) == migrations.HEAD
