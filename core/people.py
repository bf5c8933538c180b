"""People: the ids by which runs have owners, and what follows from one.

An id is made by the server and says whose it is: `local` is the one person of laptop mode, who sits at the computer;
`teacher-…` and `student-…` are people of a class. The empty id is nobody.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

LOCAL = "local"
NOBODY = ""

Role = Literal["local", "teacher", "student"]


class Person(NamedTuple):
    """Who acts: the id that owns, and the name that is shown."""

    id: str
    name: str


def role(actor: str) -> Role | None:
    """What somebody is, by the id; None for nobody and for ids that no server made."""
    if actor == LOCAL:
        return "local"
    if actor.startswith("teacher-"):
        return "teacher"
    return "student" if actor.startswith("student-") else None


def visibility_of_new(actor: str) -> Literal["private", "class"]:
    """Who sees what the actor starts, until they choose: in a class, everybody."""
    return "class" if role(actor) in ("teacher", "student") else "private"


def keeps_order(actor: str) -> bool:
    """Whether the actor sees what everybody does and may pause and stop it: a teacher, or who sits at the computer."""
    return role(actor) in ("local", "teacher")
