"""Run ids: made here, checked everywhere, sortable by time. No path or query is built from anything else."""

from __future__ import annotations

import re
import secrets
import threading
import time

from core.errors import BadInput
from core.text import Text

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Base 32 in the order of its character codes, without i, l, o and u, which are misread."""

_TIME_LETTERS = 10
_CHANCE_LETTERS = 8
LENGTH = _TIME_LETTERS + _CHANCE_LETTERS
_PATTERN = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """18 lower-case letters and digits: 50 bits of milliseconds since 1970, then 40 bits of chance.

    Ids made by one process increase strictly.
    """
    global _last
    with _lock:
        number = time.time_ns() // 1_000_000 << 5 * _CHANCE_LETTERS | secrets.randbits(5 * _CHANCE_LETTERS)
        _last = number = max(number, _last + 1)
    letters = _TIME_LETTERS + _CHANCE_LETTERS
    return "".join(ALPHABET[number >> 5 * (letters - 1 - place) & 31] for place in range(letters))


def is_id(value: object) -> bool:
    """Whether a value has the form of an id."""
    return isinstance(value, str) and _PATTERN.fullmatch(value) is not None


def checked_id(value: object) -> str:
    """The id itself; BadInput when it does not have an id's form."""
    if isinstance(value, str) and is_id(value):
        return value
    shown = value if isinstance(value, str) else repr(value)
    raise BadInput(
        Text("“{id}” is not the id of a run.", id=shown[:40].encode("ascii", "backslashreplace").decode()),
        Text("An id is {length} lower-case letters and digits.", length=LENGTH),
        Text("Copy it from the table of runs."),
    )
