"""The benchmarks can be run, and what they compare is equal; nothing here is timed."""

from __future__ import annotations

import ast
import json
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from bench import __main__ as command
from bench.figure import Figure
from tests.sources import dotted_name, sources


def module(name: str) -> Any:
    """A benchmark, imported."""
    return import_module(f"bench.{name}")


def files_with_measure() -> set[str]:
    """The files of the folder that define `measure`."""
    return {
        Path(source.path).stem
        for source in sources("bench")
        for node in source.tree.body
        if isinstance(node, ast.FunctionDef) and node.name == "measure"
    }


def test_every_benchmark_is_run_by_the_command():
    assert set(command.FIGURES) == files_with_measure()
    assert len(command.FIGURES) == len(set(command.FIGURES))


@pytest.mark.parametrize("name", command.FIGURES)
def test_every_benchmark_measures_figures_against_a_bar(name: str):
    assert get_type_hints(module(name).measure) == {"return": list[Figure]}
    (source,) = sources(f"bench/{name}.py")
    made = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and dotted_name(node.func) == "Figure"]
    assert made


def test_a_refresh_takes_a_hundredth_of_the_full_figure():
    (figure,) = module("refresh_bytes").measure()
    assert figure.reached, figure


def test_a_bar_is_a_lower_or_an_upper_bound():
    assert Figure("speed", 2.0, 2.0, True, "×", "").reached
    assert not Figure("speed", 1.9, 2.0, True, "×", "").reached
    assert Figure("time", 2.0, 2.0, False, "ms", "").reached
    assert not Figure("time", 2.1, 2.0, False, "ms", "").reached


def test_the_command_keeps_what_it_measured_and_names_what_failed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
):
    def broken() -> list[Figure]:
        raise AssertionError("the two loops do not compute the same")

    results = tmp_path / "results.json"
    monkeypatch.setattr(command, "RESULTS", results)
    monkeypatch.setattr(module("recording"), "measure", lambda: [Figure("cheaper", 9.0, 10.0, True, "×", "")])
    monkeypatch.setattr(module("evaluation"), "measure", broken)
    monkeypatch.setattr("bench.calibration.calibration", lambda: {"loop_ms": 1.0, "products_ms": 1.0, "load": 0.0})
    assert command.main(["recording", "evaluation"]) == 1
    kept = json.loads(results.read_text(encoding="utf-8"))
    assert [(figure["name"], figure["reached"]) for figure in kept["figures"]] == [("cheaper", False)]
    assert kept["failed"] == {"evaluation": "AssertionError: the two loops do not compute the same"}
    assert {"date", "machine", "versions", "calibration"} <= set(kept)
    assert "0 of 1 bars" in capsys.readouterr().out
