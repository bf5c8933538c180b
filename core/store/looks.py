"""The sealed test set: a look is one evaluation of one set of weights on one test split, counted per owner and split.

The same weights again return the stored number. A look with other weights is refused unless insisted on; from then on
the owner's numbers on that split are contaminated. Looks outlive the deletion of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, Select, insert, select

from core.errors import Refused
from core.store import schema
from core.store.changes import now
from core.store.records import Look
from core.store.rows import look_record, look_row
from core.text import Text


def select_looks(owner: str, split_hash: str | None = None) -> Select[tuple]:
    """An owner's looks (at one split), first one first."""
    table = schema.look
    query = select(table).where(table.c.owner == owner).order_by(table.c.utc, table.c.number)
    return query if split_hash is None else query.where(table.c.split_hash == split_hash)


def refusal_shown(earlier: Sequence[Look]) -> Refused:
    """The refusal as it is said to who has looked with other weights; as if it were one, where nobody has."""
    return _refusal(earlier or [Look("", "", "", 1, 0.0, {}, False, None, now())])


def judge(earlier: list[Look], weights_sha256: str, insist: bool) -> Look | None:
    """The stored look with these weights; None when a new one is allowed; Refused when it is not."""
    for look in earlier:
        if look.weights_sha256 == weights_sha256:
            return look
    if earlier and not insist:
        raise _refusal(earlier)
    return None


def _refusal(earlier: Sequence[Look]) -> Refused:
    return Refused(
        Text("The test set stays sealed."),
        Text(
            "It was used {count} times already, the first time on {day}; choosing between weights by their test "
            "error makes that error too good.",
            count=len(earlier),
            day=f"{earlier[0].utc:%Y-%m-%d}",
        )
        if len(earlier) > 1
        else Text(
            "It was used once already, on {day}; choosing between weights by their test error makes that error "
            "too good.",
            day=f"{earlier[0].utc:%Y-%m-%d}",
        ),
        Text("Compare by the validation error. To look all the same, insist: the number is marked contaminated."),
    )


def store_look(connection: Connection, look: Look, insist: bool) -> Look:
    """Store a look under its number, or return the stored one with the same weights."""
    earlier = [look_record(row) for row in connection.execute(select_looks(look.owner, look.split_hash))]
    stored = judge(earlier, look.weights_sha256, insist)
    if stored is None:
        stored = replace(look, number=len(earlier) + 1, contaminated=bool(earlier))
        connection.execute(insert(schema.look).values(look_row(stored)))
    return stored
