"""Samples on the page: real training samples, what a run makes of them, and nothing else is touched."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import BadInput
from core.experiment import Experiment
from core.studies import kept, sample_pictures
from core.studies.sample_pictures import NUM_UPDATES, SamplePicture, SamplePictures, sample_picture
from core.studies.workbench import Workbench
from core.text import Text
from core.training.compute import Compute
from core.training.resident import ResidentData, resident
from tests.experiments import IMAGES, images, points
from tests.polling import until

ROTATED: dict[str, Any] = {"augmentations": ["rotate", {"key": "noise", "std": 0.1}]}


@pytest.fixture
def compute() -> Iterator[Compute]:
    running = Compute()
    running.start()
    yield running
    running.close()


def data_of(experiment: Experiment, folder: Path) -> ResidentData:
    return resident(experiment, folder, "cpu")


def picture_of(experiment: Experiment, folder: Path, first: int | None = None) -> SamplePicture:
    return sample_picture(data_of(experiment, folder), experiment, first)


def same(one: SamplePicture, two: SamplePicture) -> bool:
    return np.array_equal(one.originals, two.originals) and np.array_equal(one.versions, two.versions)


# -- what is in a picture ---------------------------------------------------------------------------------------------


def test_the_samples_as_they_are_show_every_class_once(tmp_path: Path):
    picture = picture_of(images(train_size=None), tmp_path)
    assert picture.form == "images"
    assert picture.labels == tuple("0123456789")
    assert picture.originals.shape == (10, 8, 8)
    assert picture.originals.dtype == np.uint8
    assert len(picture.versions) == 0


def test_what_is_shown_are_training_samples(tmp_path: Path):
    experiment = images()
    data = data_of(experiment, tmp_path)
    train = data.inputs[data.splits.train].float() * data.factor * 255
    training_images = {image.tobytes() for image in train.round().to(torch.uint8).numpy()}
    for picture in (picture_of(experiment, tmp_path), picture_of(images(**ROTATED), tmp_path, 0)):
        assert len(picture.originals)
        assert all(image.tobytes() in training_images for image in picture.originals)


def test_versions_are_what_a_run_makes_of_these_samples_in_these_updates(tmp_path: Path):
    from core.training.batch import Batch
    from core.training.run import Run

    experiment = images(**ROTATED)
    picture = picture_of(experiment, tmp_path, NUM_UPDATES)
    run = Run(experiment, tmp_path)
    assert run.parts.loop.augment is not None
    shown = torch.from_numpy(picture.originals).float().div(255).unsqueeze(1)
    for place in (0, 3):
        ids = torch.empty(0)
        expected = run.parts.loop.augment(Batch(shown, ids, ids), NUM_UPDATES + place).inputs[:, 0]
        # The picture has 256 levels, and the samples are rounded to them before they are drawn here.
        assert np.abs(picture.versions[place] / 255 - expected.numpy()).max() < 1.6 / 255


def test_every_update_and_every_seed_draws_other_versions_of_the_same_samples(tmp_path: Path):
    picture = picture_of(images(**ROTATED), tmp_path, 0)
    assert picture.versions.shape == (NUM_UPDATES, 6, 8, 8)
    assert len({version.tobytes() for version in picture.versions}) == NUM_UPDATES
    assert same(picture, picture_of(images(**ROTATED), tmp_path, 0))
    other = picture_of(images(seed=1, **ROTATED), tmp_path, 0)
    assert np.array_equal(picture.originals, other.originals)
    assert not np.array_equal(picture.versions, other.versions)


def test_points_stand_in_the_units_of_the_data(tmp_path: Path):
    experiment = points(augmentations=[{"key": "noise", "std": 0.01}])
    data = data_of(experiment, tmp_path)
    picture = sample_picture(data, experiment, 0)
    assert picture.form == "points"
    assert picture.axes == ("x1", "x2")
    raw = data.inputs[data.splits.train].numpy()
    assert all(np.abs(raw - point).sum(axis=1).min() < 1e-5 for point in picture.originals)
    moved = np.abs(picture.versions - picture.originals)
    assert 0 < moved.max() < 0.1


def test_numbers_of_one_input_stand_over_their_targets_which_stay(tmp_path: Path):
    experiment = Experiment.from_json({"dataset": "polynomial", "augmentations": ["noise"]})
    data = data_of(experiment, tmp_path)
    picture = sample_picture(data, experiment, 0)
    assert picture.axes == ("x1", "y")
    assert np.array_equal(picture.originals[:, 1], data.targets[data.splits.train][: len(picture.originals), 0].numpy())
    assert np.array_equal(
        picture.versions[..., 1], np.broadcast_to(picture.originals[:, 1], picture.versions.shape[:2])
    )
    assert not np.array_equal(picture.versions[0, :, 0], picture.originals[:, 0])


@pytest.mark.parametrize(("dataset", "length"), [("iris", 4), ("wine", 13)])
def test_a_row_of_a_table_is_a_signal_as_the_network_sees_it(tmp_path: Path, dataset: str, length: int):
    picture = picture_of(Experiment.from_json({"dataset": dataset, "augmentations": ["noise"]}), tmp_path, 0)
    assert picture.form == "signals"
    assert picture.originals.shape == (2, length)
    assert picture.versions.shape == (NUM_UPDATES, 2, length)


@pytest.mark.parametrize("dataset", ["wine", "mnist_1d"])
def test_what_is_shown_alone_is_mixed_with_another_sample(tmp_path: Path, dataset: str):
    picture = picture_of(
        Experiment.from_json({"dataset": dataset, "augmentations": [{"key": "mixup", "alpha": 1}]}), tmp_path, 0
    )
    assert all(np.abs(version - picture.originals[0]).max() > 0 for version in picture.versions[:, 0])


def test_colours_stay_the_last_axis():
    red = torch.zeros(2, 1, 3, 4, 5)
    red[:, :, 0] = 1
    shown = sample_pictures._images(red)
    assert shown.shape == (2, 1, 4, 5, 3)
    assert shown[..., 0].min() == 255
    assert shown[..., 1:].max() == 0


# -- asking -----------------------------------------------------------------------------------------------------------


class Loader:
    """Loads when told to; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[Future[ResidentData]] = []

    def __call__(self, experiment: Experiment) -> Future[ResidentData]:
        self.asked.append(Future())
        return self.asked[-1]


def ready(get: Callable[[], SamplePicture | None]) -> SamplePicture:
    picture = until(get, what="a picture")
    assert picture is not None
    return picture


def test_nobody_waits_for_data_that_are_being_loaded(compute: Compute, tmp_path: Path):
    loader, experiment = Loader(), images(**ROTATED)
    pictures = SamplePictures(compute, loader)
    assert pictures.get(experiment) is None
    assert pictures.get(experiment) is None
    assert len(loader.asked) == 1
    loader.asked[0].set_result(data_of(experiment, tmp_path))
    assert same(ready(lambda: pictures.get(experiment)), picture_of(experiment, tmp_path))


def test_a_little_patience_is_enough_for_data_in_memory(compute: Compute, tmp_path: Path):
    loader, experiment = Loader(), images()
    pictures = SamplePictures(compute, loader)
    pictures.get(experiment)
    loader.asked[0].set_result(data_of(experiment, tmp_path))
    assert pictures.get(experiment, patience_s=10.0) is not None


def test_a_change_elsewhere_loads_and_draws_nothing_anew(compute: Compute, tmp_path: Path):
    loader = Loader()
    pictures = SamplePictures(compute, loader)
    pictures.get(images(**ROTATED), 0)
    for same_samples in (
        images(**ROTATED, optimizer="sgd"),
        images(**ROTATED, architecture="mlp"),
        images(**ROTATED, epochs=9),
    ):
        pictures.get(same_samples, NUM_UPDATES - 1)
    assert len(loader.asked) == 1
    pictures.get(images(**ROTATED), NUM_UPDATES)
    pictures.get(images(**ROTATED, seed=2), 0)
    pictures.get(images(augmentations=["noise"]), 0)
    pictures.get(images(**{**IMAGES, **ROTATED, "train_size": 30}), 0)
    assert len(loader.asked) == 5


def test_data_that_cannot_be_had_give_an_empty_picture_and_are_tried_again_later(
    compute: Compute, monkeypatch: pytest.MonkeyPatch
):
    loader, experiment = Loader(), images()
    pictures = SamplePictures(compute, loader)
    pictures.get(experiment)
    loader.asked[0].set_exception(BadInput(Text("No network."), Text("It is off."), Text("Switch it on.")))
    picture = pictures.get(experiment)
    assert picture is not None
    assert len(picture.originals) == 0
    assert len(loader.asked) == 1
    monkeypatch.setattr(kept, "RETRY_S", -1.0)
    other = images(split_seed=1)
    pictures.get(other)
    loader.asked[1].set_exception(BadInput(Text("No network."), Text("It is off."), Text("Switch it on.")))
    assert pictures.get(other) is None
    assert len(loader.asked) == 3


def test_a_mistake_in_drawing_is_logged_and_gives_an_empty_picture(
    compute: Compute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: object) -> SamplePicture:
        raise ZeroDivisionError

    monkeypatch.setattr(sample_pictures, "sample_picture", broken)
    loader, experiment = Loader(), images()
    pictures = SamplePictures(compute, loader)
    pictures.get(experiment)
    with caplog.at_level(logging.ERROR):
        loader.asked[0].set_result(data_of(experiment, tmp_path))
        assert len(ready(lambda: pictures.get(experiment)).originals) == 0
    assert "nothing could be made of an experiment's data" in caplog.text


def test_only_the_last_pictures_are_kept(compute: Compute):
    loader = Loader()
    pictures = SamplePictures(compute, loader)
    num = kept.NUM_KEPT + 1
    for seed in range(num):
        pictures.get(images(**ROTATED, seed=seed), 0)
    pictures.get(images(**ROTATED, seed=num - 1), 0)
    assert len(loader.asked) == num
    pictures.get(images(**ROTATED, seed=0), 0)
    assert len(loader.asked) == num + 1


# -- beside the untrained network -------------------------------------------------------------------------------------


def test_the_untrained_network_is_measured_the_same_with_and_without_pictures_of_samples(tmp_path: Path):
    experiment = images(**ROTATED)
    measured = []
    for asks in (False, True):
        with Workbench.open(tmp_path / str(asks)) as bench:
            if asks:
                bench.sample_picture(experiment)
                bench.sample_picture(experiment, 0)
            channel = bench.preview(experiment)
            if asks:
                ready(lambda bench=bench: bench.sample_picture(experiment, 0))
            until(lambda bench=bench, channel=channel: bench.hub.meta(channel).get("price"), what="the price")
            reading = bench.hub.read(channel)
            assert reading is not None
            numbers = {
                group: {name: values.tolist() for name, values in bench.hub.series(channel, group)[1].items()}
                for group in ("update", "evaluation")
            }
            for name in ("train_s", "evaluation_s", "samples_per_s"):
                numbers["evaluation"].pop(name, None)
            measured.append((numbers, reading.pictures["predictions"]["confidence"].tolist()))
    assert str(measured[0]) == str(measured[1])
