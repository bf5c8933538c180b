"""Names of studies: their kind in the store, and their channel in the hub beside those of their runs."""

from __future__ import annotations

COMPARISON = "comparison"
"""The kind of a stored comparison."""
KFOLD = "kfold"
"""The kind of a comparison whose variants are run with every fold of the samples."""
SEARCH = "search"
"""The kind of a stored search."""

PREVIEW_PREFIX = "preview-"
PRICE_PREFIX = "price-"
GENERATOR_PREFIX = "generator-"
"""Beginnings of the channels on which untrained networks, prices of comparisons and generators are told: what is told
there is nobody's."""
_PREFIX = "study-"


def study_channel(study: str) -> str:
    """The channel of the hub on which a study as a whole is told; its runs have their own."""
    return f"{_PREFIX}{study}"


def is_channel(channel: str) -> bool:
    """Whether a channel is that of a study."""
    return channel.startswith(_PREFIX)


def is_for_all(channel: str) -> bool:
    """Whether a channel tells of nothing that somebody owns."""
    return channel.startswith((PREVIEW_PREFIX, PRICE_PREFIX, GENERATOR_PREFIX))


def is_generator(channel: str) -> bool:
    """Whether a channel is that of a generator."""
    return channel.startswith(GENERATOR_PREFIX)


def study_of(channel: str) -> str:
    """The study of a channel that `study_channel` made."""
    return channel.removeprefix(_PREFIX)
