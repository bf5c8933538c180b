"""What is said of single samples follows from what the network says of them, update by update."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import BadInput
from core.experiment import Experiment
from core.studies.memorized import Memorized, check_followed, memorized, shown
from core.training.resident import host_samples
from core.training.run import Run
from tests.experiments import points


def followed(folder: Path, **changes: Any) -> tuple[Memorized, Run]:
    run = Run(points(**changes), folder)
    pieces = memorized(run)
    try:
        while True:
            assert 0 <= next(pieces) <= 1
    except StopIteration as end:
        return end.value, run


def test_the_run_is_the_same_and_its_last_answers_are_those_of_the_evaluation(tmp_path: Path):
    found, run = followed(tmp_path)
    plain = Run(points(), tmp_path)
    plain.train()
    assert all(torch.equal(value, plain.state()[0][name]) for name, value in run.state()[0].items())
    assert (~found.rights[-1]).sum() == plain.evaluations[-1].train.wrong
    assert found.epochs[0] == 0
    assert found.epochs[-1] == 4
    assert found.validation[-1] == plain.evaluations[-1].validation.error
    with torch.no_grad():
        plain.parts.model.eval()
        batch = plain.parts.feed.rows(torch.from_numpy(found.rows))
        sure = plain.parts.model(batch.inputs).softmax(1).gather(1, batch.targets[:, None])[:, 0]
    assert np.abs(found.confidences[-1] / 255 - sure.numpy()).max() <= 0.5 / 255 + 1e-6


def test_learned_and_forgotten_are_counted_by_hand():
    rights = np.array([[0, 1, 0], [1, 1, 0], [0, 1, 0], [1, 1, 0]], bool)
    confidences = (255 * rights).astype(np.uint8)
    one = np.zeros(3, np.int64)
    found = Memorized(one, np.arange(4), confidences, rights, one, np.array([0, 1, 0]), np.zeros(4), {})
    assert found.learned.tolist() == [3, 0, 4]
    assert found.forgotten.tolist() == [1, 0, 0]
    assert found.is_wrong.tolist() == [False, True, False]
    assert found.mean == pytest.approx([2 / 3, 1, 0])
    assert {name: places.tolist() for name, places in shown(found).items()} == {
        "first": [1, 0, 2],
        "last": [2, 0, 1],
        "forgotten": [0],
    }
    assert found.variability == pytest.approx([np.std([1, 0, 1]), 0, 0])


@pytest.mark.parametrize("seed", range(3))
def test_wrong_labels_are_learned_last(seed: int, tmp_path: Path):
    changes = {"architecture": {"key": "mlp", "widths": [64, 64]}, "epochs": 120, "label_noise": 0.2}
    found, run = followed(tmp_path, seed=seed, optimizer={"key": "adam", "lr": 0.01}, **changes)
    liars = found.is_wrong
    assert liars.sum() == round(0.2 * len(liars))
    assert np.array_equal(found.true, np.asarray(host_samples(run.parts.data).targets)[found.rows])
    assert len(found.epochs) <= 101
    assert np.median(found.learned[liars]) > np.median(found.learned[~liars])
    assert found.mean[liars].mean() < 0.75 * found.mean[~liars].mean()


@pytest.mark.parametrize("changes", [{"dataset": "polynomial"}, {"sealed": "x"}])
def test_runs_that_cannot_be_followed_say_why(changes: dict[str, Any]):
    experiment = Experiment.from_json({"dataset": changes.get("dataset", "moons")})
    if "sealed" in changes:
        experiment = experiment.model_copy(update=changes)
    with pytest.raises(BadInput, match="which samples were learned"):
        check_followed(experiment)
