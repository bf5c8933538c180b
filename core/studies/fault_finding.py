"""Finding a sealed fault: what somebody has tried, what that is worth, and what the instrument reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.catalog.faults import Fault, Instrument, Series, opened
from core.errors import BadInput
from core.store.reader import Reader

POINTS = (3, 2, 1)
"""For the right diagnosis at the first try, the second, the third; none after that."""


def about(seal: str) -> str:
    """The name under which the answers about a seal are kept."""
    return f"fault/{seal}"


@dataclass(frozen=True)
class Finding:
    """How far somebody is with a seal: `tries` are the keys of faults and the instruments that were named with them."""

    seal: str
    tries: tuple[tuple[str, Instrument], ...] = ()
    gave_up: bool = False

    @property
    def fault(self) -> Fault:
        """What is sealed. BadInput where this version does not know it."""
        return opened(self.seal)

    @property
    def is_known(self) -> bool:
        """Whether this version knows what is sealed; a stored seal may be of another one."""
        try:
            opened(self.seal)
        except BadInput:
            return False
        return True

    @property
    def is_found(self) -> bool:
        """Whether one of the tries was right; of what this version does not know, none is."""
        return self.is_known and any(key == self.fault.key for key, _ in self.tries)

    @property
    def is_revealed(self) -> bool:
        """Whether the fault may be told."""
        return self.is_found or self.gave_up

    @property
    def points(self) -> int:
        """What the right diagnosis is worth."""
        return POINTS[len(self.tries) - 1] if self.is_found and len(self.tries) <= len(POINTS) else 0

    def tried(self, key: str, instrument: Instrument) -> Finding:
        """After another try; the same fault is not tried twice, and nothing counts once it is known."""
        if self.is_revealed or any(key == known for known, _ in self.tries):
            return self
        return replace(self, tries=(*self.tries, (key, instrument)))

    def to_json(self) -> dict[str, Any]:
        """What is stored of it."""
        return {"tries": [list(one) for one in self.tries], "gave_up": self.gave_up}

    @classmethod
    def from_json(cls, seal: str, value: Any) -> Finding:
        """What `to_json` wrote."""
        return cls(seal, tuple((key, instrument) for key, instrument in value["tries"]), value["gave_up"])


@dataclass(frozen=True)
class Readings:
    """What a fault's instrument reads in the newest run with it and in the newest healthy one, where there are such.

    Nothing is read where the experiment leaves the fault nothing to act on.
    """

    sealed: float | None
    healthy: float | None


def series_of(store: Reader, run: str) -> Series | None:
    """What was recorded of a run; None before its first update or its first evaluation."""
    steps, evaluations = store.read_steps(run), [found.values for found in store.read_evaluations(run)]
    if not evaluations or not len(steps.get("step", ())):
        return None
    return {**steps, **{name: np.array([row[name] for row in evaluations]) for name in evaluations[0]}}
