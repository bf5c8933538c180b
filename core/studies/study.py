"""Names of studies: their kind in the store, and their channel in the hub beside those of their runs."""

from __future__ import annotations

COMPARISON = "comparison"
"""The kind of a stored comparison."""

PREVIEW_PREFIX = "preview-"
PRICE_PREFIX = "price-"
"""Beginnings of the channels on which untrained networks and prices of comparisons are told: nobody owns these."""
_PREFIX = "study-"


def study_channel(study: str) -> str:
    """The channel of the hub on which a study as a whole is told; its runs have their own."""
    return f"{_PREFIX}{study}"


def is_channel(channel: str) -> bool:
    """Whether a channel is that of a study."""
    return channel.startswith(_PREFIX)


def is_for_all(channel: str) -> bool:
    """Whether a channel tells of nothing that somebody owns."""
    return channel.startswith((PREVIEW_PREFIX, PRICE_PREFIX))


def study_of(channel: str) -> str:
    """The study of a channel that `study_channel` made."""
    return channel.removeprefix(_PREFIX)
