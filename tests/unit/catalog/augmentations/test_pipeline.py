from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch

from core.catalog.augmentations.brightness import Brightness
from core.catalog.augmentations.color_jitter import ColorJitter
from core.catalog.augmentations.contrast import Contrast
from core.catalog.augmentations.crop import Crop
from core.catalog.augmentations.erasing import Cutout, Erase
from core.catalog.augmentations.flip import Flip
from core.catalog.augmentations.mixing import CutMix, MixUp
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.pipeline import Photometric, Warp, compile_pipeline
from core.catalog.augmentations.policies import RandAugment, TrivialAugment
from core.catalog.augmentations.resized_crop import ResizedCrop
from core.catalog.augmentations.rotate import Rotate
from core.catalog.augmentations.scale import Scale
from core.catalog.augmentations.shift import Shift
from core.catalog.augmentations.signals import SignalScale, SignalShift
from core.catalog.augmentations.synthetic import LearnedAugmentation, Synthetic
from core.catalog.entry import Entry
from core.catalog.registry import entries, parse
from core.errors import BadInput
from core.training.augmentation_preview import augmentation_seeds
from core.training.batch import Batch

CPU = torch.device("cpu")
CLASSES: dict[str, Any] = dict(sorted(entries("augmentations").items()))
KEYS = [
    key
    for key, cls in CLASSES.items()
    if "image" in cls.input_kinds and not issubclass(cls, LearnedAugmentation)  # test_synthetic.py
]
SIGNALS = [key for key, cls in CLASSES.items() if "sequence" in cls.input_kinds]
SMALL = {"cutout": {"size": 3}}
"""Settings for the pictures of these tests, where the defaults are too large."""


def entry_of(key: str) -> Any:
    return parse("augmentations", {"key": key, **SMALL.get(key, {})})


IDENTITIES = [
    Flip(horizontal=0, vertical=0),
    Rotate(degrees=0),
    Scale(low=1, high=1),
    Shift(horizontal=0, vertical=0),
    Crop(padding=0),
    ResizedCrop(area=1, aspect=1),
    Brightness(amount=0),
    Contrast(amount=0),
    Noise(std=0),
    ColorJitter(brightness=0, contrast=0, saturation=0, hue=0),
    Erase(probability=0),
    Cutout(size=0),
    MixUp(alpha=0),
    CutMix(alpha=0),
    RandAugment(probability=0),
    TrivialAugment(probability=0),
    SignalShift(most=0),
    SignalScale(amount=0),
    Synthetic(share=0),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("key", KEYS)
def test_every_entry_changes_inputs_and_keeps_shape_dtype_targets_and_the_given_batch(key, dtype, images, seeds):
    inputs = images.to(dtype)
    given = Batch(inputs.clone(), torch.arange(8), torch.arange(8) + 100)
    result = compile_pipeline([entry_of(key)], (3, 10, 7), 8)(given, 0, seeds)
    assert result.inputs.shape == inputs.shape
    assert result.inputs.dtype == dtype
    assert not torch.equal(result.inputs, inputs)
    assert torch.equal(given.inputs, inputs)
    assert (result.targets is given.targets) == (not CLASSES[key].changes_targets)
    assert result.sample_ids is given.sample_ids


@pytest.mark.parametrize("key", KEYS)
def test_images_stay_between_0_and_1(key, images, augment):
    result = augment([entry_of(key)], images)
    assert result.min() >= 0
    assert result.max() <= 1 + 1e-6


@pytest.mark.parametrize("key", KEYS)
def test_samples_of_a_batch_get_parameters_of_their_own(key, images, augment):
    same = images[:1].repeat(64, 1, 1, 1)
    same[1::2] = images[1]  # else one part of a blend could not be told from the other
    result = augment([entry_of(key)], same)[::2]
    assert not torch.equal(result, result[:1].expand_as(result))


def test_the_identities_cover_every_entry():
    assert sorted(entry.key for entry in IDENTITIES) == list(CLASSES)


@pytest.mark.parametrize("entry", IDENTITIES, ids=lambda entry: entry.key)
def test_an_entry_that_changes_nothing_leaves_every_bit(entry, images, augment):
    assert entry.changes_nothing
    inputs = images if "image" in entry.input_kinds else images[:, :, 0]
    assert torch.equal(augment([entry], inputs), inputs)


def test_an_entry_builds_the_pipeline_of_itself_alone(images, seeds, augment):
    ids = torch.arange(8)
    assert torch.equal(
        Rotate().build((3, 10, 7))(Batch(images, ids, ids), 0, seeds).inputs, augment([Rotate()], images)
    )


def test_no_augmentation_is_the_batch_itself(images, augment):
    assert augment([], images) is images


def test_a_certain_flip_is_the_exact_mirror_image(images, augment):
    assert torch.equal(augment([Flip(horizontal=1, vertical=0)], images), images.flip(3))
    assert torch.equal(augment([Flip(horizontal=0, vertical=1)], images), images.flip(2))
    assert torch.equal(augment([Flip(horizontal=1, vertical=1)], images), images.flip(2, 3))
    double = images.double()
    assert torch.equal(augment([Flip(horizontal=1, vertical=0)], double), double.flip(3))


def test_a_flip_with_probability_mirrors_that_part_of_the_samples(images, augment):
    many = images[:1].repeat(2000, 1, 1, 1)
    result = augment([Flip(horizontal=0.3, vertical=0.6)], many)
    alternatives = [many[0], many[0].flip(2), many[0].flip(1), many[0].flip(1, 2)]
    counts = [int((result == one).flatten(1).all(1).sum()) for one in alternatives]
    assert sum(counts) == 2000
    for count, expected in zip(counts, (0.7 * 0.4, 0.3 * 0.4, 0.7 * 0.6, 0.3 * 0.6), strict=True):
        assert abs(count / 2000 - expected) < 0.05


def test_changing_one_flip_probability_leaves_the_other_flips(images, augment):
    left_right = augment([Flip(horizontal=0.5, vertical=0)], images)
    both = augment([Flip(horizontal=0.5, vertical=1)], images)
    assert torch.equal(both, left_right.flip(2))


def test_crop_is_a_window_of_the_padded_image_copied_exactly(images, augment):
    padding = 2
    result = augment([Crop(padding=padding)], images)
    padded = torch.nn.functional.pad(images, [padding] * 4)
    windows = {(a, b): padded[:, :, a : a + 10, b : b + 7] for a in range(5) for b in range(5)}
    for i in range(len(images)):
        assert any(torch.equal(result[i], window[i]) for window in windows.values())


def test_crop_uses_every_offset_about_equally(augment):
    side, padding = 9, 2
    points = torch.zeros(5000, 1, side, side)
    points[:, :, 4, 4] = 1
    where = augment([Crop(padding=padding)], points).flatten(1).argmax(1)
    rows, counts = where.unique(return_counts=True)
    assert sorted(rows.tolist()) == [9 * r + c for r in range(2, 7) for c in range(2, 7)]
    assert (counts / 5000 - 1 / 25).abs().max() < 0.015


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 8, 8), (2, 97, 131)])
def test_flips_and_crops_together_copy_values_exactly(shape, augment):
    images = torch.rand((6, *shape), generator=torch.Generator().manual_seed(0))
    together = augment([Flip(horizontal=1, vertical=1), Crop(padding=2), Flip(horizontal=1, vertical=0)], images)
    one_by_one = augment([Crop(padding=2)], images.flip(2, 3)).flip(3)
    assert torch.equal(together, one_by_one)


def test_neighbouring_geometric_entries_sample_the_image_once(images):
    pipeline = compile_pipeline([Rotate(), Scale(), Shift(), Crop(), Flip(), Noise(), Brightness()], (3, 10, 7))
    assert [type(stage) for stage in pipeline.stages] == [Warp, Photometric]
    assert [name for name, _ in pipeline.stages[0].parts] == ["rotate.0", "scale.0", "shift.0", "crop.0", "flip.0"]


def test_two_turns_fused_are_sharper_than_two_turns_one_after_the_other(augment):
    images = (torch.rand((4, 1, 32, 32), generator=torch.Generator().manual_seed(0)) > 0.5).float()
    turned = [Rotate(degrees=40), Rotate(degrees=40)]
    fused = augment(turned, images)
    apart = augment([turned[0], Brightness(amount=1e-6), turned[1]], images)
    inner = slice(10, 22)
    assert fused[..., inner, inner].var() > 1.2 * apart[..., inner, inner].var()


def test_a_photometric_entry_between_geometric_ones_separates_them(images, augment, seeds):
    entries_apart: list[Entry] = [Rotate(), Brightness(), Rotate()]
    pipeline = compile_pipeline(entries_apart, (3, 10, 7))
    assert [type(stage) for stage in pipeline.stages] == [Warp, Photometric, Warp]

    def second_occurrence(name: str, step: int) -> torch.Generator:
        return seeds(name.replace(".0", ".1"), step)

    expected = augment([Rotate()], images)
    expected = augment([Brightness()], expected)
    expected = augment([Rotate()], expected, seeds=second_occurrence)
    torch.testing.assert_close(augment(entries_apart, images), expected, atol=0, rtol=0)


def test_an_entry_before_another_leaves_its_draws(images, augment):
    mirrored = Flip(horizontal=1, vertical=0)
    assert torch.equal(augment([mirrored, Crop()], images), augment([Crop()], images.flip(3)))
    noise_alone = augment([Noise()], images)
    assert torch.equal(augment([Noise(), mirrored], images), noise_alone.flip(3))
    assert torch.equal(augment([mirrored, Noise()], images), augment([Noise()], images.flip(3)))


def test_draws_are_named_by_key_and_occurrence_and_asked_once_a_step(images, seeds):
    asked = []

    def listening(name: str, step: int) -> torch.Generator:
        asked.append((name, step))
        return seeds(name, step)

    chosen: list[Entry] = [Noise(std=0), Rotate(), Noise(), Rotate(), Flip()]
    compile_pipeline(chosen, (3, 10, 7))(Batch(images, images, images), 9, listening)
    assert asked == [("rotate.0", 9), ("noise.1", 9), ("rotate.1", 9), ("flip.0", 9)]


def test_one_generator_seeded_anew_equals_a_generator_for_each_entry(images, augment, seeds):
    chosen = [Rotate(), Scale(), Noise(), Contrast(), ResizedCrop()]
    kept: dict[str, int] = {}

    def separate(name: str, step: int) -> torch.Generator:
        kept[name] = seeds(name, step).initial_seed()
        return torch.Generator().manual_seed(kept[name])

    assert torch.equal(augment(chosen, images, seeds=separate), augment(chosen, images))
    assert len(set(kept.values())) == len(chosen)


def test_seed_and_step_decide_the_result_and_nothing_else(images, augment):
    chosen = [entry_of(key) for key in KEYS]
    first = augment(chosen, images, step=3)
    state = torch.get_rng_state()
    torch.rand(5)
    assert torch.equal(augment(chosen, images, step=3), first)
    torch.set_rng_state(state)
    augment(chosen, images, step=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(augment(chosen, images, step=4), first)
    assert not torch.equal(augment(chosen, images, step=3, seeds=augmentation_seeds(6, CPU)), first)


def test_a_compiled_pipeline_serves_batches_of_any_size_and_both_number_formats(images, seeds):
    pipeline = compile_pipeline([Rotate(), Scale(), Contrast()], (3, 10, 7))
    for inputs in (images, images[:3], images.double(), images):
        fresh = compile_pipeline([Rotate(), Scale(), Contrast()], (3, 10, 7))
        ids = torch.arange(len(inputs))
        assert torch.equal(
            pipeline(Batch(inputs, ids, ids), 0, seeds).inputs, fresh(Batch(inputs, ids, ids), 0, seeds).inputs
        )


def test_pictures_one_pixel_wide_can_be_warped(augment):
    images = torch.rand((4, 1, 6, 1), generator=torch.Generator().manual_seed(0))
    assert torch.isfinite(augment([Rotate(), Scale()], images)).all()
    assert torch.equal(augment([Flip(horizontal=0, vertical=1)], images), images.flip(2))


@pytest.mark.parametrize("shape", [(4,), (2, 40)])
def test_noise_on_numbers_that_are_no_image_is_not_cut_off(shape, augment):
    inputs = torch.zeros(500, *shape)
    result = augment([Noise(std=2.0)], inputs)
    assert result.min() < -2
    assert result.max() > 2


@pytest.mark.parametrize("shape", [(4,), (2, 40)])
@pytest.mark.parametrize("key", [key for key, cls in CLASSES.items() if cls.input_kinds == ("image",)])
def test_an_image_augmentation_on_other_inputs_is_refused_with_what_why_and_fix(key, shape):
    with pytest.raises(BadInput) as error:
        compile_pipeline([entries("augmentations")[key]()], shape)
    assert "cannot change samples of shape" in str(error.value.what)
    assert "pictures" in str(error.value.why)
    assert "Gaussian noise" in str(error.value.fix)


def test_an_augmentation_of_sequences_on_a_picture_is_refused():
    with pytest.raises(BadInput, match=r"cannot change samples of shape 1×8×8.*It changes sequences"):
        compile_pipeline([SignalShift()], (1, 8, 8))


@pytest.mark.parametrize("key", SIGNALS)
def test_entries_for_sequences_change_them_and_keep_shape_dtype_and_the_given_batch(key, seeds):
    signals = torch.randn((8, 2, 40), generator=torch.Generator().manual_seed(0))
    given = Batch(signals.clone(), torch.arange(8), torch.arange(8))
    result = compile_pipeline([entry_of(key)], (2, 40), 8)(given, 0, seeds)
    assert result.inputs.shape == signals.shape
    assert result.inputs.dtype == signals.dtype
    assert not torch.equal(result.inputs, signals)
    assert torch.equal(given.inputs, signals)


def test_an_entry_of_another_family_is_refused():
    class Stranger(Entry):
        family = "losses"
        title = "Stranger"

    with pytest.raises(BadInput, match=r"Stranger.*belongs to losses"):
        compile_pipeline([Stranger()], (1, 8, 8))


def test_importing_the_family_loads_no_torch():
    code = (
        "import sys, core.catalog.augmentations, core.catalog.augmentations.strengths; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
