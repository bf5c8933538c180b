"""Command: what a person asks of a run, and the paces a run can keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.errors import BadInput, shown
from core.text import Text

PACES = ("10s", "1min", "1/s", "max")
"""The whole run in 10 seconds, in a minute, one update a second, as fast as it goes."""


def checked_pace(pace: object) -> str:
    """The pace itself; BadInput when there is no such one."""
    if pace not in PACES:
        raise BadInput(
            Text("“{pace}” is no pace.", pace=shown(pace)),
            Text("A run keeps one of a few paces."),
            Text("Use one of {paces}.", paces=", ".join(PACES)),
        )
    return str(pace)


@dataclass(frozen=True)
class Command:
    """What a person asks of a run: start, pause, resume, step, stop, extend, set, pace, curvature, with its values.

    `curvature` {"every": k} has its curvature measured after every k updates, 0 no more: this changes nothing of the
    run. `only`: the runs of a comparison that are to go on; () for all of them.
    """

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    actor: str = "local"
    only: tuple[str, ...] = ()

    def means(self, run: str) -> bool:
        """Whether a run of a comparison is meant."""
        return not self.only or run in self.only
