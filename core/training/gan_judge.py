"""What can be said of a generator's samples: how varied they are, and how near to the images it has seen.

Distances are root mean squares over an image's values, which lie between 0 and 1: 0.1 is a tenth of full brightness a
pixel. Shapes: K classes, n samples a class, D values an image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.text import Text

COLLAPSED_BELOW = 0.5
"""A class has collapsed where its samples differ by less than this share of what real ones differ by."""
JUDGED_FROM = 0.3
"""Before this share of its updates a generator has not begun to differ: nothing is said."""
COPIED_BELOW = 0.5
"""Samples are copies where they lie nearer to a training image than this share of what training images do."""
ONLY_ONE = Text("no class has two training images that differ")
NUM_COMPARED = 24
"""So many samples of a class are compared with each other."""
MOST_ROWS = 4096
"""Of so many training images at a time distances are measured."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What real images are like.

    `spread` (K,): their mean distance within each class, NaN where no two of it differ; `nearest`: within so much half
    of them have another one of their class, 0 where that cannot be said.
    """

    spread: np.ndarray
    nearest: float


def spread_of(images: Tensor) -> float:
    """The mean distance between any two of some images (n, …); NaN for a single one."""
    return float(torch.pdist(images.flatten(1)).mean()) / _unit(images)


def reference(of_class: Sequence[Tensor]) -> Reference:
    """Of some real images of each class, (n, …) each."""
    several = [group.flatten(1) for group in of_class if len(group) > 1]
    apart = [torch.cdist(group, group).fill_diagonal_(torch.inf).min(1).values for group in several]
    return Reference(
        np.array([(len(group) > 1 and spread_of(group)) or np.nan for group in of_class]),
        float(torch.cat(apart).median()) / _unit(several[0]) if several else 0.0,
    )


def variety(samples: Tensor, known: Reference) -> np.ndarray:
    """The spread of generated samples (K, n, …) in each class, as a share of the real ones'."""
    return np.array([spread_of(group) for group in samples]) / known.spread


def neighbours(samples: Tensor, images: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
    """For each of some samples (M, …) the place of the nearest image, (N, …) in parts, and its distance."""
    best = torch.full((len(samples),), torch.inf, device=samples.device)
    place = torch.zeros(len(samples), dtype=torch.int64, device=samples.device)
    start = 0
    for some in images:
        distance, found = torch.cdist(samples.flatten(1), some.flatten(1)).min(1)
        place = torch.where(distance < best, found + start, place)
        best = torch.minimum(best, distance)
        start += len(some)
    return place, best / _unit(samples)


def verdict(variety_K: np.ndarray, progress: float, class_names: tuple[str, ...]) -> Mapping[str, Text | bool]:
    """{"alarm": whether classes have collapsed, "text": that in words with its numbers, None: too early}."""
    if progress < JUDGED_FROM:
        return {"alarm": False, "text": Text("Too early to tell whether its samples are varied.")}
    rule = {"limit": 100 * COLLAPSED_BELOW}
    collapsed = [place for place, share in enumerate(variety_K) if share < COLLAPSED_BELOW]
    if not collapsed:
        if np.isnan(variety_K).all():
            return {"alarm": False, "text": Text("How varied they should be is not known: {only}.", only=ONLY_ONE)}
        lowest = int(np.nanargmin(variety_K))
        return {
            "alarm": False,
            "text": Text(
                "No mode collapse: two samples of a class differ by at least {share:.0f} % of what two real images of "
                "it differ by, least in class {name}. Rule: below {limit:.0f} % is an alarm.",
                share=100 * float(variety_K[lowest]),
                name=class_names[lowest],
                **rule,
            ),
        }
    worst = min(collapsed, key=lambda place: variety_K[place])
    return {
        "alarm": True,
        "text": Text(
            "Mode collapse in {num} of {count} classes: in class {name} two samples differ by only {share:.0f} % of "
            "what two real images of it differ by. Rule: below {limit:.0f} %. Another seed or more real images may "
            "help.",
            num=len(collapsed),
            count=len(variety_K),
            name=class_names[worst],
            share=100 * float(variety_K[worst]),
            **rule,
        ),
    }


def are_copies(distances: np.ndarray, known: Reference) -> bool:
    """Whether half of the samples lie that near to a training image; never where no two images can be compared."""
    return bool(np.median(distances) < COPIED_BELOW * known.nearest)


def copies(distances: np.ndarray, known: Reference) -> Text:
    """Whether the samples are copies of training images, in words with the numbers."""
    numbers = {"middle": float(np.median(distances)), "real": known.nearest, "limit": 100 * COPIED_BELOW}
    if not known.nearest:
        return Text(
            "Half of the samples lie within {middle:.2f} of a training image; whether they are copies is not known: "
            "{only}.",
            only=ONLY_ONE,
            **numbers,
        )
    if are_copies(distances, known):
        return Text(
            "They are copies: half of the samples lie within {middle:.2f} of a training image, and half of the "
            "training images within {real:.2f} of another one of their class. Rule: below {limit:.0f} % of that.",
            **numbers,
        )
    return Text(
        "No copies: half of the samples lie within {middle:.2f} of a training image, and half of the training images "
        "within {real:.2f} of another one of their class. Rule: below {limit:.0f} % of that they would be copies.",
        **numbers,
    )


def _unit(images: Tensor) -> float:
    return images[0].numel() ** 0.5
