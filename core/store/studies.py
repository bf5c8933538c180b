"""Studies in the store: several runs that belong together, such as those of a comparison. The runs name their study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from core.errors import BadInput, Refused
from core.people import visibility_of_new
from core.store import rows, schema
from core.store.changes import now, store_event
from core.store.ids import checked_id, new_id
from core.store.reader import Reader, visible
from core.store.records import Event, Happened, StudyRecord, Visibility
from core.text import Text


class Studies(Reader):
    """Reading and changing studies. A subclass writes: `_ask` waits for the disk, `_tell` a moment, `_queue` not."""

    _attempts: dict[str, int]

    def _ask(self, act: Callable[..., Any], run: str | None = None) -> Any:
        raise NotImplementedError

    def _tell(self, act: Callable[..., Any], run: str) -> bool:
        raise NotImplementedError

    def _queue(self, act: Callable[..., Any], run: str) -> Callable[[], bool]:
        raise NotImplementedError

    def list_studies(self, *, actor: str, kind: str | None = None) -> tuple[StudyRecord, ...]:
        """The studies the actor may see, newest last."""
        table = schema.study
        query = select(table).where(visible(actor, table)).order_by(table.c.id)
        query = query if kind is None else query.where(table.c.kind == kind)
        return tuple(rows.study_record(row) for row in self._read(query))

    def get_study(self, study: str, *, actor: str) -> StudyRecord:
        """One study; BadInput when there is none with this id that the actor may see."""
        table = schema.study
        found = self._read(select(table).where(table.c.id == checked_id(study), visible(actor, table)))
        if not found:
            raise unknown_study(study)
        return rows.study_record(found[0])

    def create_study(
        self,
        *,
        actor: str,
        kind: str,
        document: Mapping[str, Any],
        name: str = "",
        note: str = "",
        visibility: Visibility | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> str:
        """Store a new study and return its id. CoreError when it cannot be stored now."""
        study = new_id()
        row = {
            "id": study,
            "owner": actor,
            "visibility": visibility or visibility_of_new(actor),
            "kind": kind,
            "name": rows.checked_text(name, rows.MAX_NAME),
            "note": rows.checked_text(note, rows.MAX_NOTE, lines=True),
            "document": document,
            "facts": dict(facts or {}),
            "created": now(),
        }
        self._ask(lambda connection: insert_study(connection, row), study)
        return study

    def add_study_facts(self, study: str, facts: Mapping[str, Any], *, actor: str) -> bool:
        """Add to what is known of a study, each fact in place of one of its name. True: acknowledged by the disk."""
        return self.queue_study_facts(study, facts, actor=actor)()

    def queue_study_facts(self, study: str, facts: Mapping[str, Any], *, actor: str) -> Callable[[], bool]:
        """The same without waiting: the result waits for the disk a moment."""
        values = {"facts": dict(facts)}
        return self._queue(lambda connection: edit_study(connection, study, actor, values), checked_id(study))

    def extend_recipes(self, events: Mapping[str, Happened], *, actor: str) -> bool:
        """Add an event to the recipe of each of these runs, to all or to none. True: acknowledged by the disk."""
        stored = [
            Event(new_id(), run, self._attempts.get(run, 0), step, 0.0, 0.0, now(), actor, kind, dict(values), recipe)
            for run, (kind, step, values, recipe) in events.items()
        ]
        return not stored or self._tell(
            lambda connection: [store_event(connection, event) for event in stored], stored[0].run
        )

    def rename_study(self, study: str, name: str, *, actor: str) -> None:
        """Give a study another name (at most 200 characters)."""
        self._edit_study(study, actor, name=rows.checked_text(name, rows.MAX_NAME))

    def note_study(self, study: str, note: str, *, actor: str) -> None:
        """Replace a study's note (at most 10 000 characters)."""
        self._edit_study(study, actor, note=rows.checked_text(note, rows.MAX_NOTE, lines=True))

    def delete_study(self, study: str, *, actor: str) -> None:
        """Delete a study. Its runs stay, and belong to none any more."""
        self._ask(lambda connection: delete_study(connection, study, actor), checked_id(study))

    def _edit_study(self, study: str, actor: str, **values: str) -> None:
        self._ask(lambda connection: edit_study(connection, study, actor, values), checked_id(study))


def unknown_study(study: str) -> BadInput:
    """The error for an id that has the form of a study's and names none that the actor may see."""
    return BadInput(
        Text("There is no comparison {id}.", id=study),
        Text("It was deleted, or it belongs to another data folder or another person."),
        Text("Choose one from the list of comparisons."),
    )


def insert_study(connection: Connection, row: dict[str, Any]) -> None:
    """Store a new study; again after a lost confirmation."""
    connection.execute(delete(schema.study).where(schema.study.c.id == row["id"]))
    connection.execute(insert(schema.study).values(row))


_ASKED = select(schema.study.c.owner, schema.study.c.visibility, schema.study.c.facts).where(
    schema.study.c.id == bindparam("asked")
)
_CHANGE = update(schema.study).where(schema.study.c.id == bindparam("changed"))


def edit_study(connection: Connection, study: str, actor: str, values: Mapping[str, Any]) -> None:
    """Change columns of a study that is the actor's; new facts are added to those that are there."""
    facts = _facts_of_own(connection, study, actor)
    if "facts" in values:
        values = {**values, "facts": {**facts, **values["facts"]}}
    connection.execute(_CHANGE, {"changed": study, **values})


def delete_study(connection: Connection, study: str, actor: str) -> None:
    """Delete a study; its runs stay and belong to none."""
    _facts_of_own(connection, study, actor)
    connection.execute(update(schema.run).where(schema.run.c.study == study).values(study=None))
    connection.execute(delete(schema.study).where(schema.study.c.id == study))


def _facts_of_own(connection: Connection, study: str, actor: str) -> Mapping[str, Any]:
    """The facts of a study; raises unless it exists and is the actor's."""
    found = connection.execute(_ASKED, {"asked": study}).first()
    if found is None or (found.owner != actor and found.visibility == "private"):
        raise unknown_study(study)
    if found.owner != actor:
        raise Refused(
            Text("Comparison {id} cannot be changed.", id=study),
            Text("It belongs to another person."),
            Text("Start it again as your own and change that."),
        )
    return found.facts
