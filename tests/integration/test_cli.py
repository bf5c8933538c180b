"""The command line: what it writes where, how it ends, and that it gives the numbers of the services."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.catalog.registry import FAMILIES, entries
from core.experiment import Experiment
from core.store.folder import DataFolder, WriteLock
from core.studies.report import run_report
from core.studies.workbench import Workbench
from tests.command_line import LONG, TINY, Cli, environment, started
from tests.polling import until

FIELDS = set(
    re.findall(
        r"\w+",
        """run name created parent fork_step fingerprint state reason reason_text num_parameters
        num_train num_validation num_test steps epochs seconds samples_per_s train_loss train_error
        validation_loss validation_error gap best_epoch test_error test_look test_seed test_seal weights_sha256 device
        threads precision engine events notes""",
    )
)


# -- training --------------------------------------------------------------------------------------------------------


def test_train_answers_with_every_field(cli: Cli, file: Callable):
    answer = cli("train", file(TINY | {"name": "tiny"}))
    assert answer.code == 0, answer.err
    value = answer.value
    assert set(value) == FIELDS | {"nonfinite"}
    assert (value["state"], value["reason"], value["name"], value["nonfinite"]) == ("finished", None, "tiny", [])
    assert (value["num_train"], value["num_validation"], value["num_test"]) == (64, 1000, 1000)
    assert (value["num_parameters"], value["steps"], value["epochs"]) == (3 * 8 + 9 * 2, 8, 2.0)
    assert value["fingerprint"] == Experiment.from_json(TINY).fingerprint()
    assert value["gap"] == value["validation_error"] - value["train_error"]
    assert value["test_error"] is value["test_look"] is value["parent"] is None
    assert re.fullmatch("[0-9a-f]{64}", value["weights_sha256"])
    assert (value["device"], value["precision"], value["engine"]) == ("cpu", "float32", "solo")
    assert value["seconds"] > 0
    assert value["samples_per_s"] > 0


def test_runs_and_resume_tell_what_train_told(cli: Cli, file: Callable):
    first = cli("train", file(TINY)).value
    second = cli("train", file(TINY), "--set", "seed=1").value
    assert cli("runs").value == [told | {"expected": []} for told in (first, second)]
    assert cli("resume", first["run"]).value == first
    assert first["weights_sha256"] != second["weights_sha256"]


def test_the_same_experiment_has_the_same_weights(cli: Cli, file: Callable):
    first, second = (cli("train", file(TINY)).value for _ in range(2))
    assert first["run"] != second["run"]
    assert first["weights_sha256"] == second["weights_sha256"]


def test_changes_are_applied_and_what_they_did_is_kept_in_the_notes(cli: Cli, file: Callable):
    path = file(TINY | {"optimizer": {"key": "adam", "lr": 0.02, "beta1": 0.5}})
    answer = cli("train", "--set", "optimizer.key=gd", "epochs=1", path, "--set", "batch_size=100")
    value = answer.value
    assert (value["steps"], value["epochs"]) == (1, 1.0)
    assert value["notes"][:2] == ["Left out, because SGD has no such setting: β₁.", "SGD keeps: learning rate 0.02."]
    assert "batch" in value["notes"][2]
    assert cli("runs").value[0]["notes"] == value["notes"]
    with Workbench.reading() as bench:
        assert bench.runs()[0].experiment["optimizer"] == {"key": "gd", "lr": 0.02}


def test_an_experiment_comes_from_standard_input(cli: Cli, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(TINY).encode())))
    assert cli("train", "-").value["steps"] == 8


def test_a_diverged_run_is_an_answer(cli: Cli, file: Callable):
    document = TINY | {"optimizer": {"key": "sgd", "lr": 1e30}, "epochs": 20}
    answer = cli("train", file(document))
    value = answer.value
    assert (answer.code, value["state"]) == (0, "diverged")
    assert value["reason"] in ("nonfinite_loss", "nonfinite_gradient", "nonfinite_evaluation")
    assert value["reason_text"]
    for name in value["nonfinite"]:
        assert value[name.split(".")[0]] is None or "." in name
    assert cli("resume", value["run"]).value == value


def test_early_stopping_tells_of_the_restored_weights(cli: Cli, file: Callable):
    stop = {"key": "early_stopping", "patience": 1}
    document = TINY | {
        "regularizers": [stop],
        "optimizer": {"key": "sgd", "lr": 8.0},
        "epochs": 60,
        "evaluate_every": 4,
    }
    value = cli("train", file(document)).value
    assert (value["state"], value["reason"]) == ("finished", "early_stopping")
    assert value["best_epoch"] < value["epochs"] < 60
    with Workbench.reading() as bench:
        errors = {row.epoch: row.values["validation/error"] for row in bench.store.read_evaluations(value["run"])}
    assert value["validation_error"] == errors[value["best_epoch"]] == min(errors.values())
    assert [event["kind"] for event in value["events"]] == ["early_stop"]


def test_without_json_a_table_is_written(cli: Cli, file: Callable):
    answer = cli("train", file(TINY), text=True)
    run = re.search(r"^run +(\w+)$", answer.out, re.MULTILINE)
    assert run
    table = cli("runs", text=True).out.splitlines()
    assert len(table) == 2
    assert table[1].startswith(run[1])
    assert "finished" in table[1]


# -- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "not JSON"),
        ("{", "line 1"),
        ('{"epochs": 1,}', "column"),
        ('{"epochs": NaN}', "NaN"),
        ('{"epochs": 1, "epochs": 2}', "twice"),
        ("[" * 100_000, "deep"),
        ('{"dataset": ' * 30 + "1" + "}" * 30, "deep"),
        ("[]", "JSON object"),
        ('{"epochs": "3"}', "without quotes"),
        ('{"epoch": 3}', "epochs"),
        ('{"optimizer": {"key": "adam", "lr": -1}}', "learning rate (lr) is -1"),
        ('{"epochs": ' + "9" * 5000 + "}", "digits"),
        ('{"architecture": "cnn", "dataset": "iris"}', "cannot read"),
        ('{"dataset": {"key": "digits"}, "train_size": 100000}', "train"),
        ('{"preset": "nothing"}', "no preset"),
    ],
)
def test_a_bad_experiment_is_bad_input(cli: Cli, file: Callable, data_folder: Path, content: str, said: str):
    answer = cli("train", file(content))
    assert answer.code == 2
    assert said.lower() in answer.err.lower()
    assert "Traceback" not in answer.err
    assert list(answer.value) == ["error"]
    assert all(answer.value["error"][part] in answer.err for part in ("what", "why", "fix"))
    assert list(data_folder.iterdir()) == []


def test_files_that_are_none_are_bad_input(cli: Cli, tmp_path: Path):
    large, binary = tmp_path / "large.json", tmp_path / "binary.json"
    with large.open("wb") as opened:
        opened.truncate(100 * 10**6)
    binary.write_bytes(b"\xff\xfe\x00")
    for path, said in (
        (large, "larger"),
        (binary, "UTF-8"),
        (tmp_path, "Is a directory"),
        (tmp_path / "none", "No such file"),
    ):
        answer = cli("train", path)
        assert (answer.code, list(answer.value)) == (2, ["error"])
        assert said in answer.err
        assert str(path) in answer.err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["train"],
        ["walk"],
        ["train", "a.json", "b.json"],
        ["train", "FILE", "--sett", "a=1"],
        ["train", "FILE", "--set", "epochs"],
        ["train", "FILE", "--set", "=1"],
        ["train", "FILE", "--set", "nothing=1"],
        ["train", "FILE", "--set", "optimizer.rate=1"],
        ["train", "FILE", "--contaminate"],
        ["train", "FILE", "--data"],
        ["resume"],
        ["resume", "../../etc"],
        ["resume", "00000000000000000"],
        ["resume", "000000000000000000"],
        ["export", "000000000000000000", "--to", "csv", "x.csv"],
        ["export", "000000000000000000", "--to", "xls", "x.csv"],
        ["export", "000000000000000000", "x.csv"],
        ["runs", "--data", "FILE"],
    ],
)
def test_a_bad_command_is_bad_input(cli: Cli, file: Callable, words: list[str]):
    path = str(file(TINY))
    answer = cli(*[path if word == "FILE" else word for word in words])
    assert answer.code == 2
    assert list(answer.value) == ["error"]
    assert "Traceback" not in answer.err
    assert len(answer.err.strip().splitlines()) == 3


# -- our failures ----------------------------------------------------------------------------------------------------


def test_our_failure_is_one_sentence_and_its_traceback_is_in_the_log(
    cli: Cli, data_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Workbench, "runs", lambda self: {}["runs"])
    answer = cli("runs")
    assert (answer.code, list(answer.value)) == (1, ["error"])
    assert "KeyError" in answer.err
    assert "Traceback" not in answer.err
    log = data_folder / "logs" / "saddlepoint.log"
    assert str(log) in answer.err
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_a_run_that_breaks_fails_alone_and_says_why(
    cli: Cli, file: Callable, data_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    from core.training.run import Run

    def broken(self: Run) -> None:
        raise ZeroDivisionError("no such luck")

    monkeypatch.setattr(Run, "step", broken)
    answer = cli("train", file(TINY))
    assert answer.code == 1
    assert (answer.value["state"], answer.value["steps"]) == ("failed", 0)
    assert "no such luck" in answer.value["reason_text"]
    assert "no such luck" in answer.err
    assert "Traceback" not in answer.err
    assert "ZeroDivisionError" in (data_folder / "logs" / "saddlepoint.log").read_text(encoding="utf-8")
    monkeypatch.undo()
    monkeypatch.setenv("SADDLEPOINT_DATA", str(data_folder))
    monkeypatch.setenv("SADDLEPOINT_DEVICE", "cpu")
    again = cli("resume", answer.value["run"])
    assert (again.code, again.value["state"], again.value["steps"]) == (0, "finished", 8)


# -- one writer, many readers ----------------------------------------------------------------------------------------


def test_a_second_writer_is_refused_within_two_seconds(cli: Cli, file: Callable, data_folder: Path):
    path = file(TINY)
    with WriteLock.acquire(DataFolder(data_folder)):
        seconds = math.inf
        for _ in range(5):  # the fastest of a few: other tests may hold one up
            start = time.monotonic()
            answer = cli("train", path)
            seconds = min(seconds, time.monotonic() - start)
            if seconds < 2:
                break
        assert cli("runs").value == []
    assert (answer.code, list(answer.value)) == (3, ["error"])
    assert seconds < 2
    assert str(os.getpid()) in answer.err
    assert time.strftime("%Y-%m-%d", time.gmtime()) in answer.err
    assert "--data" in answer.err


def test_catalogue_runs_and_a_refused_train_load_no_torch(file: Callable, data_folder: Path):
    code = (
        "import sys; from core.cli import main\n"
        "codes = [main(words.split()) for words in sys.argv[1:]]\n"
        "print(codes, {'torch', 'streamlit'} & set(sys.modules), file=sys.stderr)"
    )
    commands = ["catalog --json", "runs --json", f"train {file(TINY)} --json"]
    with WriteLock.acquire(DataFolder(data_folder)):
        done = subprocess.run(
            [sys.executable, "-c", code, *commands],
            env=environment(data_folder),
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )
    assert done.stderr.splitlines()[-1] == "[0, 0, 3] set()"
    assert [type(json.loads(line)) for line in done.stdout.splitlines()] == [dict, list, dict]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The report of the long run that nobody interferes with."""
    with Workbench.open(tmp_path_factory.mktemp("data"), live=False) as bench:
        record = bench.wait(bench.start(Experiment.from_json(LONG), pace="max"), 100)
        return run_report(bench.store, record)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_is_seen_while_it_runs_and_ends_as_if_nothing_had_happened(
    cli: Cli, file: Callable, data_folder: Path, uninterrupted: dict[str, Any], number: int
):
    process = started(data_folder, "train", file(LONG))
    try:
        seen = until(lambda: [run for run in cli("runs").value if run["steps"] > 10], every_s=0.1)
        process.send_signal(number)
        out, err = process.communicate(timeout=100)
    finally:
        process.kill()
    assert seen[0]["state"] == "running"
    assert seen[0]["num_train"] == 1150
    told = json.loads(out)
    assert (process.returncode, told["state"]) == (130, "interrupted"), err
    assert out.count("\n") == 1
    assert told["run"] == seen[0]["run"]
    assert seen[0]["steps"] <= told["steps"] < uninterrupted["steps"]
    resumed = cli("resume", told["run"]).value
    same = ("state", "steps", "weights_sha256", "train_loss", "validation_error", "best_epoch", "fingerprint")
    assert [resumed[name] for name in same] == [uninterrupted[name] for name in same]


def test_a_folder_that_is_not_there_has_no_runs_and_is_not_made(cli: Cli, tmp_path: Path):
    assert cli("runs", "--data", tmp_path / "none").value == []
    assert not (tmp_path / "none").exists()


# -- catalogue and export --------------------------------------------------------------------------------------------


def test_the_catalogue_lists_every_entry_with_its_schema(cli: Cli):
    value = cli("catalog").value
    assert list(value) == [*FAMILIES, "presets"]
    for family in FAMILIES:
        assert [entry["key"] for entry in value[family]] == list(entries(family))
        for entry in value[family]:
            assert set(entry) == {"key", "title", "parameters"}
            assert entry["parameters"]["type"] == "object"
            assert set(entry["parameters"]["properties"]) == set(entries(family)[entry["key"]].model_fields)


def test_the_catalogue_as_a_table_names_synonyms(cli: Cli):
    lines = cli("catalog", text=True).out.splitlines()
    assert "optimizers" in lines
    assert any(line.split()[:3] == ["sgd", "=", "gd"] for line in lines)


def test_export_writes_one_row_a_step(cli: Cli, file: Callable, tmp_path: Path):
    import pyarrow.parquet as pq

    run = cli("train", file(TINY)).value["run"]
    for kind in ("csv", "parquet"):
        value = cli("export", run, "--to", kind, tmp_path / f"out.{kind}").value
        assert (value["run"], value["format"], value["num_rows"]) == (run, kind, 9)
        assert value["num_bytes"] == (tmp_path / f"out.{kind}").stat().st_size
    content = (tmp_path / "out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [int(row["step"]) for row in rows] == list(range(9))
    table = pq.read_table(tmp_path / "out.parquet").to_pydict()
    assert [row["batch/loss"] for row in rows[1:]] == [repr(loss) for loss in table["batch/loss"][1:]]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_export_into_no_place_is_bad_input(cli: Cli, file: Callable, tmp_path: Path):
    run = cli("train", file(TINY)).value["run"]
    for path in (tmp_path, tmp_path / "none" / "out.csv"):
        answer = cli("export", run, "--to", "csv", path)
        assert (answer.code, list(answer.value)) == (2, ["error"])
    assert not (tmp_path / "none").exists()


# -- the sealed test set ---------------------------------------------------------------------------------------------


def test_the_test_set_is_looked_at_once(cli: Cli, file: Callable):
    path = file(TINY)
    first = cli("train", path, "--evaluate-test").value
    assert (first["test_look"], first["notes"]) == (1, [])
    assert 0 <= first["test_error"] <= 1
    again = cli("train", path, "--evaluate-test").value
    assert (again["test_look"], again["test_error"], again["run"] != first["run"]) == (1, first["test_error"], True)


def test_other_weights_are_refused_unless_insisted_on(cli: Cli, file: Callable):
    path = file(TINY)
    cli("train", path, "--evaluate-test")
    refused = cli("train", path, "--set", "seed=1", "--evaluate-test")
    assert refused.code == 3
    assert (refused.value["state"], refused.value["test_error"], refused.value["test_look"]) == ("finished", None, None)
    assert "sealed" in refused.err
    insisted = cli("resume", refused.value["run"], "--evaluate-test", "--contaminate")
    assert (insisted.code, insisted.value["test_look"]) == (0, 2)
    assert "contaminated" in insisted.value["notes"][0]
    third = cli("train", path, "--set", "seed=2", "--evaluate-test", "--contaminate").value
    assert third["test_look"] == 3
    told = cli("runs").value
    assert [run["test_look"] for run in told] == [1, 2, 3]
    assert [any("contaminated" in note for note in run["notes"]) for run in told] == [False, True, True]
