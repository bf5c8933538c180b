"""The chart's own files: small, parseable, with every word from the labels and none of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.language import translator
from core.live.assets import Assets, plotly_js
from pages.components.live_labels import live_labels
from tests.javascript import ASSETS, check_module, parse_errors

MODULES = sorted([ASSETS / "live_chart.js", *ASSETS.glob("live/*.js")])
COMPOSED = {
    r"(training|validation|gap)_error",
    r"axis_(epoch|update|seconds)",
    r"(ghost|kin)_(training|validation)",
    r"gradient_(zero|underflow|broken)",
    r"more_(loss|weight|ratio|rate|wrong|layers)",
    r"more_(weight|ratio|layers)_axis",
    r"pace_.*",
    r"state_.*",
    r"tab_.*",
    r"view_.*",
    r"training|validation",
    r"not_loaded",
}
"""Labels whose names the script puts together, and the one that only the loader uses."""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_small_and_parses(module: Path):
    check_module(module)


def test_the_check_finds_what_does_not_parse():
    assert parse_errors({"good": "export const x = 1;", "bad": "export const x = ;"}).keys() == {"bad"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_no_markup_no_evaluation_no_foreign_address(module: Path):
    source = module.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://", source
    )


def test_every_label_of_the_script_exists_and_none_is_idle():
    labels = set(live_labels(str))
    source = "".join(module.read_text(encoding="utf-8") for module in MODULES)
    used = set(re.findall(r"\blabels\.(\w+)", source))
    assert used <= labels, used - labels
    idle = {name for name in labels - used if not any(re.fullmatch(pattern, name) for pattern in COMPOSED)}
    assert not idle


def test_what_the_narrator_says_follows_a_chinese_colon_without_a_blank():
    assert live_labels(translator("zh"))["narrator"].endswith("：{words}")


def test_the_version_changes_with_any_file(tmp_path: Path):
    (tmp_path / "live").mkdir()
    for name in ("live_chart.js", "live.css", "live/a.js"):
        (tmp_path / name).write_text("1", encoding="utf-8")
    assets = Assets(tmp_path)
    before = assets.version
    assert assets.version == before
    (tmp_path / "live" / "a.js").write_text("22", encoding="utf-8")
    assert assets.version != before
    found = assets.get("live/a.js")
    assert found is not None
    assert found.content == b"22"


def test_only_known_files_are_found():
    assets = Assets(ASSETS)
    assert assets.get("live/view.js") is not None
    assert [assets.get(name) for name in ("", "live", "live/", "../app.py", "live/../live.css", "/etc/passwd")] == [
        None
    ] * 6


def test_plotly_needs_no_network():
    assert len(plotly_js().content) > 1_000_000
