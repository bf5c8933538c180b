"""A comparison whose process is killed: each of its runs can be resumed by itself and ends with its own bits."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from core.experiment import Experiment
from core.store.folder import DataFolder
from core.store.store import Store
from core.studies.race_meta import texts
from core.studies.replay import recorded_conditions
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.faults import racing_child as child
from tests.faults.test_killed_while_training import Processes

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks processes and kills them"),
    pytest.mark.slow,
]


@pytest.mark.timeout(200)
def test_runs_of_a_killed_comparison_resume_by_themselves_to_their_own_bits(data_folder: Path, tmp_path: Path):
    rng = random.Random(5)
    processes = Processes(data_folder)
    studies = []
    for _ in range(2):
        process, pipe = processes.begin(child.race)
        assert pipe.poll(100)
        studies.append(pipe.recv())
        process.join(rng.uniform(0, 0.6))
        process.kill()
        process.join()
    with Store.open(DataFolder(data_folder)) as store:
        runs = [run for study in studies for run in store.list_runs(actor="local", study=study)]
        facts = [texts(store.get_study(study, actor="local").facts) for study in studies]
    assert len(runs) == 8
    assert all(item["fairness"]["unmatched"] == [] for item in facts), "stored as soon as it was known"
    processes.whole(child.resume, [run.id for run in runs])
    expected: dict[str, str] = {}
    with Store.open(DataFolder(data_folder)) as store:
        for before in runs:
            run = store.get_run(before.id, actor="local")
            assert (run.state, run.step, run.facts.engine) == ("finished", 600, "stacked")
            if run.fingerprint not in expected:
                experiment = Experiment.from_json(run.experiment)
                whole = Run(experiment, tmp_path, conditions=recorded_conditions(run)).train()
                expected[run.fingerprint] = weights_sha256(whole.parts.model)
            assert run.weights_sha256 == expected[run.fingerprint]
