"""RandAugment and TrivialAugment: each change against torchvision's, and how they are dealt out."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch
from torch.nn import functional
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from core.catalog.augmentations import operations
from core.catalog.augmentations.operations import NUM_KINDS, NUM_MOVEMENTS, RAND, RECOLOURS, TRIVIAL, Ranges, hands
from core.catalog.augmentations.pipeline import base_grid, warp
from core.catalog.augmentations.policies import RandAugment, TrivialAugment

STRENGTHS = [0.0, 9 / 30, 1.0]


@pytest.fixture(params=[1, 3])
def images(request: pytest.FixtureRequest) -> torch.Tensor:
    """Six images of 8 bits a value, the first of them with white in it, the last one plain."""
    whole = torch.randint(0, 256, (6, request.param, 20, 20), generator=torch.Generator().manual_seed(0))
    whole[0, :, :3] = 255
    whole[5] = 77
    return whole.float() / 255


def recoloured(place: int, images: torch.Tensor, strength: float, ranges: Ranges = RAND) -> torch.Tensor:
    return RECOLOURS[place](ranges, images.clone(), torch.full((len(images), 1, 1, 1), strength))


@pytest.mark.parametrize("ranges", [RAND, TRIVIAL])
@pytest.mark.parametrize("strength", [-1.0, -0.3, 0.0, 0.3, 1.0])
def test_brightness_colour_contrast_and_sharpness_are_torchvisions(images, strength, ranges):
    factor = 1 + strength * ranges.factor
    theirs = (tv.adjust_brightness, tv.adjust_saturation, tv.adjust_contrast, tv.adjust_sharpness)
    for place, function in enumerate(theirs):
        torch.testing.assert_close(
            recoloured(place, images, strength, ranges), function(images, factor), atol=2e-4, rtol=0
        )


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("sides", [(20, 20), (3, 7), (28, 5)])
def test_sharpness_has_the_bits_of_avg_pool2d(images, sides, memory_format):
    some = images[:, :, : sides[0], : sides[1]] if max(sides) <= 20 else images.repeat(1, 1, 2, 1)[:, :, :28, :5]
    some = some.contiguous(memory_format=memory_format)
    blurred = some.clone()
    blurred[:, :, 1:-1, 1:-1].mul_(4).add_(functional.avg_pool2d(some, 3, 1), alpha=9).div_(13)
    expected = blurred.lerp(some, torch.tensor(1 + 0.3 * RAND.factor)).clamp_(0, 1)
    found = RECOLOURS[3](RAND, some, torch.full((len(some), 1, 1, 1), 0.3))
    assert torch.equal(found, expected)
    assert found.stride() == expected.stride()


@pytest.mark.parametrize("strength", STRENGTHS)
def test_posterize_solarize_and_the_histogram_are_torchvisions_of_8_bits(images, strength):
    eight = (images * 255).round().to(torch.uint8)
    bits = 8 - round(strength * RAND.bits)
    expected = [tv.posterize(eight, bits), None, tv.autocontrast(images), tv.equalize(eight)]
    expected = [image if image is None or image.is_floating_point() else image / 255 for image in expected]
    expected[1] = tv.solarize(images, 1 - strength) if strength else images  # at strength 0 white stays white
    for place, image in enumerate(expected, start=4):
        torch.testing.assert_close(recoloured(place, images, strength), image, atol=1e-5, rtol=0)


@pytest.mark.parametrize("ranges", [RAND, TRIVIAL])
def test_movements_are_torchvisions(images, ranges):
    amounts = torch.tensor([0.5, -0.4, 0.3, -0.25, 0.2])
    inverse = operations.movement(ranges, amounts, [1] * NUM_MOVEMENTS, 20, 20)
    ours = warp(images[:5], inverse, "bilinear", base_grid(images))
    far = min(ranges.translate * 20, ranges.translate_pixels)
    settings: list[dict[str, Any]] = [
        {"shear": [math.degrees(math.atan(0.5 * ranges.shear)), 0.0]},
        {"shear": [0.0, math.degrees(math.atan(-0.4 * ranges.shear))]},
        {"translate": [int(0.3 * far), 0]},
        {"translate": [0, int(-0.25 * far)]},
        {"angle": -0.2 * ranges.degrees},
    ]
    for image, result, setting in zip(images[:5], ours, settings, strict=True):
        arguments = {"angle": 0.0, "translate": [0, 0], "scale": 1.0, "shear": [0.0, 0.0], **setting}
        expected = tv.affine(image, **arguments, interpolation=v2.InterpolationMode.BILINEAR)
        torch.testing.assert_close(result, expected, atol=1e-4, rtol=0)


def test_ranges_are_torchvisions():
    for ranges, theirs in ((RAND, v2.RandAugment()), (TRIVIAL, v2.TrivialAugmentWide())):
        space = {name: made(31, 331, 331) for name, (made, _) in theirs._AUGMENTATION_SPACE.items()}
        assert len(space) == NUM_KINDS
        strongest = {name: float(values[-1]) for name, values in space.items() if values is not None}
        assert strongest["ShearX"] == strongest["ShearY"] == pytest.approx(ranges.shear)
        far = min(ranges.translate * 331, ranges.translate_pixels)
        assert strongest["TranslateX"] == strongest["TranslateY"] == pytest.approx(far)
        assert strongest["Rotate"] == ranges.degrees
        for name in ("Brightness", "Color", "Contrast", "Sharpness"):
            assert strongest[name] == pytest.approx(ranges.factor)
        assert strongest["Posterize"] == 8 - ranges.bits
        assert [8 - round(place / 30 * ranges.bits) for place in range(31)] == space["Posterize"].tolist()  # type: ignore[union-attr]


def test_at_strength_0_only_contrast_and_histogram_change_anything(images):
    for place in range(len(RECOLOURS) - 2):
        torch.testing.assert_close(recoloured(place, images, 0.0), images, atol=1e-6, rtol=0)


@pytest.mark.parametrize("count", [1, 5, 14, 128])
def test_every_sample_gets_one_kind_and_every_kind_has_its_turn(count):
    assert all(sum(hands(count, turn)) == count for turn in range(NUM_KINDS))
    assert all(max(hands(count, turn)) - min(hands(count, turn)) <= 1 for turn in range(NUM_KINDS))
    totals = [sum(hands(count, turn)[kind] for turn in range(NUM_KINDS)) for kind in range(NUM_KINDS)]
    assert set(totals) == {count}, "over the turns each kind is as likely as any other"


def test_each_sample_of_a_batch_is_as_likely_to_be_left_alone(augment):
    """Four kinds of fourteen do nothing here: none, colour of grey, contrast from 0 to 1, few pixels equalized."""
    picture = torch.rand((1, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    picture[0, 0, 0, 0], picture[0, 0, 0, 1] = 0, 1
    batch = picture.repeat(16, 1, 1, 1)
    left = torch.zeros(16)
    for step in range(210):
        left += (augment([RandAugment(num_ops=1, magnitude=20)], batch, step) == batch).flatten(1).all(1)
    assert (left / 210 - 4 / 14).abs().max() < 0.12
    assert float(left.mean()) / 210 == pytest.approx(4 / 14, abs=0.01)


def test_samples_that_are_not_to_be_changed_stay_to_the_bit(augment):
    images = torch.rand((400, 1, 8, 8), generator=torch.Generator().manual_seed(1))
    for entry in (RandAugment(probability=0.25, magnitude=20), TrivialAugment(probability=0.25)):
        same = (augment([entry], images) == images).flatten(1).all(1).float().mean()
        assert 0.75 <= float(same) < 0.9


def test_strengths_are_the_31_of_the_paper(augment):
    """A turn by 0 to 135° in steps of 4.5°, seen on a bright pixel far from the middle."""
    images = torch.zeros(6000, 1, 41, 41)
    images[:, :, 20, 38] = 1
    where = augment([TrivialAugment()], images).flatten(2).argmax(2).flatten()
    rows, columns = where // 41 - 20, where % 41 - 20
    on_circle = (rows.float().hypot(columns.float()) - 18).abs() < 0.8
    angles = torch.atan2(-rows.float(), columns.float())[on_circle].rad2deg()
    assert angles.abs().max() <= 135 + 2
    turned = Counter((angles[angles.abs() > 6].abs() / 4.5).round().int().tolist())
    assert set(turned) <= set(range(1, 31))
    assert len(turned) >= 25
