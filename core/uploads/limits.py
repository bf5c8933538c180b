"""What a file may hold, checked before a library reads it, and the words for what may not be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import BadInput
from core.text import Text, is_showable

MAX_FILE_BYTES = 20 * 2**20
MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 200 * 2**20
MAX_UNPACKED_BYTES = 400 * 2**20
MAX_RATIO = 1_000
"""A file that is packed smaller than this share of itself is a bomb."""
MAX_PIXELS = 16_000_000
MAX_SIDE = 64
"""Images of one size up to this side stay as they are; others become squares of `SIDE`."""
SIDE = 32
MAX_SAMPLES = 100_000
MAX_FEATURES = 2_000
MIN_SAMPLES = 20
MIN_IN_CLASS = 5
MAX_CLASSES = 100
MAX_NAME = 40
MAX_VALUE = 1e6
"""Numbers of a larger size overflow when they are squared and summed in float32."""

Tell = Callable[[float], None]
"""Hears how much of a file is decoded, 0 to 1."""


def untold(share: float) -> None:
    """For whoever does not want to know how far it is."""


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a file holds.

    inputs: uint8 (N, C, H, W) images or float32 (N, F) numbers; targets: int64 (N,) classes or float32 (N, 1) values,
    for which there are no class names.
    """

    inputs: np.ndarray
    targets: np.ndarray
    class_names: tuple[str, ...]
    feature_names: tuple[str, ...] = ()


def refused(name: str, why: Text, fix: Text) -> BadInput:
    """The error of a file that cannot be used."""
    return BadInput(Text("“{name}” cannot be used as data.", name=shown_name(name)), why, fix)


def shown_name(name: str) -> str:
    """A name from a file as a page shows it: short, without what a template or a terminal stumbles over."""
    letters = "".join(letter for letter in name if is_showable(letter)).translate({ord("{"): "(", ord("}"): ")"})
    words = " ".join(letters.split())
    return words if len(words) <= MAX_NAME else f"{words[: MAX_NAME - 1]}…"


def distinct_names(names: list[str]) -> tuple[str, ...]:
    """The names as they are shown, told apart where they look alike then; an empty one is a dash."""
    shown: dict[str, int] = {}
    for name in names:
        word = first = shown_name(name) or "–"
        while word in shown:
            shown[first] += 1
            word = f"{first} ({shown[first]})"
        shown[word] = 1
    return tuple(shown)


def checked(name: str, data: Decoded) -> Decoded:
    """The data, where there are enough and of a usable kind; BadInput says what is missing."""
    num = len(data.targets)
    if num < MIN_SAMPLES or num > MAX_SAMPLES:
        raise refused(
            name,
            Text(
                "It holds {num:,} samples; {least:,} to {most:,} can be used.",
                num=num,
                least=MIN_SAMPLES,
                most=MAX_SAMPLES,
            ),
            Text("Add samples, or leave some out."),
        )
    if data.inputs.dtype != np.uint8 and not (np.abs(data.inputs) <= MAX_VALUE).all():
        row = int(np.argmax(~(np.abs(data.inputs.reshape(num, -1)) <= MAX_VALUE).all(axis=1)))
        raise refused(
            name,
            Text(
                "Sample {row:,} holds a number that is missing, infinite or above {most:g}.",
                row=row + 1,
                most=MAX_VALUE,
            ),
            Text("Leave that sample out, or give the column another unit."),
        )
    if not data.class_names:
        if not np.isfinite(data.targets).all() or np.ptp(data.targets) == 0:
            raise refused(
                name,
                Text("The numbers to be predicted are missing, infinite or all the same."),
                Text("Give every sample its number, or name classes."),
            )
        return data
    counts = np.bincount(data.targets, minlength=len(data.class_names))
    if not 2 <= len(counts) <= MAX_CLASSES:
        raise refused(
            name,
            Text("It holds {num:,} classes; 2 to {most} can be told apart here.", num=len(counts), most=MAX_CLASSES),
            Text("Put the samples of each class into a folder of their own, or into the last column."),
        )
    smallest = int(counts.argmin())
    if counts[smallest] < MIN_IN_CLASS:
        raise refused(
            name,
            Text(
                "The class “{label}” has {num} samples; at least {least} are needed to train, validate and test.",
                label=data.class_names[smallest],
                num=int(counts[smallest]),
                least=MIN_IN_CLASS,
            ),
            Text("Add samples of this class, or leave it out."),
        )
    return data
