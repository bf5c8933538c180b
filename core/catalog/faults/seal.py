"""Seals: a fault as a word that does not tell which, to stand in links and files.

A seal keeps a fault from being seen, not from being found out: whoever has this program can try all faults, as
`opened` does. Two seals of one fault have nothing in common, and one seal means the same on every machine.
"""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache
from typing import Any

from core.catalog.faults.fault import Fault
from core.catalog.registry import entries
from core.errors import BadInput
from core.text import Text

LETTERS = "bcdfghjklmnpqrst"
"""One for each four bits: without vowels no seal spells a word."""
SALT_BYTES, TAG_BYTES = 4, 6
LENGTH = 2 * (SALT_BYTES + TAG_BYTES)
NO_FAULT = Fault()


def sealed(key: str) -> str:
    """A new seal of the fault with this key."""
    return _written(secrets.token_bytes(SALT_BYTES), key)


@lru_cache(maxsize=256)
def opened(seal: str) -> Fault:
    """The fault behind a seal; `NO_FAULT` for the empty one. BadInput where it is no seal."""
    if not seal:
        return NO_FAULT
    if len(seal) == LENGTH and set(seal) <= set(LETTERS):
        salt = bytes.fromhex("".join(f"{LETTERS.index(letter):x}" for letter in seal[: 2 * SALT_BYTES]))
        for key, cls in entries("faults").items():
            if _written(salt, key) == seal:
                return cls()  # type: ignore[return-value]
    raise BadInput(
        Text("The seal “{seal}” cannot be opened.", seal=seal[:40]),
        Text("It was changed, or made by another version of this program."),
        Text("Copy the link anew, or leave “sealed” out to train without a fault."),
    )


def acting(experiment: Any) -> Fault:
    """The fault that is sealed in an experiment; `NO_FAULT` where these choices leave it nothing to act on.

    Such choices are not refused: a refusal would tell which fault it is.
    """
    fault = opened(experiment.sealed)
    try:
        fault.check(experiment)
    except BadInput:
        return NO_FAULT
    return fault


def _written(salt: bytes, key: str) -> str:
    tag = hashlib.blake2b(key.encode(), digest_size=TAG_BYTES, salt=salt).digest()
    return "".join(LETTERS[int(digit, 16)] for digit in (salt + tag).hex())
