"""The command `compare`: what it writes, how it ends, and that an interruption loses nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.experiment import Experiment
from core.store.folder import DataFolder, WriteLock
from core.studies.comparison import Comparison
from core.studies.workbench import Workbench
from tests.command_line import TINY, Cli, ctrl_c

Run = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def compare(cli: Cli, file: Callable) -> Run:
    """Run the command in this process: exit code, JSON value (or text), what stands on stderr."""

    def run(*words: object, base: Any = TINY, text: bool = False) -> tuple[int, Any, str]:
        answer = cli("compare", file(base), *words, text=text)
        return answer.code, answer.out if text else answer.value, answer.err

    return run


def test_it_answers_with_fairness_runs_verdict_and_search(compare: Run):
    code, value, err = compare("--vary", "optimizer=sgd,adam", "--seeds", "2", base=TINY | {"name": "tiny"})
    assert code == 0, err
    assert value["name"] == "tiny"
    assert [item["name"] for item in value["fairness"]["matched"]] == [
        "first_weights", "batches", "augmentation", "evaluation", "machine",
    ]  # fmt: skip
    assert value["fairness"]["unmatched"] == []
    assert all(len(item["hashes"]) == 4 and item["hash"] for item in value["fairness"]["matched"])
    assert [(run["name"], run["variant"], run["state"]) for run in value["runs"]] == [
        ("SGD #0", "SGD", "finished"), ("Adam #0", "Adam", "finished"),
        ("SGD #1", "SGD", "finished"), ("Adam #1", "Adam", "finished"),
    ]  # fmt: skip
    assert len(value["verdict"]) == 2
    assert all(isinstance(sentence, str) for sentence in value["verdict"])
    assert [len(curve["points"]) for curve in value["search"]["curves"]] == [9, 9]
    assert value["events"] == []
    assert {row["variant"] for row in value["table"]} == {"SGD", "Adam"}
    ends = [row["last_validation_error"] for row in value["table"]]
    assert ends == sorted(ends), "the best first"
    assert all(name.startswith("table.") for name in value["nonfinite"]), "a target that was never reached"
    with Workbench.reading() as bench:
        assert [run.id for run in bench.runs_of(value["study"])] == [run["run"] for run in value["runs"]]
        assert Comparison.from_json(bench.study(value["study"]).document) == Comparison.from_json(value["comparison"])


def test_a_run_is_told_as_train_tells_it(compare: Run, capsys: pytest.CaptureFixture[str]):
    _, value, _ = compare("--vary", "seed=0,1")
    assert main(["runs", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    told = [{name: item for name, item in run.items() if name != "variant"} | {"expected": []} for run in value["runs"]]
    assert told == listed


def test_several_make_the_product_and_set_changes_the_base(compare: Run):
    code, value, err = compare(
        "--vary", "optimizer.lr=log(0.01,1)x3", "batch_size=8,16", "--set", "optimizer=sgd", "epochs=1"
    )
    assert code == 0, err
    assert [run["variant"] for run in value["runs"]] == [
        f"learning rate {rate}, batch size {size}" for rate in ("0.01", "0.1", "1") for size in (8, 16)
    ]
    assert value["search"] is None
    assert [run["epochs"] for run in value["runs"]] == [1.0] * 6
    red = {item["name"]: item["why"] for item in value["fairness"]["unmatched"]}
    assert red.keys() == {"batches"}
    assert "batch size: 8 against 16, by design" in red["batches"]


def test_changing_a_key_follows_the_rule_of_set(compare: Run):
    written = TINY | {"optimizer": {"key": "adam", "lr": 0.001, "beta1": 0.5}}
    _, value, _ = compare("--vary", "optimizer=adam,sgd", "--rates", "hand", base=written)
    with Workbench.reading() as bench:
        optimizers = [run.experiment["optimizer"] for run in bench.runs_of(value["study"])]
    assert [optimizer["lr"] for optimizer in optimizers] == [0.001, 0.001]
    assert any("SGD has no such setting: β₁" in note for note in value["notes"])


def test_one_rate_for_all(compare: Run):
    _, value, _ = compare("--vary", "optimizer=sgd,adam", "--rates", "same", "--set", "optimizer.lr=0.02")
    with Workbench.reading() as bench:
        optimizers = [run.experiment["optimizer"] for run in bench.runs_of(value["study"])]
    assert [optimizer["lr"] for optimizer in optimizers] == [0.02, 0.02]


def test_a_diverged_run_is_an_answer_without_infinite_numbers(compare: Run):
    code, value, _ = compare("--vary", "optimizer.lr=0.1,1e30", "--set", "optimizer=sgd", "epochs=20")
    assert code == 0
    assert [run["state"] for run in value["runs"]] == ["finished", "diverged"]
    assert value["runs"][1]["nonfinite"]
    assert "learning rate 1e+30 diverged" in value["verdict"][0]


def test_as_text_it_is_a_table_with_the_verdict(compare: Run):
    code, out, _ = compare("--vary", "optimizer=sgd,adam", "--rates", "hand", text=True)
    assert code == 0
    assert "fair: 5 of 5" in out
    assert "SGD " in out
    assert "one seed names no winner" in out


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "Nothing is varied"),
        (("--vary", "optimizer=sgd"), "One variant alone"),
        (("--vary", "seed=0,1,2", "batch_size=8,16,32"), "of 9 variants"),
        (("--vary", "seed=0,1", "--seeds", "30"), "seeds is 30"),
        (("--vary", "optimizer=sgd,nothing"), "no entry"),
        (("--vary", "optimizer.lr=log(0,1)x3"), "no range"),
        (("--vary", "architecture=mlp,cnn"), "CNN"),
        (("--vary", "seed=0,1", "--rates", "guessed"), "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_bad_input(compare: Run, words: tuple[str, ...], part: str):
    code, value, err = compare(*words)
    assert code == 2
    assert part in value["error"]["what"]
    assert part in err
    with Workbench.reading() as bench:
        assert (bench.studies(), bench.runs()) == ((), ())


def test_a_folder_that_another_process_holds_is_refused(compare: Run, data_folder: Path):
    with WriteLock.acquire(DataFolder(data_folder)):
        assert compare("--vary", "seed=0,1")[0] == 3


def test_an_interruption_saves_all_runs_which_can_be_resumed(data_folder: Path, compare: Run):
    def is_under_way() -> bool:
        if not DataFolder(data_folder).database.exists():
            return False
        with Workbench.reading(data_folder) as bench:
            runs = bench.runs()
            return len(runs) == 3 and min(run.step for run in runs) > 20

    with ctrl_c(is_under_way):
        code, value, err = compare("--vary", "seed=0,1,2", base=TINY | {"epochs": 100_000})
    assert code == 130, err
    assert [run["state"] for run in value["runs"]] == ["interrupted"] * 3
    with Workbench.open(data_folder) as bench:
        for run in bench.runs_of(value["study"]):
            assert f"python -m core resume {run.id}" in err
            assert bench.store.snapshots(run.id)[-1].step == run.step > 0
            assert Experiment.from_json(run.experiment).epochs == 100_000
