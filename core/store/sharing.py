"""Sharing: whether others in the class see a run or a comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, update

from core.store import changes, schema
from core.store.ids import checked_id
from core.store.reader import Reader
from core.store.records import Visibility
from core.store.studies import edit_study


class Sharing(Reader):
    """Showing and hiding what is stored. A subclass writes: `_ask` waits for the disk."""

    def _ask(self, act: Callable[..., Any], run: str | None = None) -> Any:
        raise NotImplementedError

    def share(self, run: str, on: bool, *, actor: str) -> None:
        """Let everybody in the class see a run, or nobody else."""
        values = {"visibility": _visibility(on)}
        self._ask(lambda connection: changes.edit(connection, run, actor, values), checked_id(run))

    def share_study(self, study: str, on: bool, *, actor: str) -> None:
        """Let everybody in the class see a study and its runs, or nobody else."""
        self._ask(lambda connection: share_study(connection, study, actor, _visibility(on)), checked_id(study))


def share_study(connection: Connection, study: str, actor: str, visibility: Visibility) -> None:
    """Change who sees a study of the actor, and its runs."""
    edit_study(connection, study, actor, {"visibility": visibility})
    connection.execute(update(schema.run).where(schema.run.c.study == study).values(visibility=visibility))


def _visibility(on: bool) -> Visibility:
    return "class" if on else "private"
