"""Folds are scikit-learn's; what validates with a fold never trains with it; and folds train as rows of one stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from sklearn.model_selection import KFold, LeaveOneOut, StratifiedKFold

from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.datasets.dataset import DataSet
from core.catalog.datasets.digits import Digits
from core.catalog.datasets.moons import Moons
from core.catalog.datasets.polynomial import Polynomial
from core.catalog.datasets.tables import BreastCancer, Iris, Wine
from core.catalog.registry import entries
from core.compatibility import check
from core.errors import BadInput
from core.experiment import Experiment
from core.seeding import seed32
from core.training.batch import Batch
from core.training.resident import host_samples
from core.training.run import Run
from core.training.splits import Splits, draw_folds, draw_splits, least_fraction, split_sizes
from core.training.stacked import Stack
from core.training.stacking.plan import stack_of
from core.training.weights import weights_sha256
from tests.experiments import IMAGES, POINTS
from tests.unit.training.test_stacked import stackable

NOWHERE = Path("unused")
DATA_SETS = [Digits(), Iris(), Wine(), BreastCancer(), Moons(n=61), Polynomial()]


def fold(dataset: DataSet, num_folds: int, number: int, **choice: Any) -> Experiment:
    return Experiment(dataset=dataset, num_folds=num_folds, fold=number, architecture="logistic", **choice)


def drawn(experiment: Experiment) -> Splits:
    return draw_splits(experiment.dataset.load(NOWHERE, experiment.split_seed), experiment)


@pytest.mark.parametrize("dataset", DATA_SETS, ids=lambda dataset: dataset.key)
@pytest.mark.parametrize("num_folds", [2, 5, 7])
def test_folds_are_those_of_scikit_learn(dataset: DataSet, num_folds: int) -> None:
    samples = dataset.load(NOWHERE, 3)
    rows, numbers = draw_folds(samples, fold(dataset, num_folds, 1, split_seed=3))
    kind = StratifiedKFold if dataset.task == "classification" else KFold
    theirs = kind(num_folds, shuffle=True, random_state=seed32(3, "folds", dataset.key))
    for number, (learns, validates) in enumerate(theirs.split(rows, samples.targets[rows]), start=1):
        assert (rows[numbers == number] == rows[validates]).all()
        splits = drawn(fold(dataset, num_folds, number, split_seed=3))
        assert (splits.validation == np.sort(rows[validates])).all()
        assert set(splits.train) == set(rows[learns])


def test_as_many_folds_as_samples_leave_one_out() -> None:
    experiment = fold(Moons(n=30), 30, 1)
    rows, numbers = draw_folds(experiment.dataset.load(NOWHERE, 0), experiment)
    for number, (_, validates) in enumerate(LeaveOneOut().split(rows), start=1):
        assert rows[numbers == number].tolist() == rows[validates].tolist()
    assert (split_sizes(experiment).num_train, split_sizes(experiment).num_validation) == (29, 1)


@pytest.mark.parametrize("dataset", DATA_SETS, ids=lambda dataset: dataset.key)
def test_every_sample_outside_of_the_test_split_validates_once(dataset: DataSet) -> None:
    folds = [drawn(fold(dataset, 4, number)) for number in range(1, 5)]
    whole = drawn(Experiment(dataset=dataset, architecture="logistic"))
    validated = np.concatenate([splits.validation for splits in folds])
    assert len(validated) == len(set(validated)) == dataset.facts().num_train_pool
    for splits in folds:
        assert sorted([*splits.train, *splits.validation]) == sorted(validated)
        assert splits.hashes["test"] == whole.hashes["test"]
        assert not set(splits.test) & set(validated)


@pytest.mark.parametrize("dataset", DATA_SETS, ids=lambda dataset: dataset.key)
@pytest.mark.parametrize("sampling", ["stratified", "balanced"])
def test_sizes_of_every_fold_are_known_before_anything_is_loaded(dataset: DataSet, sampling: str) -> None:
    for number in range(1, 4):
        experiment = fold(dataset, 3, number, sampling=sampling)
        splits, sizes = drawn(experiment), split_sizes(experiment)
        assert (len(splits.train), len(splits.validation)) == (sizes.num_train, sizes.num_validation)


@pytest.mark.parametrize(
    ("dataset", "num_folds", "number", "said"),
    [
        (Digits(), 140, 1, "Use 2 to 139 folds"),
        (Moons(n=30), 16, 1, "Use 2 to 15 folds, or 30 to leave one sample out."),
        (Polynomial(n=12), 7, 1, "Use 2 to 6 folds, or 12"),
        (Digits(), 1437, 1, "5 or 10 are usual"),
        (Digits(), 5, 6, "Use a fold from 1 to 5."),
    ],
)
def test_impossible_folds_are_answered_with_possible_ones(
    dataset: DataSet, num_folds: int, number: int, said: str
) -> None:
    with pytest.raises(BadInput) as caught:
        split_sizes(fold(dataset, num_folds, number))
    assert said in str(caught.value)


def test_settings_that_folds_leave_without_effect_are_said() -> None:
    notes = [str(note) for note in check(fold(Moons(n=30), 3, 1, validation_fraction=0.5))]
    assert any("one of 3 folds validates" in note for note in notes)
    assert any("are not used: the folds validate" in note for note in notes)
    (note,) = check(Experiment(fold=2))
    assert "there are no folds" in str(note)


def test_no_fold_changes_the_fingerprint_and_a_fold_does() -> None:
    assert Experiment(num_folds=None, fold=1).canonical() == '{"version":1}'
    assert len({fold(Digits(), 5, number).fingerprint() for number in range(1, 6)}) == 5


def test_the_smallest_validation_fraction_works_and_is_the_smallest() -> None:
    least = least_fraction(Experiment())
    assert split_sizes(Experiment(validation_fraction=least)).num_validation == 10
    with pytest.raises(BadInput):
        split_sizes(Experiment(validation_fraction=least - 0.001))


# -- training ----------------------------------------------------------------------------------------------------------


def hashed(rows: torch.Tensor) -> list[int]:
    return [hash(row.numpy().tobytes()) for row in rows.flatten(1)]


def augmentations_of(kind: str) -> list[str]:
    found = entries("augmentations").items()
    return [key for key, cls in found if kind in cast(type[Augmentation], cls).input_kinds]


@pytest.mark.parametrize("key", ["", *augmentations_of("image")])
def test_no_sample_that_validates_is_trained_on_also_after_augmentation(key: str, tmp_path: Path) -> None:
    quick = {"updates": 1} if "updates" in entries("augmentations").get(key, Wine).model_fields else {}
    augmentations = [{"key": key, **quick}] if key else []
    document = {**IMAGES, "train_size": None, "augmentations": augmentations, "num_folds": 50, "epochs": 1}
    experiment = Experiment.from_json({**document, "architecture": "logistic", "batch_size": 400})
    run = Run(experiment.replace(fold=17), tmp_path)
    images = torch.from_numpy(host_samples(run.parts.data).inputs)
    validates = set(hashed(images[run.parts.data.splits.validation]))
    fed: list[int] = []

    def watch(step: int, batch: Batch) -> None:
        fed.extend(batch.sample_ids.tolist())

    run.parts.loop.watch = watch
    run.train()
    of_data = [row for row in fed if row >= 0]
    assert len(of_data) >= 1000
    assert not validates & set(hashed(images[of_data]))


SETTINGS: dict[str, dict[str, Any]] = {
    "points": {**POINTS, "dataset": {"key": "moons", "n": 61}},
    "numbers": {"dataset": {"key": "polynomial", "n": 30}, "architecture": {"key": "mlp", "widths": [5]}, "epochs": 4},
    "table": {"dataset": "wine", "architecture": {"key": "mlp", "widths": [5]}, "batch_size": 32, "epochs": 2},
}


def folds_of(name: str) -> list[Experiment]:
    return [
        Experiment.from_json({**SETTINGS[name], "num_folds": 4, "fold": number, "evaluate_every": 2})
        for number in range(1, 5)
    ]


@pytest.mark.parametrize("name", SETTINGS)
def test_stacked_folds_equal_folds_alone_to_the_bit(name: str, tmp_path: Path) -> None:
    folds = folds_of(name)
    assert stack_of(folds).stacks == ((0, 1, 2, 3),)
    together = [stackable(item, tmp_path)[0] for item in folds]
    assert len({weights_sha256(run.parts.model) for run in together}) == 1, "they begin alike"
    stack = Stack(together)
    while not all(run.is_over for run in together):
        for run in together:
            if run.evaluation_begins:
                stack.evaluate(run, [other for other in together if other is not run])
            while run.evaluation_due or (run.step_count >= run.total_steps and not run.is_over):
                run.piece()
        stack.step([run for run in together if not run.is_over])
    assert len({weights_sha256(run.parts.model) for run in together}) == 4, "they learn from other samples"
    for item, run in zip(folds, together, strict=True):
        alone = stackable(item, tmp_path)[0].train()
        assert weights_sha256(alone.parts.model) == weights_sha256(run.parts.model)
        measured = [[(found.step, found.train, found.validation) for found in one.evaluations] for one in (run, alone)]
        assert measured[0] == measured[1]


@pytest.mark.parametrize("name", SETTINGS)
def test_stacked_folds_equal_solo_folds_up_to_rounding(name: str, tmp_path: Path) -> None:
    for item in folds_of(name):
        item = item.replace(precision="float64")
        stacked, solo = stackable(item, tmp_path)[0].train(), Run(item, tmp_path).train()
        for one, other in zip(stacked.parts.model.parameters(), solo.parts.model.parameters(), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10)
        assert stacked.final is not None
        assert solo.final is not None
        assert stacked.final.validation.error == pytest.approx(solo.final.validation.error, rel=1e-9)
