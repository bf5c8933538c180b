"""The commands `learning-curve` and `capacity`: a point for every value, over seeds, from ordinary runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import median

import pytest

from core.studies.workbench import Workbench
from tests.command_line import TINY, Cli


def test_a_learning_curve_has_a_point_for_every_size_over_the_seeds(cli: Cli, file: Callable):
    answer = cli("learning-curve", file(TINY), "--sizes", "16,32,64", "--seeds", "2")
    assert answer.code == 0, answer.err
    value = answer.value
    assert value["varied"] == "dataset.n"
    assert [(point["value"], point["num_train"]) for point in value["curve"]] == [(16, 16), (32, 32), (64, 64)]
    for point in value["curve"]:
        assert len(point["train_errors"]) == len(point["validation_errors"]) == 2
        assert point["validation_error"] == pytest.approx(median(point["validation_errors"]))
        assert math.isfinite(point["gap"])
    with Workbench.reading() as bench:
        ends = {run.answer["validation_error"] for run in bench.runs()}
    assert ends == {error for point in value["curve"] for error in point["validation_errors"]}


def test_sizes_of_stored_data_are_taken_from_all_to_a_fiftieth(cli: Cli, file: Callable):
    digits = {"dataset": "digits", "architecture": "logistic", "epochs": 1}
    value = cli("learning-curve", file(digits), "--seeds", "1").value
    assert value["varied"] == "train_size"
    assert [point["num_train"] for point in value["curve"]] == sorted(point["value"] for point in value["curve"])
    assert len(value["curve"]) == 6
    assert value["curve"][0]["num_train"] * 50 <= value["curve"][-1]["num_train"] * 1.1


@pytest.mark.parametrize(
    ("network", "varied", "first", "last"),
    [
        ({"hidden_layers": 2, "width": 8}, "architecture.width", 1, 128),
        ({"widths": [8, 4]}, "architecture.widths", [1, 1], [128, 128]),
    ],
)
def test_capacity_widens_all_layers_of_an_mlp(network, varied: str, first, last, cli: Cli, file: Callable):
    value = cli("capacity", file(TINY | {"architecture": {"key": "mlp", **network}}), "--seeds", "1").value
    assert value["varied"] == varied
    assert [value["curve"][place]["value"] for place in (0, -1)] == [first, last]
    counts = [point["num_parameters"] for point in value["curve"]]
    assert counts == sorted(counts)
    assert counts[0] == 2 + 1 + 1 + 1 + 2 + 2


@pytest.mark.parametrize(
    ("command", "document", "options", "said"),
    [
        ("capacity", TINY | {"architecture": "logistic"}, [], "is not varied by itself"),
        ("learning-curve", TINY, ["--sizes", "16"], "One value gives one point and no curve."),
        ("capacity", TINY, ["--vary", "architecture.width=4"], "One value gives one point and no curve."),
        ("learning-curve", TINY, ["--sizes", "1,2"], "Use a value from 10"),
    ],
)
def test_what_gives_no_curve_is_refused(command: str, document, options, said: str, cli: Cli, file: Callable):
    answer = cli(command, file(document), *options)
    assert answer.code == 2
    assert said in " ".join(answer.value["error"].values())


def test_people_are_shown_a_table(cli: Cli, file: Callable):
    answer = cli("learning-curve", file(TINY), "--sizes", "16,32", "--seeds", "1", text=True)
    assert answer.code == 0, answer.err
    assert [line.split()[0] for line in answer.out.splitlines()[1:3]] == ["16", "32"]
