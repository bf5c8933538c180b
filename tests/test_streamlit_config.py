"""The settings of `.streamlit/config.toml` on which promises rest, as Streamlit itself reads them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from tests.sources import ROOT

OPTIONS = """
import json, sys
from streamlit import config
print(json.dumps({name: config.get_option(name) for name in json.loads(sys.argv[1])}))
"""

CONFIG: dict[str, Any] = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
THEMES = ("light", "dark")


def flat(section: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The options by dotted name."""
    options: dict[str, Any] = {}
    for name, value in section.items():
        options |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return options


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance of "#rrggbb"."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2 contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_streamlit_reads_every_option_as_it_is_written():
    written = flat(CONFIG)
    answer = subprocess.run(
        [sys.executable, "-c", OPTIONS, json.dumps(list(written))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert json.loads(answer.stdout) == written
    assert "not a valid config option" not in answer.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("runner.postScriptGC", False),
        ("browser.gatherUsageStats", False),
        ("server.address", "127.0.0.1"),
        ("server.headless", True),
        ("server.maxUploadSize", 20),
        ("client.toolbarMode", "minimal"),
    ],
)
def test_options_on_which_promises_rest(option: str, value: object):
    assert flat(CONFIG)[option] == value


def test_the_font_has_chinese():
    for font in ('"Noto Sans CJK SC"', '"PingFang SC"', '"Microsoft YaHei"'):
        assert font.strip('"') in CONFIG["theme"]["font"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("palette", ["chartSequentialColors", "chartDivergingColors"])
def test_palettes_have_ten_colours(theme: str, palette: str):
    colours = CONFIG["theme"][theme][palette]
    assert len(colours) == 10
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in colours)


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_controls_stand_out(theme: str):
    colours = CONFIG["theme"][theme]
    for background in (colours["backgroundColor"], colours["secondaryBackgroundColor"]):
        assert contrast(colours["textColor"], background) >= 7
        assert contrast(colours["linkColor"], background) >= 4.5
        assert contrast(colours["primaryColor"], background) >= 3
    assert contrast("#ffffff", colours["primaryColor"]) >= 4.5, "the label of the Start button"


@pytest.mark.parametrize("theme", THEMES)
def test_the_sequential_palette_grows_lighter_throughout(theme: str):
    steps = [luminance(colour) for colour in CONFIG["theme"][theme]["chartSequentialColors"]]
    assert steps == sorted(steps)
