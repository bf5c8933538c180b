from __future__ import annotations

import threading

import pytest
import torch

from core.catalog.augmentations.crop import Crop
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.augmentations.rotate import Rotate
from core.errors import BadInput
from core.training.augmentation_preview import augmentation_seeds, preview
from core.training.batch import Batch

ENTRIES = [Rotate(), Noise()]


@pytest.fixture
def images() -> torch.Tensor:
    return torch.rand((5, 1, 8, 8), generator=torch.Generator().manual_seed(0))


def test_version_i_is_what_a_run_makes_of_the_samples_in_step_i(images):
    shown = preview(ENTRIES, images, seed=4, k=3)
    assert shown.shape == (3, 5, 1, 8, 8)
    seeds = augmentation_seeds(4, torch.device("cpu"))
    pipeline = compile_pipeline(ENTRIES, (1, 8, 8))
    ids = torch.arange(5)
    for step in range(3):
        assert torch.equal(shown[step], pipeline(Batch(images, ids, ids), step, seeds).inputs)
    assert not torch.equal(shown[0], shown[1])


def test_a_preview_may_begin_at_a_later_step(images):
    assert torch.equal(preview(ENTRIES, images, seed=4, k=2, first=1), preview(ENTRIES, images, seed=4, k=3)[1:])


def test_a_preview_is_a_pure_function(images):
    before, state = images.clone(), torch.get_rng_state()
    shown = preview(ENTRIES, images, seed=4, k=2)
    assert torch.equal(preview(ENTRIES, images, seed=4, k=2), shown)
    assert torch.equal(images, before)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(preview(ENTRIES, images, seed=5, k=2), shown)


def test_previews_in_threads_equal_previews_alone(images):
    alone = [preview(ENTRIES, images, seed=seed, k=4) for seed in range(4)]
    beside: dict[int, torch.Tensor] = {}

    def show(seed: int) -> None:
        beside[seed] = preview(ENTRIES, images, seed=seed, k=4)

    threads = [threading.Thread(target=show, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(beside[seed], alone[seed]) for seed in range(4))


def test_without_augmentations_every_version_is_the_original(images):
    assert torch.equal(preview([], images, seed=0, k=2), torch.stack([images, images]))


def test_an_entry_that_does_not_suit_the_samples_is_refused(images):
    with pytest.raises(BadInput, match="Use a padding of 4 or less"):
        preview([Crop(padding=5)], images, seed=0)


def test_more_samples_than_a_page_may_compute_on_are_refused(images):
    with pytest.raises(AssertionError, match="1 to 64 samples"):
        preview(ENTRIES, images.repeat(13, 1, 1, 1), seed=0)


def test_streams_differ_between_entries_steps_and_seeds():
    seeds, others = (augmentation_seeds(seed, torch.device("cpu")) for seed in (0, 1))
    drawn = [
        float(torch.rand(1, generator=one(name, step)))
        for one in (seeds, others)
        for name in ("flip.0", "flip.1", "rotate.0")
        for step in (0, 1)
    ]
    assert len(set(drawn)) == len(drawn)
