"""Run colours: seven, apart from each other, readable on both pages."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from core.figures.theme import DARK_BACKGROUNDS, LIGHT_BACKGROUNDS, SLOTS, Slot, colour, contrast, is_dashed

CONFIG = Path(__file__).parents[3] / ".streamlit" / "config.toml"


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: slot.name)
def test_every_colour_stands_out_from_its_page(slot: Slot):
    assert all(contrast(slot.light, background) >= 3 for background in LIGHT_BACKGROUNDS)
    assert all(contrast(slot.dark, background) >= 3 for background in DARK_BACKGROUNDS)


def test_the_pages_are_those_of_the_theme():
    theme = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["theme"]
    for name, backgrounds in (("light", LIGHT_BACKGROUNDS), ("dark", DARK_BACKGROUNDS)):
        assert backgrounds == (theme[name]["backgroundColor"], theme[name]["secondaryBackgroundColor"])


def test_seven_slots_without_black_and_seven_more_with_a_dash():
    assert len({colour(slot, dark=False) for slot in range(7)}) == 7
    assert colour(8, dark=True) == colour(1, dark=True)
    assert [is_dashed(slot) for slot in (0, 6, 7, 13, 14)] == [False, False, True, True, False]


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1
