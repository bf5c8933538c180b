"""Colours of runs and maps, the same in every figure and in the live chart.

A run's colour is one of seven slots: Okabe and Ito (2008), "Color Universal Design", without black, each with a value
for a light and one for a dark page whose contrast to the page is at least 3 : 1 (WCAG 2.1, 1.4.11). Slots 7 to 13 are
the same colours with a dash. Colour is never the only sign.
"""

from __future__ import annotations

from dataclasses import dataclass

LIGHT_BACKGROUNDS = ("#ffffff", "#f4f5f6")
DARK_BACKGROUNDS = ("#14181b", "#1e2428")

SEQUENTIAL = "Viridis"
DIVERGING = "RdBu"


@dataclass(frozen=True)
class Slot:
    """A run's colour on a light and on a dark page."""

    name: str
    light: str
    dark: str


SLOTS = (
    Slot("blue", "#0072B2", "#0083CD"),
    Slot("vermillion", "#D55E00", "#D55E00"),
    Slot("green", "#009E73", "#009E73"),
    Slot("purple", "#C76C9E", "#CC79A7"),
    Slot("orange", "#B77F00", "#E69F00"),
    Slot("sky blue", "#1C91D4", "#56B4E9"),
    Slot("yellow", "#958C0C", "#F0E442"),
)


def colour(slot: int, *, dark: bool) -> str:
    """The colour of slot 0 … 13 as #RRGGBB."""
    chosen = SLOTS[slot % len(SLOTS)]
    return chosen.dark if dark else chosen.light


def is_dashed(slot: int) -> bool:
    """Whether a slot belongs to the second seven."""
    return slot % (2 * len(SLOTS)) >= len(SLOTS)


def contrast(first: str, second: str) -> float:
    """The ratio of the relative luminances of two colours, 1 … 21 (WCAG 2.1)."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour_: str) -> float:
    channels = [int(colour_[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
