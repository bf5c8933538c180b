"""What the browser makes of the Class page: the lines of a tile, what it asks for, and every word that it uses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from core.live.assets import Assets
from pages.components import class_charts
from tests.javascript import ASSETS, check_module, said

MODULES = sorted([*(ASSETS / f"{name}_chart.js" for name in ("wall", "answers")), *ASSETS.glob("classroom/*.js")])

PRELUDE = """
    const { BriefData, outlines } = await import(new URL("classroom/tile.js", "FOLDER/"));
    const curves = (steps, validation, train) =>
      outlines({ validation: { steps, values: validation }, train: { steps, values: train } }, 10);
"""


def seen(script: str) -> Any:
    """What a script says, given the module of a tile."""
    return said(script, PRELUDE)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_parses_and_makes_no_markup(module: Path):
    check_module(module)


def test_the_modules_are_served():
    assets = Assets(ASSETS)
    for name in ("wall_chart.js", "answers_chart.js", "classroom.css", "classroom/wall.js", "classroom/answers.js"):
        assert assets.get(name) is not None, name


def test_both_curves_stand_on_the_axes_of_the_higher_one_up_to_the_planned_end():
    lines = seen("curves([0, 5], [0.5, 0.25], [0.25, 0])")
    assert lines == {"validation": "M0.00 0.00L50.00 20.00", "train": "M0.00 20.00L50.00 40.00"}


def test_a_curve_has_a_gap_where_a_value_is_not_finite_and_none_without_values():
    assert seen("curves([0, 5, 10], [1, NaN, Infinity], [1, NaN, 0.5]).train") == "M0.00 0.00M100.00 20.00"
    assert seen("curves([], [], [])") == {"validation": "", "train": ""}


def test_a_run_that_went_on_beyond_its_plan_ends_at_the_edge():
    assert seen("curves([0, 20], [1, 1], [1, 1]).train") == "M0.00 0.00L100.00 0.00"


def test_a_tile_asks_for_errors_only():
    assert seen("new BriefData('a').position()") == {"lineage": None, "rows": None, "brief": True}


def test_every_label_that_the_wall_asks_for_is_there():
    source = "".join((ASSETS / "classroom" / name).read_text(encoding="utf-8") for name in ("wall.js", "tile.js"))
    wanted = set(re.findall(r"labels\.([a-z_]+)", source))
    known = set(class_charts.wall_labels())
    assert wanted - known == set()
    assert {name for name in known - wanted if not name.startswith("state_")} == {"not_loaded"}
