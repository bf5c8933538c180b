"""Whether labels survive an augmentation follows from the traits of data and augmentation."""

from __future__ import annotations

from typing import Any, cast

import pytest

from core.catalog.augmentations.survival import doubts
from core.catalog.datasets.dataset import DataSet
from core.catalog.datasets.own import About, own_class
from core.experiment import Experiment


def said(dataset: Any, *augmentations: Any) -> str:
    experiment = Experiment.from_json({"dataset": dataset, "augmentations": list(augmentations)})
    return " ".join(str(doubt) for doubt in doubts(cast(DataSet, experiment.dataset), experiment.augmentations))


@pytest.mark.parametrize("dataset", ["digits", "mnist_5000", "mnist"])
def test_mirrors_and_half_turns_of_digits_are_doubted(dataset: str):
    assert "mirror image" in said(dataset, "flip")
    assert "a 6 becomes a 9" in said(dataset, {"key": "rotate", "degrees": 120})
    assert "a 6 becomes a 9" in said(dataset, {"key": "flip", "horizontal": 0, "vertical": 0.5})
    assert "a 6 becomes a 9" in said(dataset, "trivial_augment")
    assert said(dataset, "rotate", "shift", "noise", {"key": "flip", "horizontal": 0}) == ""


@pytest.mark.parametrize("dataset", ["fashion_mnist", "cifar10", "moons"])
def test_what_is_no_sign_keeps_its_label(dataset: str):
    augmentations = ["noise"] if dataset == "moons" else ["flip", {"key": "rotate", "degrees": 180}]
    assert said(dataset, *augmentations) == ""


def test_of_own_images_only_their_owner_knows():
    about = About(
        key=f"own_{'0' * 16}", title="pets", input_shape=(1, 8, 8), num_samples=40, class_names=("cat", "dog")
    )
    dataset = own_class(about)()
    flips = Experiment.from_json({"augmentations": ["flip"]}).augmentations
    assert "Only you know" in str(doubts(dataset, flips)[0])
    assert doubts(dataset, ()) == []
