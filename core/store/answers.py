"""Answers in the store: what somebody expected, voted or found, one to each question of each person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from sqlalchemy import ColumnElement, Connection, select, update

from core import strict_json
from core.errors import BadInput
from core.store import rows, schema
from core.store.changes import now, owned, replace
from core.store.ids import checked_id
from core.store.reader import Reader
from core.store.records import Answer, AnswerKind
from core.text import Text

MAX_ABOUT = 120
MAX_VALUE = 8000
"""Letters of the largest answer, written as JSON."""


class Answers(Reader):
    """Reading and giving answers. A subclass writes: `_ask` waits for the disk."""

    def _ask(self, act: Callable[..., Any], run: str | None = None) -> Any:
        raise NotImplementedError

    def answer(self, about: str, kind: AnswerKind, value: Any, *, actor: str, run: str | None = None) -> Answer:
        """Keep an answer in the place of the actor's earlier one about the same; returns it as stored.

        `about` names the question (`lesson/overfitting.2`, at most 120 letters), `value` is JSON of at most 8000
        letters, None for what was skipped, `run` a run of the actor that followed. BadInput, Refused.
        """
        if kind not in get_args(AnswerKind):
            raise ValueError(f"{kind!r} is no kind of answer")
        given = Answer(_checked_about(about), actor, kind, _checked_value(value), run, now())
        self._ask(lambda connection: store_answer(connection, given), checked_id(run) if run is not None else None)
        return given

    def attach_answer(self, about: str, run: str, *, actor: str) -> None:
        """Note which run of the actor followed an answer of theirs; nothing where there is none. BadInput, Refused."""
        self._ask(lambda connection: attach(connection, about, run, actor), checked_id(run))

    def answers(self, about: str) -> tuple[Answer, ...]:
        """Everybody's answers to one question, the oldest first."""
        return self._answers(schema.answer.c.about == about)

    def answers_about(self, beginning: str) -> tuple[Answer, ...]:
        """Everybody's answers to the questions whose names begin so, the oldest first."""
        return self._answers(schema.answer.c.about.startswith(beginning, autoescape=True))

    def answers_of_run(self, run: str) -> tuple[Answer, ...]:
        """What was answered before a run was started, the oldest first."""
        return self._answers(schema.answer.c.run == checked_id(run))

    def answers_by(self, actor: str, beginning: str = "") -> tuple[Answer, ...]:
        """The actor's answers to the questions whose names begin so, the oldest first."""
        about = schema.answer.c.about
        return self._answers((schema.answer.c.owner == actor) & about.startswith(beginning, autoescape=True))

    def _answers(self, wanted: ColumnElement[bool]) -> tuple[Answer, ...]:
        table = schema.answer
        query = select(table).where(wanted).order_by(table.c.utc, table.c.owner)
        return tuple(rows.answer_record(row) for row in self._read(query))


def store_answer(connection: Connection, given: Answer) -> None:
    """Store an answer in the place of the owner's earlier one about the same."""
    if given.run is not None:
        owned(connection, given.run, given.owner)
    replace(connection, schema.answer, given.__dict__)


def attach(connection: Connection, about: str, run: str, actor: str) -> None:
    """Note at an answer which run followed."""
    owned(connection, run, actor)
    mine = (schema.answer.c.about == about) & (schema.answer.c.owner == actor)
    connection.execute(update(schema.answer).where(mine).values(run=run))


def _checked_about(about: str) -> str:
    if not about:
        raise BadInput(
            Text("This answer cannot be stored."),
            Text("It does not say what it answers."),
            Text("Name the question, for example lesson/overfitting.2."),
        )
    return rows.checked_text(about, MAX_ABOUT)


def _checked_value(value: Any) -> Any:
    length = len(strict_json.dumps(value))
    if length > MAX_VALUE:
        raise BadInput(
            Text("This answer has {length} characters.", length=length),
            Text("At most {limit} are stored.", limit=MAX_VALUE),
            Text("Shorten it."),
        )
    return value
