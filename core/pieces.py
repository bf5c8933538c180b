"""Work in pieces: a generator that yields between them and returns what came out."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

S = TypeVar("S")
T = TypeVar("T")


def worked_off(pieces: Generator[Any, None, T]) -> T:
    """Do all pieces, one right after another; what they return."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value


def saying(word: S, pieces: Generator[Any, None, T]) -> Generator[S, None, T]:
    """The same pieces of work, each of which yields `word`."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value
        yield word
