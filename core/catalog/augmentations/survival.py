"""Whether labels survive an augmentation: what can be said from the traits of data set and augmentations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.datasets.dataset import DataSet
from core.catalog.entry import Entry
from core.text import Text


def doubts(dataset: DataSet, entries: Sequence[Entry]) -> list[Text]:
    """A sentence for each way in which these augmentations may make a picture whose label is wrong."""
    chosen = cast(Sequence[Augmentation], entries)
    mirrors = [entry for entry in chosen if entry.may_mirror]
    turners = [entry for entry in chosen if entry.may_turn_over]
    if dataset.input_kind != "image" or dataset.are_signs is False or not (mirrors or turners):
        return []
    if dataset.are_signs is None:
        return [
            Text("Does a picture keep its class when it is mirrored or turned over? Only you know: look at the strips.")
        ]
    found = []
    if mirrors:
        found.append(
            Text(
                "{title}: labels may not survive. The mirror image of a sign is another sign or none: a mirrored 2 "
                "looks like a 5.",
                title=Text(mirrors[0].title),
            )
        )
    if turners:
        found.append(
            Text(
                "{title}: labels may not survive. A sign turned over is another one: a 6 becomes a 9.",
                title=Text(turners[0].title),
            )
        )
    return found
