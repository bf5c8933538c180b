"""The command `kfold`: what it writes, what it stores, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean, stdev
from typing import Any

import pytest

from core.studies.study import KFOLD
from core.studies.workbench import Workbench
from core.text import Text
from tests.command_line import TINY, Cli


def test_it_answers_with_every_fold_and_their_means_and_stores_ordinary_runs(cli: Cli, file: Callable):
    answer = cli("kfold", file(TINY | {"name": "tiny"}), "--folds", "4")
    assert answer.code == 0, answer.err
    value = answer.value
    assert [(one["fold"], one["state"], one["num_train"], one["num_validation"]) for one in value["folds"]] == [
        (number, "finished", 48, 16) for number in range(1, 5)
    ]
    for split in ("train", "validation"):
        errors = [one[f"{split}_error"] for one in value["folds"]]
        assert value[f"mean_{split}_error"] == pytest.approx(fmean(errors))
        assert value[f"std_{split}_error"] == pytest.approx(stdev(errors))
    assert value["seconds"] > 0
    assert (value["num_folds"], value["nonfinite"]) == (4, [])
    with Workbench.reading() as bench:
        assert bench.studies() == ()
        (study,) = bench.studies(kind=KFOLD)
        runs = {run.id: run for run in bench.runs_of(study.id)}
        assert [runs[one["run"]].name for one in value["folds"]] == [f"tiny {number}/4" for number in range(1, 5)]
        assert {run.facts.engine for run in runs.values()} == {"stacked"}
        validated = {(run.facts.split_hashes or {})["validation"] for run in runs.values()}
        assert len(validated) == 4
        assert str(Text.from_json(study.facts["verdict"][0])).startswith("Mean over 4 folds: validation error")


def test_as_many_folds_as_points_leave_one_out(cli: Cli, file: Callable):
    tiny: dict[str, Any] = TINY | {"dataset": {"key": "xor", "n": 12}, "epochs": 1}
    value = cli("kfold", file(tiny), "--folds", "12").value
    assert [one["num_validation"] for one in value["folds"]] == [1] * 12
    assert value["mean_validation_error"] == pytest.approx(fmean(one["validation_error"] for one in value["folds"]))
    assert {one["validation_error"] for one in value["folds"]} <= {0.0, 1.0}


def test_folds_that_cannot_be_had_are_refused_and_nothing_is_stored(cli: Cli, file: Callable):
    answer = cli("kfold", file(TINY), "--folds", "40")
    assert answer.code == 2
    assert "Use 2 to 32 folds, or 64 to leave one sample out." in answer.value["error"]["fix"]
    with Workbench.reading() as bench:
        assert (bench.studies(kind=None), bench.runs()) == ((), ())


def test_people_are_shown_a_table(cli: Cli, file: Callable):
    answer = cli("kfold", file(TINY), "--folds", "2", "--set", "epochs=1", text=True)
    assert answer.code == 0, answer.err
    assert [line.split()[0] for line in answer.out.splitlines()[:5]] == ["fold", "1", "2", "mean", "std"]
