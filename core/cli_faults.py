"""The commands `seal` and `reveal`: a fault as a word for an experiment, and what such a word stands for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from core.terminal import show_fields

if TYPE_CHECKING:
    from core.cli_training import Answer


def seal(arguments: argparse.Namespace) -> Answer:
    """A new seal of a fault: the field `sealed` of an experiment."""
    from core.catalog.faults import sealed
    from core.catalog.registry import canonical_key

    arguments.show = show_fields
    return {"sealed": sealed(canonical_key("faults", arguments.fault))}, 0


def reveal(arguments: argparse.Namespace) -> Answer:
    """What is sealed."""
    from core.catalog.faults import INSTRUMENTS, opened

    fault = opened(arguments.seal)
    arguments.show = show_fields
    if not fault.key:
        return {"fault": None}, 0
    return {
        "fault": fault.key,
        "title": fault.title,
        "why": fault.why,
        "instrument": str(INSTRUMENTS[fault.instrument]),
        "shows": fault.choose,
        "fix": fault.fix,
    }, 0
