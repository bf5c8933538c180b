"""The same experiment gives the same bits from the command line, through the workbench and from a Run by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli import main
from core.experiment import Experiment
from core.studies.workbench import Workbench
from core.training.weights import weights_sha256
from tests.experiments import EVERYTHING, everything, points, trained


@pytest.mark.parametrize(
    "experiment", [everything(optimizer="adam"), points(seed=3, optimizer="momentum")], ids=["images", "points"]
)
def test_command_line_workbench_and_run_agree(
    experiment: Experiment, data_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    file = tmp_path / "experiment.json"
    file.write_text(json.dumps(experiment.differences()))
    assert main(["train", str(file), "--json", "--data", str(data_folder)]) == 0
    told = json.loads(capfd.readouterr().out)
    run, _ = trained(experiment, tmp_path)
    assert told["weights_sha256"] == weights_sha256(run.parts.model)
    assert told["fingerprint"] == experiment.fingerprint()
    assert run.final is not None
    assert told["validation_error"] == run.final.validation.error
    assert told["train_loss"] == run.final.train.loss
    with Workbench.open(data_folder) as bench:
        record = bench.wait(bench.start(experiment, pace="max"), 60)
        assert record.weights_sha256 == told["weights_sha256"]
        assert len({stored.weights_sha256 for stored in bench.runs()}) == 1


def test_a_seed_set_on_the_command_line_is_the_seed_of_the_file(
    data_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
):
    file = tmp_path / "experiment.json"
    file.write_text(json.dumps(EVERYTHING))
    assert main(["train", str(file), "--set", "seed=4", "--json", "--data", str(data_folder)]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["weights_sha256"] == weights_sha256(trained(everything(seed=4), tmp_path)[0].parts.model)
