"""Who is here: when somebody's page was last heard of, and which page that was. Kept in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from core.people import Person

HERE_S = 20.0
"""An open page asks for something every few seconds; one that has not for so long is closed, or sleeps."""


class Present(NamedTuple):
    """Somebody who has joined: the page that was open last, and seconds since it was heard of (None: not yet)."""

    person: Person
    page: str
    ago_s: float | None

    @property
    def is_here(self) -> bool:
        """Whether a page is open now."""
        return self.ago_s is not None and self.ago_s <= HERE_S


class Presence:
    """Notes who was seen when."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[float, str]] = {}

    def seen(self, actor: str, page: str | None = None) -> None:
        """Somebody is here; `page` None: on the page that is known already."""
        before = self._seen.get(actor, (0.0, ""))[1]
        self._seen[actor] = self._clock(), before if page is None else page

    def of(self, person: Person) -> Present:
        """When and where a person was last seen."""
        at, page = self._seen.get(person.id, (None, ""))
        return Present(person, page, None if at is None else self._clock() - at)
