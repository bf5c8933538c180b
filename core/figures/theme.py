"""Colours of runs and maps, the same in every figure and in the live chart.

A run's colour is one of eight slots. Each has a value for a light and one for a dark page, whose contrast to the page
is at least 3 : 1 (WCAG 2.1, 1.4.11). On one page any two of them stay apart in every kind of colour vision: their
difference (CIEDE2000) is at least 14 for normal, protan and deutan vision and 11 for tritan vision (Machado, Oliveira
and Fernandes, 2009). They were found by a search for the largest of these differences, near the hues of Okabe and Ito
(2008), "Color Universal Design", whose seven alone come as near as 1.1 where they are dark enough for a white page.
Print loses colours, so colour is never the only sign: every slot has a symbol too. Slots 8 to 15 are the same with a
dash.

Runs that a number puts in an order, more than there are slots, take their colours from `RAMP`: the lowest number the
darkest. It is the part of Matplotlib's plasma that stands out from the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LIGHT_BACKGROUNDS = ("#ffffff", "#f4f5f6")
DARK_BACKGROUNDS = ("#14181b", "#1e2428")

SEQUENTIAL = "Viridis"
DIVERGING = "RdBu"


@dataclass(frozen=True)
class Slot:
    """A run's colour on a light and on a dark page; its symbol by Plotly's name, and as a letter beside the name."""

    name: str
    light: str
    dark: str
    symbol: str
    glyph: str


SLOTS = (
    Slot("blue", "#2C34FC", "#7277EE", "circle", "\u25cf"),
    Slot("red", "#773228", "#E33900", "square", "\u25a0"),
    Slot("green", "#147E61", "#0FFAC3", "diamond", "\u25c6"),
    Slot("pink", "#EB5086", "#CB7585", "triangle-up", "\u25b2"),
    Slot("ochre", "#8B5D02", "#CEAB5E", "cross", "\u271a"),
    Slot("sky blue", "#0095D6", "#69B9EF", "triangle-down", "\u25bc"),
    Slot("yellow", "#9E8E01", "#EBEE33", "x", "\u2716"),
    Slot("magenta", "#B10682", "#E50EA8", "star", "\u2605"),
)

RAMP = {
    "light": ("#0d0887", "#5302a3", "#8b0aa5", "#b83289", "#db5c68"),
    "dark": ("#cc4778", "#e56b5d", "#f58c46", "#fdb42f", "#f0f921"),
}


def colour(slot: int, *, dark: bool) -> str:
    """The colour of slot 0 … 15 as #RRGGBB."""
    chosen = SLOTS[slot % len(SLOTS)]
    return chosen.dark if dark else chosen.light


def symbol(slot: int) -> str:
    """The symbol of slot 0 … 15, as Plotly calls it."""
    return SLOTS[slot % len(SLOTS)].symbol


def is_dashed(slot: int) -> bool:
    """Whether a slot belongs to the second eight."""
    return slot % (2 * len(SLOTS)) >= len(SLOTS)


def distinct(wanted: Sequence[int]) -> list[int]:
    """A slot for each that wants one: its own, or a free one where another before it has that already."""
    free = iter(slot for slot in range(2 * len(wanted) + max(wanted, default=0)) if slot not in wanted)
    return [slot if slot not in wanted[:place] else next(free) for place, slot in enumerate(wanted)]


def contrast(first: str, second: str) -> float:
    """The ratio of the relative luminances of two colours, 1 … 21 (WCAG 2.1)."""
    bright, dim = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour_: str) -> float:
    channels = [int(colour_[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
