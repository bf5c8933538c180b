"""What the browser makes of the Gradients page's panels: small modules, words from the labels alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.live.assets import Assets
from tests.javascript import ASSETS, check_module

MODULES = sorted([ASSETS / "gradients_chart.js", *ASSETS.glob("gradients/*.js")])
SHARED = [ASSETS / "live" / name for name in ("frame.js", "plot.js")]
"""Modules of other charts that this one uses; the labels they ask for must be there too."""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_parses_and_makes_no_markup(module: Path):
    check_module(module)


def test_the_modules_are_served():
    assets = Assets(ASSETS)
    for name in ("gradients_chart.js", "gradients.css", "gradients/view.js"):
        assert assets.get(name) is not None, name


def test_every_word_on_the_page_comes_from_the_labels_and_none_is_left_over():
    from pages.components.gradients_chart import labels

    asked = {
        name
        for module in [*MODULES, *SHARED]
        for name in re.findall(r"labels\.(\w+)", module.read_text(encoding="utf-8"))
    }
    assert asked == set(labels(str))
