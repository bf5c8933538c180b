"""The invariance curve of stored runs: measured once, piece by piece, with its twin beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.catalog.augmentations.augmentation import Augmentation
from core.catalog.augmentations.color_jitter import ColorJitter
from core.catalog.augmentations.crop import Crop
from core.catalog.augmentations.erasing import Cutout
from core.catalog.augmentations.policies import RandAugment, TrivialAugment
from core.catalog.augmentations.resized_crop import ResizedCrop
from core.catalog.augmentations.rotate import Rotate
from core.errors import BadInput
from core.studies.blocks_shipped import shipped
from core.studies.invariance import checked, has_training, measured, seen_by, twin
from core.studies.measured_runs import Measuring
from core.studies.workbench import Workbench
from core.training.disturbances import DISTURBANCES, suiting
from core.training.run import Run
from tests.experiments import images, points
from tests.stored_runs import finished


@pytest.fixture
def bench(data_folder: Path) -> Iterator[Workbench]:
    with Workbench.open(data_folder) as opened:
        yield opened


def small(**changes):
    return images(architecture="logistic", epochs=3, **changes)


def test_the_curve_of_a_stored_run_is_that_of_its_network(bench: Workbench):
    run = finished(bench, small())
    found = bench.invariance(run.id, "shift")
    assert found.is_over.wait(100)
    assert found.result is not None
    rebuilt = Run(small(), bench.folder.path)
    rebuilt.train()
    pieces = measured(rebuilt, Measuring(), DISTURBANCES["shift"])
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            expected = end.value
            break
    assert np.array_equal(found.result.errors, expected.errors)
    final = rebuilt.final
    assert final is not None
    place = DISTURBANCES["shift"].amounts.index(0)
    assert found.result.errors[place] == final.validation.error
    assert found.result.num == final.validation.num
    assert found.progress == 1
    assert bench.invariance(run.id, "shift") is found, "measured once"


def test_the_shipped_run_is_measured_without_any_other(bench: Workbench):
    found = bench.invariance("", "shift")
    assert found.is_over.wait(60)
    assert found.result is not None
    run = shipped()
    assert found.result.errors[DISTURBANCES["shift"].amounts.index(0)] == run.wrong / run.num
    assert found.result.errors.max() > 0.3
    assert bench.invariance("", "shift") is found, "measured once"


def test_it_is_told_how_far_it_is_and_can_be_given_up(bench: Workbench):
    run = finished(bench, small())
    free = threading.Event()
    held = bench.runner.compute.call(free.wait)
    found = bench.invariance(run.id, "rotation")
    found.cancel()
    assert found.job is None, "it would hold the run as long as it is known"
    free.set()
    assert held.result(100)
    assert found.is_over.is_set()
    assert found.result is None
    again = bench.invariance(run.id, "rotation")
    assert again is not found
    assert again.is_over.wait(100)
    assert again.result is not None


def test_what_does_not_suit_the_data_is_said(bench: Workbench):
    run = finished(bench, points(epochs=1))
    with pytest.raises(BadInput, match="Only images can be turned"):
        bench.invariance(run.id, "rotation")
    noise = bench.invariance(run.id, "noise")
    assert noise.is_over.wait(100)
    assert noise.result is not None


def test_a_twin_has_the_augmentation_or_lacks_it():
    plain = small()
    turned = twin(plain, "rotation")
    assert [entry.key for entry in turned.augmentations] == ["rotate"]
    assert not has_training(plain, "rotation")
    assert has_training(turned, "rotation")
    assert twin(turned, "rotation").fingerprint() == plain.fingerprint()
    with pytest.raises(BadInput):
        checked(plain, "gravity")


@pytest.mark.parametrize(
    ("augmentation", "seen"),
    [
        (Rotate(), {"rotation"}),
        (Rotate(degrees=0), set()),
        (Crop(), {"shift"}),
        (ResizedCrop(), {"shift", "scale"}),
        (ColorJitter(), {"brightness"}),
        (ColorJitter(brightness=0), set()),
        (RandAugment(), {"rotation", "shift", "brightness"}),
        (TrivialAugment(), {"rotation", "shift", "brightness"}),
        (Cutout(), set()),
    ],
)
def test_a_run_has_seen_what_its_augmentations_make_among_others(augmentation: Augmentation, seen: set[str]):
    run = small(augmentations=(augmentation,))
    assert {key for key in suiting("image") if seen_by(run, key)} == seen
