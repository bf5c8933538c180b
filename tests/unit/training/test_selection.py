"""Which inputs of a table are kept, on which samples that is decided, and that it is scikit-learn's choice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.feature_selection import SelectKBest, mutual_info_classif
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline

from core.catalog.datasets.features import Features
from core.catalog.registry import entries, parse
from core.catalog.selections.l1 import of_classes
from core.catalog.selections.selection import BestInputs
from core.compatibility import check
from core.describe import data_words
from core.errors import BadInput
from core.experiment import Experiment
from core.training.resident import ResidentData, host_samples, keep, resident
from core.training.run import Run
from core.training.splits import folds_seed, train_pool

FOLDS, KEPT = 3, 4
NOISE = {"key": "pure_noise", "n": 30, "inputs": 20}
METHODS = [key for key, cls in entries("selections").items() if issubclass(cls, BestInputs)]
each_method = pytest.mark.parametrize("method", METHODS)


def noise(method: str, chosen_on: str = "training", **changes: Any) -> Experiment:
    """Folds of pure noise, of which a few inputs are kept."""
    selection = {"key": method, "k": KEPT, "chosen_on": chosen_on}
    return Experiment.from_json(
        {
            "dataset": {**NOISE, "selection": selection},
            "num_folds": FOLDS,
            "architecture": "logistic",
            "epochs": 1,
            **changes,
        }
    )


def columns(data: ResidentData) -> list[int]:
    assert data.selected is not None
    return data.selected.columns.tolist()


def with_other_rows(data: ResidentData, rows: torch.Tensor) -> Any:
    """The samples with other inputs in some rows."""
    samples = host_samples(data)
    inputs = samples.inputs.copy()
    inputs[rows.numpy()] = 100 * np.random.default_rng(7).standard_normal((len(rows), inputs.shape[1]))
    return replace(samples, inputs=inputs)


@each_method
def test_inside_no_sample_that_validates_is_looked_at_and_outside_it_is(method: str, tmp_path: Path):
    for chosen_on, stays in (("training", True), ("all", False)):
        experiment = noise(method, chosen_on)
        data = resident(experiment, tmp_path, "cpu")
        before, other = columns(data), with_other_rows(data, data.splits.validation)
        keep(experiment, tmp_path / chosen_on, "cpu", other)
        after = columns(resident(experiment, tmp_path / chosen_on, "cpu"))
        assert (before == after) == stays


@each_method
@pytest.mark.parametrize("chosen_on", ["training", "all"])
def test_the_test_set_is_never_looked_at(method: str, chosen_on: str, tmp_path: Path):
    experiment = noise(method, chosen_on)
    data = resident(experiment, tmp_path, "cpu")
    keep(experiment, tmp_path / "other", "cpu", with_other_rows(data, torch.from_numpy(data._test)))
    assert columns(resident(experiment, tmp_path / "other", "cpu")) == columns(data)


SCORES = {
    "variance": lambda inputs, targets: inputs.var(axis=0),
    "mutual_information": partial(mutual_info_classif, random_state=0),
    "l1": of_classes,
}


@each_method
def test_every_fold_keeps_what_a_pipeline_of_scikit_learn_keeps(method: str, tmp_path: Path):
    experiment = noise(method)
    samples = host_samples(resident(experiment, tmp_path, "cpu"))
    pool = train_pool(samples, np.empty(0, np.int64))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=folds_seed(experiment))
    pipeline = make_pipeline(SelectKBest(SCORES[method], k=KEPT), LogisticRegression())
    inputs = samples.inputs[pool].astype(np.float64)
    found = cross_validate(pipeline, inputs, samples.targets[pool], cv=folds, return_estimator=True)
    theirs = [fitted[0].get_support(indices=True).tolist() for fitted in found["estimator"]]
    ours = [columns(resident(experiment.replace(fold=fold + 1), tmp_path, "cpu")) for fold in range(FOLDS)]
    assert ours == theirs
    assert len(set(map(tuple, ours))) > 1


def test_no_sample_that_validates_is_among_those_that_train(tmp_path: Path):
    for fold in range(1, FOLDS + 1):
        data = resident(noise("variance", fold=fold), tmp_path, "cpu")
        rows = host_samples(data).inputs
        train, validation = (
            {rows[row].tobytes() for row in part} for part in (data.splits.train, data.splits.validation)
        )
        assert len(train) == 20
        assert len(validation) == 10
        assert not train & validation


def test_outside_every_fold_has_the_same_inputs(tmp_path: Path):
    found = {tuple(columns(resident(noise("l1", "all", fold=fold), tmp_path, "cpu"))) for fold in range(1, FOLDS + 1)}
    assert len(found) == 1


def test_the_network_is_made_for_the_inputs_that_are_kept_and_gets_these(tmp_path: Path):
    run = Run(noise("variance"), tmp_path)
    kept = columns(run.parts.data)
    assert [tuple(parameter.shape) for parameter in run.parts.loop.parameters] == [(2, KEPT), (2,)]
    batch = run.parts.feed.rows(torch.tensor([3]))
    assert batch.inputs[0].tolist() == host_samples(run.parts.data).inputs[3, kept].tolist()
    assert run.parts.data.feature_names == tuple(f"x{column + 1}" for column in kept)


def test_inputs_are_scaled_by_the_training_samples_after_they_are_chosen(tmp_path: Path):
    table = {"key": "wine", "selection": {"key": "variance", "k": 2}}
    data = resident(Experiment(dataset=table), tmp_path, "cpu")
    assert data.feature_names == ("magnesium", "proline")
    assert data.factor.shape == (2,)
    kept = host_samples(data).inputs[data.splits.train.numpy()][:, columns(data)]
    assert data.factor.numpy() == pytest.approx(1 / kept.std(axis=0), rel=1e-5)


def test_a_choice_without_effect_is_said_and_changes_nothing(tmp_path: Path):
    whole = Experiment.from_json({"dataset": {"key": "iris", "selection": {"key": "variance", "k": 4}}})
    assert [str(note) for note in check(whole)] == ["Feature selection has no effect: all 4 inputs are kept."]
    assert resident(whole, tmp_path, "cpu").selected is None
    assert check(Experiment(dataset="iris")) == []


def test_data_that_are_no_table_refuse():
    with pytest.raises(BadInput, match="no field “selection”"):
        Experiment.from_json({"dataset": {"key": "digits", "selection": "variance"}})


def test_every_table_can_be_selected_from():
    tables = [key for key, cls in entries("datasets").items() if cls.input_kind == "features"]  # type: ignore[attr-defined]
    assert all(isinstance(parse("datasets", key), Features) for key in tables)
    assert "pure_noise" in tables


@pytest.mark.parametrize(
    ("method", "sampling", "why"),
    [
        ("mutual_information", "stratified", "scikit-learn says"),
        ("mutual_information", "random", "the same target"),
        ("l1", "random", "the same target"),
    ],
)
def test_samples_that_say_nothing_about_any_input_are_an_error_that_says_so(
    method: str, sampling: str, why: str, tmp_path: Path
):
    """One of each class; two of one class."""
    experiment = noise(method, train_size=2, sampling=sampling)
    with pytest.raises(BadInput, match=f"on 2 samples.*{why}.*Train on more samples"):
        resident(experiment, tmp_path, "cpu")


def test_where_all_targets_are_the_same_the_variance_still_chooses(tmp_path: Path):
    assert resident(noise("variance", train_size=2, sampling="random"), tmp_path, "cpu").selected is not None


@each_method
def test_numbers_can_be_targets(method: str, tmp_path: Path):
    experiment = Experiment.from_json({"dataset": {"key": "linear_200", "selection": {"key": method, "k": 3}}})
    data = resident(experiment, tmp_path, "cpu")
    assert data.selected is not None
    scores = data.selected.scores
    assert set(columns(data)) == set(np.argsort(scores)[-3:].tolist())
    assert np.isfinite(scores).all()


def test_pure_noise_tells_nothing_and_has_even_classes(tmp_path: Path):
    data = resident(Experiment.from_json({"dataset": "pure_noise"}), tmp_path, "cpu")
    samples = host_samples(data)
    assert np.bincount(samples.targets).tolist() == [1030, 1030]
    means = [samples.inputs[samples.targets == label].mean(axis=0) for label in (0, 1)]
    assert np.abs(means[0] - means[1]).max() < 5 * np.sqrt(2 / 1030)


def test_what_is_left_out_is_said():
    words = str(data_words(noise("l1")))
    assert words == "Pure noise, 20 training samples, fold 1 of 3, 4 of 20 inputs by L1 weights"
    assert str(data_words(noise("l1", "all"))).endswith("inputs by L1 weights, chosen on validation samples too")
