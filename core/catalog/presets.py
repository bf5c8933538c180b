"""Presets: named experiments whose captions are claims, each checked by a test on three seeds."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any

from core.errors import BadInput
from core.text import Text


@dataclass(frozen=True)
class Preset:
    """A starting point named after what happens.

    `caption` is one sentence with the numbers that `tests/presets` checks on three seeds; `first` puts it on the first
    screen; `experiment` is what differs from the default experiment.
    """

    key: str
    title: str
    caption: str
    experiment: dict[str, Any] = field(default_factory=dict)
    first: bool = False


_presets: dict[str, Preset] = {}


def add(new: Preset) -> Preset:
    """Register a preset; its key must be new."""
    if new.key in _presets:
        raise TypeError(f"there is already a preset {new.key!r}")
    _presets[new.key] = new
    return new


def presets() -> dict[str, Preset]:
    """All presets by key, in reading order."""
    return dict(_presets)


def preset(key: object) -> Preset:
    """One preset; BadInput names the nearest keys."""
    if isinstance(key, str) and key in _presets:
        return _presets[key]
    near = difflib.get_close_matches(str(key), list(_presets), n=3)
    raise BadInput(
        Text("There is no preset “{key}”.", key=str(key)),
        Text("Only presets of the catalogue can be named."),
        Text("Nearest: {near}. All: {known}.", near=", ".join(near) or "–", known=", ".join(_presets)),
    )
