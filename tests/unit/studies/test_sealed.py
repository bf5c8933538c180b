"""The test split is reached by a recorded look and by nothing else."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import CoreError, Refused
from core.experiment import Experiment
from core.store.records import RunRecord
from core.studies import sealed
from core.studies.workbench import Workbench
from core.training.guessing import guessing
from core.training.pictures import gradient_sizes, what_it_has_learned, wrong_answers
from core.training.resident import ResidentData, host_samples, resident, sealed_test_split
from core.training.run import Run
from core.training.weights import weights_sha256
from tests.sources import sources

TINY: dict[str, Any] = {
    "dataset": {"key": "xor", "n": 64},
    "architecture": {"key": "mlp", "hidden_layers": 1, "width": 8},
    "batch_size": 16,
    "epochs": 2,
}


@pytest.fixture
def bench(data_folder: Path) -> Iterator[Workbench]:
    """A workbench without viewers."""
    with Workbench.open(data_folder, live=False) as opened:
        yield opened


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[ResidentData]:
    """The data whose test split was reached."""
    reached: list[ResidentData] = []

    def watched(data: ResidentData) -> torch.Tensor:
        reached.append(data)
        return sealed_test_split(data)

    monkeypatch.setattr(sealed, "sealed_test_split", watched)
    return reached


def trained(bench: Workbench, **changes: Any) -> RunRecord:
    return bench.wait(bench.start(Experiment.from_json(TINY | changes), pace="max"), 60)


def test_a_look_scores_the_final_weights_on_the_test_split(bench: Workbench):
    record = trained(bench)
    look = bench.evaluate_test(record.id)
    run = Run(Experiment.from_json(TINY), bench.folder.path).train()
    assert weights_sha256(run.parts.model) == record.weights_sha256
    batch = run.parts.feed.rows(sealed_test_split(run.parts.data))
    with torch.no_grad():
        wrong = int((run.parts.model.eval()(batch.inputs).argmax(1) != batch.targets).sum())
    assert (look.number, look.contaminated) == (1, False)
    assert (look.values["test/wrong"], look.values["test/num"]) == (wrong, 1000)
    assert look.value == wrong / 1000


def test_training_reaches_the_test_split_only_when_a_look_is_asked_for(bench: Workbench, looks: list[ResidentData]):
    record = trained(bench)
    assert looks == []
    assert bench.store.looks(actor="local") == ()
    bench.evaluate_test(record.id)
    assert len(looks) == len(bench.store.looks(actor="local")) == 1


def test_the_same_weights_again_return_the_stored_number_untouched(bench: Workbench, looks: list[ResidentData]):
    first = bench.evaluate_test(trained(bench).id)
    again = trained(bench)
    assert bench.evaluate_test(again.id) == first
    assert len(looks) == 1
    assert bench.store.get_run(again.id, actor="local").answer["test_error"] == first.value


def test_other_weights_are_refused_before_the_split_is_touched(bench: Workbench, looks: list[ResidentData]):
    bench.evaluate_test(trained(bench).id)
    other = trained(bench, seed=1)
    with pytest.raises(Refused, match="sealed"):
        bench.evaluate_test(other.id)
    assert len(looks) == 1
    assert "test_error" not in bench.store.get_run(other.id, actor="local").answer
    look = bench.evaluate_test(other.id, insist=True)
    assert (look.number, look.contaminated, len(looks)) == (2, True, 2)


def test_another_split_has_a_first_look_of_its_own(bench: Workbench):
    bench.evaluate_test(trained(bench).id)
    look = bench.evaluate_test(trained(bench, dataset={"key": "moons", "n": 64}).id)
    assert (look.number, look.contaminated) == (1, False)


def test_looks_outlive_the_deletion_of_their_run(bench: Workbench):
    record = trained(bench)
    bench.evaluate_test(record.id)
    bench.delete(record.id)
    with pytest.raises(Refused, match="sealed"):
        bench.evaluate_test(trained(bench, seed=1).id)


def test_a_number_that_cannot_be_recorded_is_not_shown(bench: Workbench, monkeypatch: pytest.MonkeyPatch):
    record = trained(bench)

    def full(*_: Any, **__: Any) -> None:
        raise OSError("no room")

    monkeypatch.setattr(type(bench.store), "record_look", full)
    with pytest.raises(OSError, match="no room"):
        bench.evaluate_test(record.id)
    assert "test_error" not in bench.store.get_run(record.id, actor="local").answer


def spoil_snapshots(bench: Workbench, record: RunRecord) -> None:
    for path in bench.folder.snapshots(record.id).iterdir():
        path.write_bytes(path.read_bytes()[:-1])


def test_weights_whose_snapshot_was_lost_are_replayed(bench: Workbench):
    """As when the program was killed between the end of a run and its last snapshot."""
    record = trained(bench)
    spoil_snapshots(bench, record)
    look = bench.evaluate_test(record.id)
    run = Run(Experiment.from_json(TINY), bench.folder.path).train()
    batch = run.parts.feed.rows(sealed_test_split(run.parts.data))
    with torch.no_grad():
        assert look.values["test/wrong"] == int((run.parts.model.eval()(batch.inputs).argmax(1) != batch.targets).sum())


def test_a_run_without_its_final_weights_is_not_evaluated(bench: Workbench, looks: list[ResidentData]):
    record = trained(bench)
    spoil_snapshots(bench, record)
    changed = dataclasses.replace(record, experiment=Experiment.from_json(TINY | {"seed": 1}).to_json())
    with pytest.raises(CoreError, match="not stored"):
        bench.runner.evaluate_test(changed, actor="local", insist=False)
    assert looks == []


def test_a_run_that_is_not_over_is_not_evaluated(bench: Workbench, looks: list[ResidentData]):
    run = bench.start(Experiment.from_json(TINY), paused=True)
    with pytest.raises(Refused, match="final weights"):
        bench.evaluate_test(run)
    assert looks == []


@pytest.mark.parametrize("dataset", ["digits", "wine", "polynomial"])
def test_nothing_of_the_test_samples_reaches_training_evaluation_or_pictures(
    dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """With the test samples replaced by rubbish, every number and every picture stays the same."""
    document = TINY | {"dataset": dataset, "train_size": 20, "optimizer": {"key": "sgd", "lr": 0.01}}
    experiment = Experiment.from_json(document)
    data = resident(experiment, tmp_path / "true", "cpu")
    samples, rows = host_samples(data), sealed_test_split(data).numpy()
    inputs, targets = samples.inputs.copy(), samples.targets.copy()
    inputs[rows], targets[rows] = 77, 1
    parts = {**(samples.parts or {}), "test": rows}
    rubbish = dataclasses.replace(samples, inputs=inputs, targets=targets, parts=parts)
    monkeypatch.setattr(type(experiment.dataset), "load", lambda *_: rubbish)
    spoiled = resident(experiment, tmp_path / "spoiled", "cpu")
    assert not torch.equal(spoiled.inputs, data.inputs)

    def everything(data: ResidentData) -> list[Any]:
        run = Run(experiment, tmp_path, data=data)
        untrained = [guessing(data)[:2], gradient_sizes(run), what_it_has_learned(run), wrong_answers(run)]
        run.train()
        rows = [evaluation.to_row() for evaluation in run.evaluations]
        timeless = [{k: v for k, v in row.items() if k not in ("train_s", "samples_per_s")} for row in rows]
        return [untrained, timeless, weights_sha256(run.parts.model), what_it_has_learned(run), wrong_answers(run)]

    assert _plain(everything(data)) == _plain(everything(spoiled))


def _plain(value: Any) -> Any:
    """Arrays as bytes, so that two results can be compared."""
    if isinstance(value, np.ndarray | torch.Tensor):
        array = np.asarray(value)
        return (str(array.dtype), array.shape, array.tobytes())
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def test_one_file_alone_reaches_the_test_split():
    def names(tree: ast.AST) -> set[str]:
        found = set[str]()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.name for alias in node.names}
        return found

    named = {source.path: names(source.tree) for source in sources("core", "pages", "app.py", "bench")}
    assert [path for path, words in named.items() if "sealed_test_split" in words] == ["core/studies/sealed.py"]
    assert [path for path, words in named.items() if "_test" in words] == ["core/training/resident.py"]
