"""What the browser makes of K-fold: means over folds, small modules, words from the labels alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.live.assets import Assets
from pages.components.folds_chart import folds_labels
from tests.javascript import ASSETS, check_module, said

MODULES = sorted([ASSETS / "folds_chart.js", *ASSETS.glob("folds/*.js")])
MEANS = 'const { meanCurve, meanOf } = await import("FOLDER/folds/means.js");'


def means(script: str) -> Any:
    return said(script, MEANS)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_parses_and_makes_no_markup(module: Path):
    check_module(module)


def test_the_modules_are_served():
    assets = Assets(ASSETS)
    for name in ("folds_chart.js", "folds.css", "folds/view.js", "folds/means.js"):
        assert assets.get(name) is not None, name


def test_every_word_of_folds_is_asked_for_and_every_word_that_is_asked_for_is_there():
    source = "\n".join(module.read_text(encoding="utf-8") for module in MODULES)
    labels = folds_labels(str)
    asked = set(re.findall(r"labels\.(\w+)", source))
    assert asked <= set(labels)
    own = {name for name in labels if "fold" in name or name.startswith("mean_")}
    built = {f"mean_{split}" for split in ("training", "validation")}
    built |= {f"mean_so_far_{split}" for split in ("training", "validation")}
    assert own == (asked & own) | built


def test_the_mean_and_spread_are_those_of_the_folds():
    assert means("meanOf([1, 2, 3])") == {"mean": 2, "deviation": 1, "count": 3}
    found = means("meanCurve([{steps: [0, 10], values: [4, 2]}, {steps: [0, 10], values: [2, 2]}])")
    assert (found["steps"], found["mean"]) == ([0, 10], [3, 2])
    assert found["high"] == pytest.approx([3 + 2**0.5, 2])
    assert found["low"] == pytest.approx([3 - 2**0.5, 2])


def test_a_mean_reaches_as_far_as_all_folds_do_and_reads_thinned_curves_between_their_steps():
    found = means("meanCurve([{steps: [0, 5, 10], values: [0, 5, 10]}, {steps: [0, 10, 20], values: [0, 10, 20]}])")
    assert (found["steps"], found["mean"]) == ([0, 5, 10], [0, 5, 10])
    assert means("meanCurve([])")["steps"] == []
