"""Who may do what with a run or a comparison: the one place where that is decided.

| | owner | a teacher, or who sits at the computer | another person | nobody |
|---|---|---|---|---|
| see: watch, read, branch from, export | yes | yes | where it is shared | no |
| direct: start, pause, resume, one update, stop, pace | yes | yes | no | no |
| change: name, note, share, set, extend, test, let it go on | yes | no | no | no |
| delete | yes | who sits at the computer, whose disk it is | no | no |

Seeing is a condition of the store's queries (`core.store.reader.visible`), so that what somebody may not see looks like
what is not there. A branch belongs to whoever made it.
"""

from __future__ import annotations

from typing import Literal, TypeVar

from core.errors import Refused
from core.people import NOBODY, keeps_order, role
from core.store.records import RunRecord, StudyRecord
from core.text import Text

DIRECTING = frozenset({"start", "pause", "resume", "step", "stop", "pace"})
"""Commands that hold or drive what goes on and leave what comes out as it is."""

R = TypeVar("R", RunRecord, StudyRecord)


def may_change(record: RunRecord | StudyRecord, actor: str) -> bool:
    """Whether a run or comparison that somebody sees may be changed by them."""
    return actor != NOBODY and record.owner == actor


def may_direct(record: RunRecord | StudyRecord, actor: str) -> bool:
    """Whether a run or comparison that somebody sees may be held and driven by them."""
    return may_change(record, actor) or keeps_order(actor)


def may(record: RunRecord | StudyRecord, actor: str) -> Literal["change", "direct", "watch"]:
    """The most that somebody may do with a run or comparison that they see."""
    return "change" if may_change(record, actor) else "direct" if may_direct(record, actor) else "watch"


def to_change(record: R, actor: str) -> R:
    """The record; Refused when the actor may only watch it."""
    if not may_change(record, actor):
        raise _not_yours(record)
    return record


def may_delete(record: RunRecord | StudyRecord, actor: str) -> bool:
    """Whether a run or comparison that somebody sees may be deleted by them; of who has left, nobody else could."""
    return may_change(record, actor) or role(actor) == "local"


def to_delete(record: R, actor: str) -> R:
    """The record; Refused when the actor may not delete it."""
    if not may_delete(record, actor):
        raise _not_yours(record)
    return record


def to_command(record: R, kind: str, actor: str, *, is_active: bool) -> R:
    """The record; Refused when the actor may not give it this command. Letting what is over go on changes it."""
    if not (may_change(record, actor) or (kind in DIRECTING and is_active and may_direct(record, actor))):
        raise _not_yours(record)
    return record


def to_act(actor: str) -> str:
    """The actor; Refused when it is nobody."""
    if actor == NOBODY:
        raise Refused(
            Text("Nothing can be started or measured here."),
            Text("This page does not know who you are: nobody has joined in it, or the room has a new code."),
            Text("Reload the page and join again."),
        )
    return actor


def _not_yours(record: RunRecord | StudyRecord) -> Refused:
    if isinstance(record, StudyRecord):
        return Refused(
            Text("Comparison {id} cannot be changed.", id=record.id),
            Text("It belongs to another person."),
            Text("Start it again as your own and change that."),
        )
    return Refused(
        Text("Run {id} cannot be changed.", id=record.id),
        Text("It belongs to another person."),
        Text("Make a fork of it and change that."),
    )
