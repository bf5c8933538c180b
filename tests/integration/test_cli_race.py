"""`python -m core race`: the answer, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.cli import main


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    code = main(["race", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_the_paths_of_the_valley(capsys: pytest.CaptureFixture[str]):
    code, found = answer(
        capsys, "quadratic", "--optimizers", "gd,momentum", "--set", "momentum.momentum=0.5", "--lr", "0.4",
        "--start=-5,-2", "--steps", "20",
    )  # fmt: skip
    assert code == 0
    assert found["surface"] == "quadratic"
    assert {name: len(path) for name, path in found["paths"].items()} == {"gd": 21, "momentum": 21}
    assert found["paths"]["gd"][0] == [-5, -2]
    assert found["losses"]["gd"][-1] == pytest.approx(0.0890, abs=5e-5)
    assert found["paths"]["gd"][1] == pytest.approx([-4.6, 1.2])


def test_who_has_no_learning_rate_is_noted(capsys: pytest.CaptureFixture[str]):
    code, found = answer(capsys, "x^2 + y^2", "--optimizers", "adadelta", "--lr", "0.4", "--start=1,1", "--steps", "3")
    assert code == 0
    assert "AdaDelta" in found["notes"][0]


def test_what_is_beyond_every_bound_is_null(capsys: pytest.CaptureFixture[str]):
    code, found = answer(capsys, "rosenbrock", "--lr", "0.4", "--steps", "20")
    assert code == 0
    assert found["paths"]["sgd"][-1] == [None, None]


@pytest.mark.parametrize(
    "words",
    [
        ["__import__('os')"],
        ["no_such_surface"],
        ["saddle", "--optimizers", "no_such_one"],
        ["saddle", "--optimizers", "sgd,gd"],
        ["saddle", "--optimizers", ","],
        ["saddle", "--set", "lr=0.1"],
        ["saddle", "--set", "adam.lr=0.1"],
        ["saddle", "--set", "sgd.lr=-1"],
        ["saddle", "--set", "sgd.no_such_field=1"],
        ["saddle", "--lr", "nan"],
        ["saddle", "--start", "1"],
        ["saddle", "--start", "nan,0"],
        ["saddle", "--start", "1e300,0"],
        ["saddle", "--steps", "0"],
        ["saddle", "--noise", "-1"],
        ["1/0"],
    ],
)
def test_bad_input_ends_with_code_2_and_a_sentence(capsys: pytest.CaptureFixture[str], words: list[str]):
    code, found = answer(capsys, *words)
    assert code == 2
    assert found["error"]["what"]
