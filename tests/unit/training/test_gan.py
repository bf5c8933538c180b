"""A generator sees the training split only, is the same wherever it is trained, and a run mixes its samples in."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch

from core.catalog.augmentations.synthetic import Synthetic
from core.errors import CoreError
from core.experiment import Experiment
from core.seeding import seed32
from core.text import Text
from core.training import gan as gans
from core.training.gan import FOLDER, Gan, gan_key, gan_of, stored
from core.training.resident import host_samples, resident, sealed_test_split
from core.training.run import Run
from tests.experiments import IMAGES

ENTRY = Synthetic(share=0.5, updates=3)


def images(**changes: Any) -> Experiment:
    return Experiment.from_json({**IMAGES, "augmentations": [ENTRY.model_dump()], **changes})


def made(experiment: Experiment, folder: Path, entry: Synthetic = ENTRY) -> Gan:
    return gan_of(experiment, entry, resident(experiment, folder, "cpu"), folder)


def trained(gan: Gan) -> Gan:
    while not gan.is_done:
        gan.piece()
    return gan


def named(images: torch.Tensor) -> set[str]:
    """The images by hash."""
    return {hashlib.sha256(image.numpy().tobytes()).hexdigest() for image in images}


def test_neither_network_ever_sees_an_image_of_the_validation_or_the_test_split(tmp_path, monkeypatch):
    experiment = images(train_size=None)
    data = resident(experiment, tmp_path, "cpu")
    gan = made(experiment, tmp_path, Synthetic(updates=20))
    seen: list[torch.Tensor] = []
    feed = gan._feed

    def noted(places: torch.Tensor) -> torch.Tensor:
        seen.append(feed(places))
        return seen[-1]

    # What a network is given besides comes from itself: `critic` is shown what was fed or what was drawn.
    drawn: list[torch.Tensor] = []
    gan.network.register_forward_hook(lambda module, given, result: drawn.append(result.detach()))
    given: list[torch.Tensor] = []
    gan._critic.register_forward_pre_hook(lambda module, arguments: given.append(arguments[0].detach()))
    monkeypatch.setattr(gan, "_feed", noted)
    trained(gan)

    def split(rows: torch.Tensor) -> set[str]:
        return named(torch.from_numpy(host_samples(data).inputs[rows.numpy()]).float().mul_(1 / 16))

    training = split(data.splits.train)
    outside = (split(data.splits.validation) | split(sealed_test_split(data))) - training
    fed = named(torch.cat(seen))
    assert fed == training
    assert not fed & outside
    assert len(outside) > 600
    assert named(torch.cat(given)) <= fed | named(torch.cat(drawn))


def test_its_bits_follow_from_the_recipe_alone(tmp_path):
    first = trained(made(images(), tmp_path / "a"))
    torch.manual_seed(99)  # It draws from no default generator.
    second = trained(made(images(seed=5, epochs=2), tmp_path / "b"))
    assert first is not second
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, second.network.state_dict()[name]), name
    other = trained(made(images(), tmp_path / "c", Synthetic(updates=3, seed=1)))
    assert not torch.equal(other.network.noise.weight, first.network.noise.weight)


def test_a_recipe_is_the_training_split_the_updates_and_the_seed():
    key = gan_key(images(), ENTRY)
    assert gan_key(images(seed=3, optimizer="sgd"), Synthetic(share=0.1, updates=3)) == key
    others = [
        gan_key(images(train_size=41), ENTRY),
        gan_key(images(split_seed=1), ENTRY),
        gan_key(images(label_noise=0.1), ENTRY),
        gan_key(images(), Synthetic(updates=4)),
        gan_key(images(), Synthetic(updates=3, seed=1)),
    ]
    assert len({key, *others}) == 6


def test_a_finished_one_is_found_again_and_what_is_damaged_is_trained_anew(tmp_path):
    experiment = images()
    gan = trained(made(experiment, tmp_path))
    kept = {name: tensor.clone() for name, tensor in gan.network.state_dict().items()}
    grids = gan.grids
    del gan
    again = made(experiment, tmp_path)
    assert again.is_done
    assert all(torch.equal(tensor, kept[name]) for name, tensor in again.network.state_dict().items())
    assert [grid.step for grid in again.grids] == [grid.step for grid in grids] == [0, 1, 2, 3]
    assert (again.grids[-1].images == grids[-1].images).all()
    del again
    (file,) = (tmp_path / FOLDER / gan_key(experiment, ENTRY)).iterdir()
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert stored(tmp_path / FOLDER, gan_key(experiment, ENTRY)) is None
    anew = made(experiment, tmp_path)
    assert anew.step == 0
    assert all(torch.equal(tensor, kept[name]) for name, tensor in trained(anew).network.state_dict().items())


def test_one_that_another_torch_has_made_is_trained_anew(tmp_path, monkeypatch):
    trained(made(images(), tmp_path))
    gans._alive.clear()
    monkeypatch.setattr(torch, "__version__", "0.0")
    assert made(images(), tmp_path).step == 0


def test_a_disk_that_is_full_loses_no_run(tmp_path, monkeypatch, caplog):
    def full(*_: Any, **__: Any) -> None:
        raise CoreError(Text("The disk is full."), Text("Nothing is left."), Text("Free some room."))

    monkeypatch.setattr(gans, "write_snapshot", full)
    assert trained(made(images(), tmp_path)).is_done
    assert "not kept" in caplog.text


def test_only_so_many_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(gans, "MOST_KEPT", 2)
    for seed in range(3):
        trained(made(images(), tmp_path, Synthetic(updates=1, seed=seed)))
    assert len(list((tmp_path / FOLDER).iterdir())) == 2
    assert stored(tmp_path / FOLDER, gan_key(images(), Synthetic(updates=1, seed=2))) is not None


def test_it_is_kept_while_another_process_deletes_the_same(tmp_path, monkeypatch, caplog):
    def gone(path: Any) -> None:
        raise FileNotFoundError(path)

    monkeypatch.setattr(gans, "MOST_KEPT", 0)
    monkeypatch.setattr(gans.shutil, "rmtree", gone)
    trained(made(images(), tmp_path, Synthetic(updates=1)))
    assert stored(tmp_path / FOLDER, gan_key(images(), Synthetic(updates=1))) is not None
    assert not caplog.records


def test_a_run_trains_it_before_its_first_update_and_mixes_its_samples_in_class_by_class(tmp_path):
    run = Run(images(batch_size=20), tmp_path)
    gan = run.parts.learning
    assert gan is not None
    seen = []
    run.parts.loop.watch = lambda step, batch: seen.append((gan.is_done, batch))
    while not run.update_is_next:
        assert run.step_count == 0
        run.piece()
    run.train(1)
    (is_done, fed), real = seen[0], run.parts.feed.batch(0)
    assert is_done
    assert torch.equal(fed.targets, real.targets)
    assert torch.equal(fed.inputs[10:], real.inputs[10:])
    draws = torch.Generator().manual_seed(seed32(0, "augment", "synthetic.0", 0))
    assert torch.equal(fed.inputs[:10], gan.sample(real.targets[:10], draws))


def test_a_step_by_itself_trains_it_too(tmp_path):
    one, two = Run(images(), tmp_path / "a"), Run(images(), tmp_path / "b").train(1)
    one.step()
    assert torch.equal(one.parts.model.state_dict()["output.weight"], two.parts.model.state_dict()["output.weight"])


def test_validation_is_measured_on_real_samples_only(tmp_path):
    plain, mixed = Run(images(augmentations=[]), tmp_path), Run(images(), tmp_path)
    for one, other in zip(plain.parts.evaluated, mixed.parts.evaluated, strict=True):
        for real, same in zip(one, other, strict=True):
            assert torch.equal(real.inputs, same.inputs)


@pytest.mark.parametrize("split", [0, 2])
def test_a_generator_that_gets_another_number_of_images_of_a_class_still_judges(split, tmp_path):
    gan = trained(made(images(train_size=10, split_seed=split), tmp_path))
    assert gan.grids[-1].images.shape == (10, 6, 1, 8, 8)
