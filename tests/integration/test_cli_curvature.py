"""`python -m core curvature`: the answer, the table, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import TINY, Cli

FIELDS = {"top", "bottom", "residual", "negative_share", "gradient_norm", "spectrum"}


@pytest.fixture
def run(cli: Cli, file: Callable[[Any], Path]) -> str:
    """A stored run of 8 updates."""
    return cli("train", file(TINY)).value["run"]


def test_the_curvature_of_a_run_at_an_update(cli: Cli, run: str):
    last, first = cli("curvature", run), cli("curvature", run, "--step", 0, "--samples", 20)
    assert (last.code, first.code) == (0, 0)
    assert set(last.value) >= FIELDS
    assert (last.value["step"], first.value["step"]) == (8, 0)
    assert first.value["num_samples"] == 20
    for value in (last.value, first.value):
        assert value["bottom"] < value["top"]
        assert 0 <= value["residual"] <= 0.01 * max(abs(value["bottom"]), abs(value["top"]))
        assert 0 <= value["negative_share"] <= 1
        assert value["spectrum"]["eigenvalues"][-1] == value["top"]
        assert sum(value["spectrum"]["shares"]) == pytest.approx(1)
    assert last.value["top"] != first.value["top"]
    assert cli("curvature", run).value == last.value


def test_the_table_tells_the_numbers_of_the_answer(cli: Cli, run: str):
    answer = cli("curvature", run, text=True)
    lines = dict(line.split() for line in answer.out.splitlines())
    assert float(lines["top"]) == pytest.approx(cli("curvature", run).value["top"], rel=1e-5)
    assert set(lines) >= FIELDS - {"spectrum"}


@pytest.mark.parametrize("words", [["--step", "9"], ["--step", "-1"], ["--samples", "0"], ["--samples", "many"]])
def test_bad_input_ends_with_code_2_and_a_sentence(cli: Cli, run: str, words: list[str]):
    answer = cli("curvature", run, *words)
    assert answer.code == 2
    assert answer.value["error"]["fix"]


def test_a_run_that_is_not_there_ends_with_code_2(cli: Cli):
    assert cli("curvature", "a" * 18).code == 2
