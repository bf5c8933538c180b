"""Runs of a study on a local cluster of two workers: the same bits, told while they train, and none is ever lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from core.executors.choice import has_ray
from core.executors.cluster import Cluster
from core.executors.remote_lane import RemoteLane
from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies.comparison import Comparison
from core.studies.engine import engine_of
from core.studies.kfold import folded
from core.studies.report import notes_of
from core.studies.search.asked import Search
from core.studies.study import study_channel
from core.studies.workbench import Workbench
from core.training.assembly import conditions_of
from core.training.checkpoint import latest_valid
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.command_line import Cli
from tests.experiments import EVERYTHING, IMAGES, POINTS
from tests.polling import until
from tests.stored_runs import LONG

pytestmark = pytest.mark.skipif(not has_ray(), reason="Ray is not installed: pip install -r requirements-ray.txt")
WITHIN_S = 250.0
"""For what hangs: processes start here, and share two cores with other tests."""
SLOW: dict[str, Any] = {**EVERYTHING, "epochs": 120}
"""360 updates of an image network: ten seconds at the pace of a run that is to be broken off."""
PAIR = Comparison.of(SLOW, ["optimizer.lr=0.01,0.02"], rates="hand")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers on this machine, for all tests of the file."""
    reached = Cluster(tmp_path_factory.mktemp("cluster"), workers=2).connect()
    yield reached
    reached.close()


@pytest.fixture
def bench(data_folder: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workbench]:
    """A workbench that reaches it, and leaves it to the next one."""
    monkeypatch.setattr(cluster, "close", lambda: None)
    with Workbench.open(data_folder) as opened:
        opened.runner.cluster = cluster
        yield opened


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The weights with which these end, trained from first to last in this process."""
    folder, ends = tmp_path_factory.mktemp("undisturbed"), []
    experiments = [lane.experiment for lane in PAIR.experiments({})]
    engine = engine_of(experiments).name
    for experiment in experiments:
        run = Run(experiment, folder, conditions=conditions_of(experiment, engine=engine))
        ends.append(weights_sha256(run.train().parts.model))
    return ends


def raced(bench: Workbench, comparison: Comparison, executor: str) -> tuple[str, tuple[RunRecord, ...]]:
    study = bench.start_comparison(comparison, pace="max", executor=executor)
    bench.wait_comparison(study, WITHIN_S)
    return study, bench.runs_of(study)


def hashes_of(bench: Workbench, study: str) -> list[list[str]]:
    """The hashes of what the runs were fed, in the order of the runs."""
    fairness = bench.study(study).facts["fairness"]
    items = {item["name"]: item for item in (*fairness["matched"], *fairness["unmatched"])}
    return [items[name]["hashes"] for name in ("batches", "augmentation")]


def lanes_of(bench: Workbench, study: str) -> list[RemoteLane]:
    """The runs of a study that go on."""
    jobs = [bench.runner.job(run.id) for run in bench.runs_of(study)]
    return [job for job in jobs if isinstance(job, RemoteLane)]


def lane_of(bench: Workbench, study: str) -> RemoteLane:
    """The first run of a study that is under way in a worker."""

    def found() -> RemoteLane | None:
        return next((lane for lane in lanes_of(bench, study) if lane.where and lane.num_updates > 20), None)

    lane = until(found)
    assert lane is not None
    return lane


def test_a_comparison_on_a_cluster_has_the_bits_series_and_fairness_of_one_here(bench: Workbench):
    comparison = Comparison.of(EVERYTHING, ["optimizer=sgd,adam"], rates="hand")
    (here, mine), (there, theirs) = (raced(bench, comparison, name) for name in ("local", "ray"))
    assert [run.weights_sha256 for run in mine] == [run.weights_sha256 for run in theirs]
    assert [run.facts.threads for run in theirs] == [1, 1]
    for one, other in zip(mine, theirs, strict=True):
        rows, again = bench.store.read_steps(one.id), bench.store.read_steps(other.id)
        assert rows.keys() == again.keys()
        timed = {"train_s", "stamp"}
        assert all(np.array_equal(rows[name], again[name], equal_nan=True) for name in rows.keys() - timed)
        errors = [
            [(row.step, row.values["validation/error"]) for row in bench.store.read_evaluations(run.id)]
            for run in (one, other)
        ]
        assert errors[0] == errors[1]
    for study in (here, there):
        matched = bench.study(study).facts["fairness"]["matched"]
        assert {item["name"] for item in matched} >= {"batches", "augmentation"}
        assert bench.hub.meta(study_channel(study))["state"] == "finished"
    assert hashes_of(bench, here) == hashes_of(bench, there)
    assert bench.study(there).facts["executor"] == "ray"


def test_folds_and_trials_train_there_too(bench: Workbench):
    folds = folded(Experiment.from_json(POINTS), 2)
    (_, mine), (_, theirs) = (raced(bench, folds, name) for name in ("local", "ray"))
    assert [run.weights_sha256 for run in mine] == [run.weights_sha256 for run in theirs]
    search = Search.from_json({"base": POINTS, "vary": ("optimizer.lr=0.01,0.1",), "pruning": "median"})
    study = bench.start_search(search, executor="ray")
    bench.wait_search(study, WITHIN_S)
    assert [trial["state"] for trial in bench.search_report(study)["trials"]] == ["complete", "complete"]


def test_more_at_once_than_there_are_cores_take_the_workers_of_those_that_have_ended(
    bench: Workbench, cluster: Cluster
):
    for _ in range(2):
        cluster._places.release()
    try:
        _, runs = raced(bench, Comparison.of(POINTS, ["seed=0,1,2,3,4"], rates="hand"), "ray")
    finally:
        for _ in range(2):
            cluster._places.acquire()
    assert [run.state for run in runs] == ["finished"] * 5


def test_what_trains_there_is_shown_paused_and_stopped_from_here(bench: Workbench):
    study = bench.start_comparison(
        Comparison.of({**POINTS, **LONG}, ["optimizer=sgd,adam"], rates="hand"), pace="max", executor="ray"
    )
    run = lane_of(bench, study)
    until(lambda: all(bench.hub.meta(each.id).get("step", 0) > 20 for each in bench.runs_of(study)))
    bench.command_comparison(study, "pause")
    until(lambda: bench.hub.meta(study_channel(study))["state"] == "paused")
    done = run.num_updates
    bench.command_comparison(study, "step")
    until(lambda: run.num_updates == done + 1)
    bench.command_comparison(study, "stop")
    bench.wait_comparison(study, WITHIN_S)
    assert {each.state for each in bench.runs_of(study)} == {"stopped"}
    assert bench.runs_of(study)[0].step >= 20


def test_a_study_is_paused_though_some_of_its_runs_wait_for_a_place(bench: Workbench, cluster: Cluster):
    for _ in range(2):
        cluster._places.release()
    try:
        changes = ["seed=0,1,2,3"]
        study = bench.start_comparison(
            Comparison.of({**POINTS, **LONG}, changes, rates="hand"), pace="max", executor="ray"
        )
        held = lane_of(bench, study)
        assert any(lane.where is None for lane in lanes_of(bench, study)), "some wait"
        bench.command_comparison(study, "pause")
        until(lambda: bench.hub.meta(study_channel(study))["state"] == "paused")
        done = held.num_updates
        bench.command_comparison(study, "start")
        until(lambda: bench.hub.meta(study_channel(study))["state"] == "running" and held.num_updates > done)
        bench.command_comparison(study, "stop")
        bench.wait_comparison(study, WITHIN_S)
    finally:
        for _ in range(2):
            cluster._places.acquire()


def test_a_run_whose_worker_is_killed_goes_on_from_its_last_snapshot_to_the_same_bits(
    bench: Workbench, undisturbed: list[str]
):
    study = bench.start_comparison(PAIR, pace="10s", executor="ray")
    lane = lane_of(bench, study)
    assert lane.where is not None
    os.kill(lane.where[1], signal.SIGKILL)
    bench.command_comparison(study, "pace", {"pace": "max"})
    bench.wait_comparison(study, WITHIN_S)
    killed = bench.runs_of(study)
    assert [run.state for run in killed] == ["finished", "finished"]
    assert max(run.attempt for run in killed) == 2
    assert [len(bench.store.read_steps(run.id)["step"]) for run in killed] == [360, 360]
    assert [run.weights_sha256 for run in killed] == undisturbed
    (again,) = (run for run in killed if run.attempt == 2)
    assert "process on the cluster was lost" in str(notes_of(again)[-1])
    fairness = bench.study(study).facts["fairness"]
    assert not fairness["unmatched"], "what was fed before is known to whoever goes on"


def test_a_study_that_ended_with_the_program_goes_on_there_from_its_last_snapshots(
    bench: Workbench, cluster: Cluster, data_folder: Path, undisturbed: list[str]
):
    study = bench.start_comparison(PAIR, pace="10s", executor="ray")
    lane_of(bench, study)
    bench.close()
    with Workbench.open(data_folder) as again:
        again.runner.cluster = cluster
        assert {run.state for run in again.runs_of(study)} == {"interrupted"}
        again.command_comparison(study, "resume")
        again.wait_comparison(study, WITHIN_S)
        resumed = again.runs_of(study)
        assert [(run.state, run.step) for run in resumed] == [("finished", 360)] * 2
        assert [run.weights_sha256 for run in resumed] == undisturbed


def test_the_command_line_searches_there(
    cli: Cli, file: Callable[[Any], Path], cluster: Cluster, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(cluster, "close", lambda: None)
    monkeypatch.setattr("core.studies.runner.Cluster", lambda folder: cluster)
    answer = cli("search", file(POINTS), "--vary", "optimizer.lr=0.01,0.1", "--executor", "ray", "--workers", 2)
    assert answer.code == 0, answer.err
    with Workbench.reading() as read:
        assert read.study(answer.value["study"]).facts["executor"] == "ray"
    assert len(answer.value["trials"]) == 2


def shared(bench: Workbench, experiment: Experiment) -> RunRecord:
    """The run of an experiment whose updates two processes share."""
    record = bench.wait(bench.start_shared(experiment, 2), WITHIN_S)
    assert (record.state, record.facts.engine) == ("finished", "ddp2"), record.reason_text
    return record


def test_two_processes_share_a_run_to_the_weights_of_one(bench: Workbench):
    """Also where a batch cannot be halved."""
    document = {**IMAGES, "train_size": 43, "precision": "float64", "regularizers": ["l2"], "augmentations": ["shift"]}
    experiment = Experiment.from_json(document)
    record = shared(bench, experiment)
    ends = latest_valid(bench.folder.snapshots(record.id), run=record.id).snapshot
    assert ends is not None
    alone = Run(experiment, bench.folder.path)
    for name, tensor in alone.train().state()[0].items():
        np.testing.assert_allclose(ends.tensors[name], tensor.detach(), rtol=0, atol=1e-8, err_msg=name)
    losses = [evaluation.train.loss for evaluation in alone.evaluations]
    told = [row.values["train/loss"] for row in bench.store.read_evaluations(record.id)]
    np.testing.assert_allclose(told, losses, rtol=0, atol=1e-8)
    assert len(bench.store.read_steps(record.id)["step"]) == alone.step_count


def test_with_dropout_and_batch_norm_its_losses_lie_within_the_band_over_seeds(bench: Workbench):
    experiment = Experiment.from_json(
        {**EVERYTHING, "train_size": 200, "batch_size": 32, "augmentations": [], "evaluate_every": 7}
    )
    seeds = [Run(experiment.replace(seed=seed), bench.folder.path).train().evaluations for seed in range(6)]
    band = np.array([[evaluation.train.loss for evaluation in one] for one in seeds])
    record = shared(bench, experiment)
    losses = np.array([row.values["train/loss"] for row in bench.store.read_evaluations(record.id)])
    assert (np.abs(losses - band.mean(0)) <= 3 * band.std(0, ddof=1)).all()
    assert np.abs(losses - band[0]).max() > 1e-6  # Masks and statistics are those of the parts.


WRONG_TOKEN = """
import sys
from ray._raylet import GcsClient
from ray.exceptions import AuthenticationError
try:
    GcsClient(address=sys.argv[1]).internal_kv_get(b"anything", None)
except AuthenticationError:
    print("refused")
"""


def test_it_listens_on_the_loopback_only_and_refuses_a_wrong_token(cluster: Cluster):
    view = cluster.view()
    assert view is not None
    assert view.is_own
    assert [node.cpus for node in view.nodes] == [2]
    me, listening = psutil.Process(), []
    for process in (me, *me.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):  # One that has ended meanwhile listens no more.
            found = process.net_connections("tcp")
            listening += [each.laddr.ip for each in found if each.status == psutil.CONN_LISTEN]
    assert listening
    assert {ip.removeprefix("::ffff:") for ip in listening} <= {"127.0.0.1", "::1"}
    answer = subprocess.run(
        [sys.executable, "-c", WRONG_TOKEN, view.address],
        env={**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert answer.stdout.strip() == "refused", answer.stderr
