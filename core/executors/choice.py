"""The executors there are, and whether this machine has what they need. Loads neither torch nor Ray."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

from core.errors import BadInput, Refused, shown
from core.text import Text

LOCAL, RAY = "local", "ray"
EXECUTORS: Final = (LOCAL, RAY)
INSTALL: Final = "pip install -r requirements-ray.txt"


def has_ray() -> bool:
    """Whether Ray is installed."""
    return find_spec("ray") is not None


def checked_executor(name: object) -> str:
    """The name itself; BadInput when there is no such one, Refused when Ray is not installed."""
    if name not in EXECUTORS:
        raise BadInput(
            Text("“{name}” is no executor.", name=shown(name)),
            Text("Runs train in this process, or on a cluster."),
            Text("Use one of {choices}.", choices=", ".join(EXECUTORS)),
        )
    if name == RAY and not has_ray():
        raise Refused(
            Text("Nothing can train on a cluster here."),
            Text("Ray is not installed."),
            Text("Install it with: {command}", command=INSTALL),
        )
    return str(name)


def kept(executor: str) -> dict[str, str]:
    """What a study keeps, so that it goes on where it was."""
    return {} if executor == LOCAL else {"executor": executor}


def executor_of(facts: Mapping[str, Any]) -> str:
    """Where a stored study goes on: here, where it trained on a cluster and there is no Ray any more."""
    return facts.get("executor", LOCAL) if has_ray() else LOCAL
