"""Run colours: eight, apart from each other in every kind of vision, readable on both pages."""

from __future__ import annotations

import itertools
import re
import tomllib

import pytest

from core.figures.theme import (
    DARK_BACKGROUNDS,
    LIGHT_BACKGROUNDS,
    RAMP,
    SLOTS,
    Slot,
    colour,
    contrast,
    distinct,
    is_dashed,
    symbol,
)
from core.store.changes import NUM_COLOURS
from tests.sources import ROOT
from tests.unit.figures.colour_vision import VISIONS, difference, lab

CONFIG = ROOT / ".streamlit" / "config.toml"
STYLES = ROOT / "assets" / "pages.css"

APART = {"normal": 14.0, "protan": 14.0, "deutan": 14.0, "tritan": 11.0}
"""The least ΔE₀₀ of any two run colours; found 18.9, 15.0, 14.4 and 11.6. What is called just noticeable is 1 to 2."""

SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
]
"""From the table of test data of the paper."""


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: slot.name)
def test_every_colour_stands_out_from_its_page(slot: Slot):
    assert all(contrast(slot.light, background) >= 3 for background in LIGHT_BACKGROUNDS)
    assert all(contrast(slot.dark, background) >= 3 for background in DARK_BACKGROUNDS)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("vision", VISIONS)
def test_any_two_runs_can_be_told_apart_by_colour(vision: str, dark: bool):
    seen = [lab(colour(slot, dark=dark), vision) for slot in range(len(SLOTS))]
    least = min(difference(first, second) for first, second in itertools.combinations(seen, 2))
    assert least >= APART[vision]


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_the_difference_of_colours_is_that_of_the_standard(first, second, expected: float):
    assert difference(first, second) == pytest.approx(expected, abs=1e-4)
    assert difference(second, first) == pytest.approx(expected, abs=1e-4)


def test_the_pages_are_those_of_the_theme():
    theme = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]
    for name, backgrounds in (("light", LIGHT_BACKGROUNDS), ("dark", DARK_BACKGROUNDS)):
        assert backgrounds == (theme[name]["backgroundColor"], theme[name]["secondaryBackgroundColor"])


def test_eight_slots_and_eight_more_with_a_dash():
    assert len(SLOTS) == NUM_COLOURS == len({colour(slot, dark=False) for slot in range(8)})
    assert colour(9, dark=True) == colour(1, dark=True)
    assert [is_dashed(slot) for slot in (0, 7, 8, 15, 16)] == [False, False, True, True, False]


def test_colour_is_never_the_only_sign():
    assert len({slot.symbol for slot in SLOTS}) == len({slot.glyph for slot in SLOTS}) == len(SLOTS)
    assert symbol(10) == symbol(2)


def test_the_dots_of_the_variants_have_the_colours_of_the_runs():
    dots = re.findall(r"\.st-key-variant-(\d).*light-dark\((#\w{6}), (#\w{6})\)", STYLES.read_text(encoding="utf-8"))
    assert dots == [(str(place), slot.light, slot.dark) for place, slot in enumerate(SLOTS)]


@pytest.mark.parametrize(
    ("name", "backgrounds"), [("light", LIGHT_BACKGROUNDS), ("dark", DARK_BACKGROUNDS)], ids=["light", "dark"]
)
def test_the_colours_of_a_sweep_stand_out_and_grow_lighter(name: str, backgrounds: tuple[str, ...]):
    assert all(contrast(shade, background) >= 3 for shade in RAMP[name] for background in backgrounds)
    for vision in VISIONS:
        lightness = [lab(shade, vision)[0] for shade in RAMP[name]]
        assert lightness == sorted(lightness)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1


@pytest.mark.parametrize("wanted", [[], [3], [0, 0, 0], [5, 1, 5, 2], [15, 15]])
def test_what_stands_in_one_picture_has_slots_of_its_own_and_keeps_its_slot_where_it_can(wanted: list[int]):
    slots = distinct(wanted)
    assert len(set(slots)) == len(slots) == len(wanted)
    firsts = {slot: place for place, slot in reversed(list(enumerate(wanted)))}
    assert all(slots[place] == slot for slot, place in firsts.items())
