from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

import core.catalog.datasets  # noqa: F401
from core.catalog.datasets.cifar10 import CIFAR10
from core.catalog.datasets.dataset import DataFacts, DataSet, Progress, Samples, Scale, no_progress
from core.catalog.datasets.digits import Digits
from core.catalog.datasets.linear_200 import Linear200
from core.catalog.datasets.moons import Moons
from core.catalog.datasets.polynomial import Polynomial
from core.catalog.datasets.tables import Wine
from core.catalog.faults import sealed
from core.errors import BadInput
from core.training import resident as module
from core.training.resident import ResidentData, budget_bytes, check_budget, host_samples, resident, sealed_test_split


@dataclass(frozen=True)
class Choice:
    dataset: Any
    split_seed: int = 0
    validation_fraction: float = 0.2
    num_folds: int | None = None
    fold: int = 1
    test_seed: int = 0
    train_size: int | None = None
    sampling: str = "stratified"
    label_noise: float = 0.0
    noisy_splits: str = "training"
    sealed: str = ""


class Large(DataSet):
    """24 000 tiny samples of three classes."""

    key = "large"
    input_kind = "features"
    loads: ClassVar[list[str]] = []

    def facts(self) -> DataFacts:
        return DataFacts((2,), 3, ("a", "b", "c"), 19_200, None, 4_800, 24_000 * 16)

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        self.loads.append(threading.current_thread().name)
        targets = np.minimum(np.arange(24_000) % 6, 2).astype(np.int64)
        return Samples(np.zeros((24_000, 2), np.float32), targets, Scale())


def data_of(dataset: DataSet, folder: Path, **choice: Any) -> ResidentData:
    return resident(Choice(dataset, **choice), folder, "cpu")


def test_runs_of_the_same_samples_share_what_was_drawn_while_one_is_in_use(tmp_path: Path) -> None:
    first = data_of(Digits(), tmp_path)
    assert data_of(Digits(), tmp_path) is first
    for other in ({"split_seed": 1}, {"validation_fraction": 0.3}, {"sealed": sealed("leak")}):
        assert data_of(Digits(), tmp_path, **other) is not first
    assert data_of(Digits(), tmp_path) is first
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None


def test_noisy_labels_are_those_of_one_run_and_the_shared_ones_stay(tmp_path: Path) -> None:
    true, noisy = data_of(Digits(), tmp_path), data_of(Digits(), tmp_path, label_noise=0.2)
    is_wrong = noisy.targets != true.targets
    assert int(is_wrong.sum()) == int(is_wrong[noisy.splits.train].sum()) == round(0.2 * noisy.num_train)
    assert noisy.inputs.data_ptr() == true.inputs.data_ptr()
    assert data_of(Digits(), tmp_path).targets.equal(true.targets)


def test_images_stay_bytes_and_their_scale_maps_them_to_0_and_1(tmp_path: Path) -> None:
    data = data_of(Digits(), tmp_path)
    assert data.inputs.dtype == torch.uint8
    assert data.shift is None
    assert data.factor.shape == (1, 1, 1)
    assert data.factor.dtype == torch.float32
    scaled = data.inputs * data.factor
    assert (scaled.min().item(), scaled.max().item()) == (0, 1)


def test_tables_are_scaled_by_the_training_split_alone(tmp_path: Path) -> None:
    data = data_of(Wine(), tmp_path, train_size=30)
    assert data.shift is not None
    train = (data.inputs[data.splits.train] - data.shift) * data.factor
    everything = (data.inputs - data.shift) * data.factor
    assert train.mean(dim=0) == pytest.approx(0, abs=1e-4)
    assert train.std(dim=0, correction=0) == pytest.approx(1, abs=1e-4)
    assert everything.mean(dim=0).abs().max() > 0.05


def test_splits_are_row_numbers_of_the_resident_tensors(tmp_path: Path) -> None:
    data = data_of(Digits(), tmp_path)
    assert (data.num_train, data.num_validation, data.num_test) == (1150, 287, 360)
    assert data.splits.train.dtype == torch.int64
    rows = torch.cat([data.splits.train, data.splits.validation, sealed_test_split(data)])
    assert rows.sort().values.equal(torch.arange(1797))
    assert np.array_equal(host_samples(data).targets, data.targets.numpy())


def test_runs_with_the_same_data_share_one_tensor(tmp_path: Path) -> None:
    one = data_of(Digits(), tmp_path)
    other = data_of(Digits(), tmp_path, split_seed=7, train_size=100, validation_fraction=0.3)
    assert one.inputs.data_ptr() == other.inputs.data_ptr()
    assert one.hashes["train"] != other.hashes["train"]


def test_generated_points_are_shared_only_within_a_split_seed(tmp_path: Path) -> None:
    one, same, other = (data_of(Moons(n=60), tmp_path, split_seed=seed) for seed in (1, 1, 2))
    assert one.inputs.data_ptr() == same.inputs.data_ptr()
    assert not one.inputs.equal(other.inputs)
    assert data_of(Moons(n=60, noise=0.4), tmp_path, split_seed=1).inputs.data_ptr() != one.inputs.data_ptr()


def test_generated_points_of_a_fresh_test_set_are_loaded_beside_the_first(tmp_path: Path) -> None:
    first, fresh = (data_of(Moons(n=60), tmp_path, test_seed=number) for number in (0, 1))
    assert first.inputs.data_ptr() != fresh.inputs.data_ptr()
    assert {name for name in first.hashes if first.hashes[name] != fresh.hashes[name]} == {"test"}


def test_small_training_splits_are_evaluated_whole(tmp_path: Path) -> None:
    data = data_of(Digits(), tmp_path)
    assert data.splits.evaluation.equal(data.splits.train)


def test_above_10_000_training_samples_the_same_stratified_10_000_are_evaluated(tmp_path: Path) -> None:
    data, again = data_of(Large(), tmp_path), data_of(Large(), tmp_path)
    assert data.num_train == 15_360
    assert len(data.splits.evaluation) == 10_000
    assert data.splits.evaluation.equal(again.splits.evaluation)
    assert torch.isin(data.splits.evaluation, data.splits.train).all()
    counts = torch.bincount(data.targets[data.splits.evaluation])
    assert (counts - torch.tensor([10_000 / 6, 10_000 / 6, 40_000 / 6])).abs().max() <= 2


def test_the_spread_of_the_training_targets_is_the_error_of_guessing_their_mean(tmp_path: Path) -> None:
    data = data_of(Polynomial(), tmp_path)
    targets = data.targets[data.splits.train]
    assert data.targets.shape == (2040, 1)
    assert data.target_spread == pytest.approx((targets - targets.mean()).square().mean().sqrt().item())
    assert data_of(Digits(), tmp_path).target_spread is None


def test_what_a_page_asks_is_there(tmp_path: Path) -> None:
    data = data_of(Digits(), tmp_path)
    assert (data.task, data.num_outputs, len(data.class_names)) == ("classification", 10, 10)
    assert set(data.hashes) == {"train", "validation", "test"}
    assert data.device == torch.device("cpu")


def test_the_sealed_rows_are_found_under_no_public_name(tmp_path: Path) -> None:
    data = data_of(Digits(), tmp_path)
    sealed = set(sealed_test_split(data).tolist())
    for source in (data, data.splits):
        for name in dir(source):
            value = getattr(source, name)
            if not name.startswith("_") and isinstance(value, torch.Tensor) and value.dtype == torch.int64:
                assert name == "targets" or not sealed & set(value.tolist())


def test_data_can_be_made_on_the_meta_device(tmp_path: Path) -> None:
    data = resident(Choice(Wine()), tmp_path, "meta")
    assert data.shift is not None
    assert all(
        tensor.is_meta for tensor in (data.inputs, data.targets, data.shift, data.factor, data.splits.evaluation)
    )


def test_eight_threads_load_a_data_set_once(tmp_path: Path) -> None:
    Large.loads.clear()
    start = threading.Barrier(8)
    found: list[ResidentData] = []

    def ask() -> None:
        start.wait()
        found.append(data_of(Large(), tmp_path))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Large.loads) == 1
    assert len({data.inputs.data_ptr() for data in found}) == 1


def test_a_failed_load_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: object) -> Samples:
        raise BadInput(*3 * (module.Text("no"),))

    monkeypatch.setattr(Digits, "load", fail)
    with pytest.raises(BadInput):
        data_of(Digits(), tmp_path)
    monkeypatch.undo()
    assert data_of(Digits(), tmp_path).num_train == 1150


def test_unused_data_sets_go_when_the_budget_is_full_and_used_ones_are_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = data_of(Large(), tmp_path)
    Large.loads.clear()
    monkeypatch.setattr(module, "budget_bytes", lambda device: Digits().facts().bytes)
    data_of(Digits(), tmp_path)
    assert data_of(Large(), tmp_path).inputs.data_ptr() == used.inputs.data_ptr()
    assert Large.loads == []
    del used
    data_of(Digits(), tmp_path)
    gc.collect()
    monkeypatch.undo()
    data_of(Large(), tmp_path)
    assert len(Large.loads) == 1


def test_generated_data_above_the_budget_are_refused_with_a_size_that_fits(tmp_path: Path) -> None:
    budget = 5_000_000
    with pytest.raises(BadInput) as caught:
        check_budget(Linear200(n=100_000), budget, tmp_path)
    fits = caught.value.fix.values["num"]
    check_budget(Linear200(n=fits), budget, tmp_path)
    with pytest.raises(BadInput):
        check_budget(Linear200(n=fits + 1), budget, tmp_path)


def test_stored_data_above_the_budget_are_refused_with_data_sets_that_fit(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="CIFAR-10 needs 185 MB") as caught:
        check_budget(CIFAR10(), 1_000_000, tmp_path)
    fitting = caught.value.fix.values["fitting"].split(", ")
    assert "digits" in fitting
    assert "mnist_5000" not in fitting
    with pytest.raises(BadInput, match="Close other programs"):
        check_budget(CIFAR10(), 100, tmp_path)


def test_the_budget_is_asked_before_anything_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "budget_bytes", lambda device: 1_000)
    monkeypatch.setattr(Digits, "load", lambda *arguments: pytest.fail("loaded"))
    with pytest.raises(BadInput, match="of memory"):
        data_of(Digits(), tmp_path)


def test_an_impossible_size_is_refused_before_anything_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CIFAR10, "load", lambda *arguments: pytest.fail("loaded"))
    with pytest.raises(BadInput, match="left for training"):
        data_of(CIFAR10(), tmp_path, train_size=50_000)


def test_the_budget_is_a_quarter_of_free_memory() -> None:
    import psutil

    assert budget_bytes("cpu") == pytest.approx(psutil.virtual_memory().available / 4, rel=0.2)
