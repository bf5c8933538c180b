"""The tables, all with the prefix `sp_`. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from core import strict_json

metadata = MetaData()


class StoredJson(TypeDecorator[Any]):
    """A JSON value as text; unlike the databases' own JSON it keeps NaN, ±Infinity and NUL characters in strings."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else strict_json.dumps(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else strict_json.loads(value)


class Utc(TypeDecorator[datetime]):
    """An aware time as sortable text, in UTC to the microsecond (SQLite keeps no time zones)."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


ID = String(18)
HASH = String(64)
ACTOR = String(200)


def _run_column() -> Column[str]:
    return Column("run", ID, ForeignKey("sp_run.id", ondelete="CASCADE"), primary_key=True)


def _attempt_constraint() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["run", "attempt"], ["sp_attempt.run", "sp_attempt.n"], ondelete="CASCADE")


run = Table(
    "sp_run",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", ACTOR, nullable=False),
    Column("visibility", String(20), nullable=False),
    Column("study", String(200)),
    Column("name", String(200), nullable=False),
    Column("note", Text, nullable=False),
    # The parent may be deleted; its id stays as the fork's origin.
    Column("parent", ID),
    Column("fork_step", BigInteger),
    Column("experiment", StoredJson, nullable=False),
    Column("fingerprint", HASH, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("split_hashes", StoredJson),
    Column("environment", StoredJson),
    Column("device", String(100)),
    Column("threads", Integer),
    Column("precision", String(20)),
    Column("engine", String(20)),
    Column("state", String(20), nullable=False),
    Column("reason", String(100)),
    Column("reason_text", StoredJson),
    Column("created", Utc, nullable=False),
    Column("answer", StoredJson, nullable=False),
    Column("weights_sha256", HASH),
    Column("step", BigInteger, nullable=False),
    Column("epoch", Float(53), nullable=False),
    Column("train_s", Float(53), nullable=False),
    Column("colour_slot", Integer, nullable=False),
    Index("sp_run_by_owner", "owner"),
    Index("sp_run_by_fingerprint", "fingerprint"),
    Index("sp_run_by_study", "study"),
)

attempt = Table(
    "sp_attempt",
    metadata,
    _run_column(),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("started", Utc, nullable=False),
    Column("ended", Utc),
    Column("from_step", BigInteger, nullable=False),
    Column("cause", String(100), nullable=False),
    Column("outcome", String(100)),
    Column("actor", ACTOR, nullable=False),
)

event = Table(
    "sp_event",
    metadata,
    Column("id", ID, primary_key=True),
    Column("run", ID, ForeignKey("sp_run.id", ondelete="CASCADE"), nullable=False),
    # 0: before the first attempt, so no foreign key.
    Column("attempt", Integer, nullable=False),
    Column("step", BigInteger, nullable=False),
    Column("epoch", Float(53), nullable=False),
    Column("train_s", Float(53), nullable=False),
    Column("utc", Utc, nullable=False),
    Column("actor", ACTOR, nullable=False),
    Column("kind", String(100), nullable=False),
    Column("values", StoredJson, nullable=False),
    Column("recipe", Boolean, nullable=False),
    Index("sp_event_by_run", "run", "step"),
)

METRICS = {
    "train/loss": "train_loss",
    "train/error": "train_error",
    "validation/loss": "validation_loss",
    "validation/error": "validation_error",
    "gap": "gap",
    "samples_per_s": "samples_per_s",
    "train/wrong": "train_wrong",
    "train/num": "train_num",
    "validation/wrong": "validation_wrong",
    "validation/num": "validation_num",
}
"""The column of each metric; a metric without one goes into `more`."""

evaluation = Table(
    "sp_evaluation",
    metadata,
    _run_column(),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", Integer, nullable=False),
    Column("epoch", Float(53), nullable=False),
    Column("train_s", Float(53), nullable=False),
    *(Column(name, Float(53)) for name in METRICS.values()),
    Column("more", StoredJson),
    # SQLite stores NaN as NULL: the names and values of the metrics that are not finite stand here.
    Column("nonfinite", StoredJson),
    _attempt_constraint(),
)

steps = Table(
    "sp_steps",
    metadata,
    _run_column(),
    Column("first_step", BigInteger, primary_key=True, autoincrement=False),
    Column("last_step", BigInteger, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("num_rows", Integer, nullable=False),
    Column("block", LargeBinary, nullable=False),
    _attempt_constraint(),
)

snapshot = Table(
    "sp_snapshot",
    metadata,
    _run_column(),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("attempt", Integer, nullable=False),
    Column("file", String(200), nullable=False),
    Column("sha256", HASH, nullable=False),
    Column("num_bytes", BigInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    _attempt_constraint(),
)

# Several runs that belong together; `document` says how they were made, `facts` what came out. The runs name it.
study = Table(
    "sp_study",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", ACTOR, nullable=False),
    Column("visibility", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("document", StoredJson, nullable=False),
    Column("facts", StoredJson, nullable=False),
    Column("created", Utc, nullable=False),
    Index("sp_study_by_owner", "owner"),
)

# One answer to each question of each person; it outlives the run that followed.
answer = Table(
    "sp_answer",
    metadata,
    Column("about", String(120), primary_key=True),
    Column("owner", ACTOR, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("value", StoredJson),
    Column("run", ID, ForeignKey("sp_run.id", ondelete="SET NULL")),
    Column("utc", Utc, nullable=False),
    Index("sp_answer_by_owner", "owner"),
    Index("sp_answer_by_run", "run"),
)

# A look outlives the run, so no foreign key.
look = Table(
    "sp_look",
    metadata,
    Column("owner", ACTOR, primary_key=True),
    Column("split_hash", HASH, primary_key=True),
    Column("weights_sha256", HASH, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("value", Float(53)),
    Column("nonfinite", StoredJson),
    Column("values", StoredJson, nullable=False),
    Column("contaminated", Boolean, nullable=False),
    Column("run", ID),
    Column("utc", Utc, nullable=False),
    UniqueConstraint("owner", "split_hash", "number", name="sp_look_number"),
)
