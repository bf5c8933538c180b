from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torchvision.transforms.v2 import InterpolationMode, functional

from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.augmentation import GeometricAugmentation
from core.catalog.augmentations.brightness import Brightness
from core.catalog.augmentations.contrast import Contrast
from core.catalog.augmentations.crop import Crop
from core.catalog.augmentations.flip import Flip
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.pipeline import base_grid, compile_pipeline, mirrored, warp
from core.catalog.augmentations.resized_crop import ResizedCrop
from core.catalog.augmentations.rotate import Rotate
from core.catalog.augmentations.scale import Scale
from core.catalog.augmentations.shift import Shift
from core.catalog.augmentations.tone import Tone
from core.catalog.registry import entries, parse
from core.errors import BadInput


def warped(images: torch.Tensor, *parts: tuple[GeometricAugmentation, tuple[Any, ...]]) -> torch.Tensor:
    """The images under geometric entries with given parameters, one for all samples, fused."""
    inverse = Affine()
    for entry, drawn in parts:
        tensors = [images.new_full((len(images),), value) for value in drawn]
        inverse = inverse.after(entry.inverse(images.shape[2], images.shape[3], *tensors))
    return warp(images, inverse, "bilinear", base_grid(images))


def matrix(entry: GeometricAugmentation, drawn: tuple[float, ...], height: int, width: int) -> torch.Tensor:
    """The 3×3 matrix of an entry's inverse map, in float64."""
    one = entry.inverse(height, width, *(torch.full((1,), value, dtype=torch.float64) for value in drawn))
    return torch.tensor([[*map(float, one[:3])], [*map(float, one[3:])], [0.0, 0.0, 1.0]], dtype=torch.float64)


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (-90, -1)])
def test_a_turn_by_right_angles_equals_rot90(degrees, turns):
    images = torch.rand((2, 3, 9, 9), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    result = warped(images, (Rotate(), (math.radians(degrees),)))
    torch.testing.assert_close(result, torch.rot90(images, turns, (2, 3)), atol=1e-12, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_fused_turn_scale_and_shift_equal_torchvisions_affine(images, dtype):
    images = images.to(dtype)
    for degrees, factor, right, down in ((12.0, 1.1, 2, -1), (-7.0, 0.85, -1, 3), (33.0, 1.0, 0, 0)):
        ours = warped(
            images, (Rotate(), (math.radians(degrees),)), (Scale(), (factor,)), (Shift(), (right / 7, down / 10))
        )
        theirs = functional.affine(
            images,
            angle=-degrees,
            translate=[right, down],
            scale=factor,
            shear=[0.0, 0.0],
            interpolation=InterpolationMode.BILINEAR,
        )
        torch.testing.assert_close(ours, theirs.to(dtype), atol=2e-5, rtol=0)


def test_fusing_is_composing_the_matrices_in_the_order_of_the_entries():
    parts = [
        (Rotate(), (0.4,)),
        (Shift(), (0.2, -0.1)),
        (Flip(), (-1.0, 1.0)),
        (Scale(), (1.3,)),
        (Crop(), (1.0, -2.0)),
        (ResizedCrop(), (0.8, 0.7, 0.5, -0.3)),
    ]
    inverse = Affine()
    product = torch.eye(3, dtype=torch.float64)
    for entry, drawn in parts:
        tensors = [torch.full((1,), value, dtype=torch.float64) for value in drawn]
        inverse = inverse.after(entry.inverse(10, 7, *tensors))
        product = product @ matrix(entry, drawn, 10, 7)
    composed = torch.tensor([float(value) for value in inverse], dtype=torch.float64).view(2, 3)
    torch.testing.assert_close(composed, product[:2])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("flip", [Flip(), Flip(horizontal=0, vertical=0.5), Flip(vertical=0.5)])
def test_mirroring_gives_the_bits_and_the_order_in_memory_of_the_warp(flip, memory_format, channels):
    images = torch.randn((16, channels, 10, 7), generator=torch.Generator().manual_seed(0))
    images = images.to(memory_format=memory_format)
    inverse = flip.inverse(10, 7, *flip.draw(images, torch.Generator().manual_seed(2)))
    ours, theirs = mirrored(images, inverse), warp(images, inverse, "nearest", base_grid(images))
    assert torch.equal(ours.view(torch.int32), theirs.view(torch.int32))
    assert ours.stride() == theirs.stride()
    assert not torch.equal(ours, images)


def test_shift_moves_content_right_and_down_by_a_fraction_of_the_sides(images):
    result = warped(images, (Shift(), (2 / 7, 3 / 10)))
    torch.testing.assert_close(result[:, :, 3:, 2:], images[:, :, :-3, :-2], atol=1e-5, rtol=0)
    assert result[:, :, :3].abs().max() < 1e-5


def test_scale_enlarges_about_the_centre():
    square = torch.zeros(1, 1, 16, 16)
    square[:, :, 6:10, 6:10] = 1
    result = warped(square, (Scale(), (2.0,)))
    assert result[0, 0, 5:11, 5:11].min() == 1
    assert result.sum() == pytest.approx(4 * 16, rel=0.02)


def test_draws_fill_their_ranges(images):
    many = images[:1].expand(4000, -1, -1, -1)
    draw = torch.Generator().manual_seed(0)
    (angle,) = Rotate(degrees=30).draw(many, draw)
    assert -math.pi / 6 <= angle.min() < -0.5
    assert 0.5 < angle.max() <= math.pi / 6
    (factor,) = Scale(low=0.5, high=1.5).draw(many, draw)
    assert 0.5 <= factor.min() < 0.51
    assert 1.49 < factor.max() <= 1.5
    right, down = Shift(horizontal=0.2, vertical=0.0).draw(many, draw)
    assert -0.2 <= right.min() < -0.19
    assert 0.19 < right.max() <= 0.2
    assert down.abs().max() == 0


def test_a_resized_crop_stays_inside_the_picture_and_keeps_its_area(images):
    many = images[:1].expand(4000, -1, -1, -1)
    entry = ResizedCrop(area=0.25, aspect=1.5)
    wide, high, right, down = entry.draw(many, torch.Generator().manual_seed(0))
    inverse = entry.inverse(10, 7, wide, high, right, down)
    assert (torch.as_tensor(inverse.x0).abs() + wide * 3.5).max() <= 3.5 + 1e-5
    assert (torch.as_tensor(inverse.y0).abs() + high * 5.0).max() <= 5.0 + 1e-5
    whole = (wide < 1) & (high < 1)
    area, stretch = (wide * high)[whole], (wide / high)[whole]
    assert 0.25 - 1e-5 <= area.min() < 0.26
    assert area.max() > 0.9
    assert 1 / 1.5 - 1e-5 <= stretch.min() < 0.68
    assert 1.48 < stretch.max() <= 1.5 + 1e-5


@pytest.mark.parametrize("channels", [1, 3])
def test_brightness_then_contrast_equal_torchvisions(channels):
    images = torch.rand((4, channels, 6, 6), generator=torch.Generator().manual_seed(0))
    factors = torch.tensor([0.5, 0.8, 0.9, 1.0]).view(4, 1, 1, 1)
    tone = Tone(images, owned=False)
    tone.brighten(factors)
    tone.stretch(factors + 0.3)
    result = tone.finish(clamp=True)
    for i, factor in enumerate(factors.flatten().tolist()):
        theirs = functional.adjust_contrast(functional.adjust_brightness(images[i], factor), factor + 0.3)
        # For colours torchvision weighs red by 0.2989, so its weights miss a sum of 1 by 1e-4.
        torch.testing.assert_close(result[i], theirs, atol=1e-6 if channels == 1 else 1e-4, rtol=0)


@pytest.mark.parametrize("owned", [False, True])
def test_changes_of_tone_are_applied_in_their_order(owned, images):
    factor, other = torch.full((8, 1, 1, 1), 1.4), torch.full((8, 1, 1, 1), 0.6)

    def noise(std: float) -> torch.Tensor:
        return torch.empty_like(images).normal_(0, std, generator=torch.Generator().manual_seed(7))

    def grey(values: torch.Tensor) -> torch.Tensor:
        return (values * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1).mean((1, 2)).view(-1, 1, 1, 1)

    tone = Tone(images.clone(), owned=owned)
    tone.stretch(factor)
    tone.brighten(other)
    tone.add_noise(0.1, torch.Generator().manual_seed(7))
    tone.brighten(factor)
    tone.stretch(other)
    expected = ((images - grey(images)) * factor + grey(images)) * other + noise(0.1)
    expected = expected * factor
    expected = (expected - grey(expected)) * other + grey(expected)
    torch.testing.assert_close(tone.finish(clamp=False), expected)


def test_noise_has_the_asked_mean_and_spread(augment):
    inputs = torch.zeros(4000, 16)
    result = augment([Noise(std=0.3)], inputs)
    assert abs(float(result.mean())) < 0.005
    assert float(result.std()) == pytest.approx(0.3, rel=0.02)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"key": "flip", "horizontal": 1.5}, "horizontal"),
        ({"key": "flip", "vertical": -0.1}, "vertical"),
        ({"key": "rotate", "degrees": -1}, "degrees"),
        ({"key": "rotate", "degrees": 181}, "degrees"),
        ({"key": "scale", "low": 0}, "low"),
        ({"key": "scale", "high": 11}, "high"),
        ({"key": "shift", "horizontal": 1.1}, "horizontal"),
        ({"key": "crop", "padding": -1}, "padding"),
        ({"key": "crop", "padding": 1.5}, "padding"),
        ({"key": "resized_crop", "area": 0}, "area"),
        ({"key": "resized_crop", "aspect": 0.5}, "aspect"),
        ({"key": "brightness", "amount": 1.1}, "amount"),
        ({"key": "contrast", "amount": -0.1}, "amount"),
        ({"key": "noise", "std": -1}, "std"),
        ({"key": "noise", "std": math.nan}, "std"),
    ],
)
def test_a_value_outside_the_legal_range_is_refused_with_what_why_and_fix(value, name):
    with pytest.raises(BadInput) as error:
        parse("augmentations", value)
    title = entries("augmentations")[value["key"]].title
    assert f"{name} is {value[name]:g} for {title}" in str(error.value.what).replace("(", "").replace(")", "")
    assert str(error.value.why)
    assert "Use a value" in str(error.value.fix)


def test_a_largest_factor_below_the_smallest_is_refused():
    with pytest.raises(BadInput, match="The largest factor lies below the smallest one"):
        parse("augmentations", {"key": "scale", "low": 1.5, "high": 1.1})


def test_a_padding_of_more_than_half_the_picture_is_refused_with_one_that_fits():
    compile_pipeline([Crop(padding=4)], (1, 8, 12))
    with pytest.raises(BadInput, match=r"padding is 5 for Pad and crop on 12×8 pixels.*Use a padding of 4 or less"):
        compile_pipeline([Crop(padding=5)], (1, 8, 12))


def test_the_defaults_are_those_of_the_course():
    assert Flip().horizontal == 0.5
    assert Rotate().degrees == 15
    assert (Scale().low, Scale().high) == (0.8, 1.2)


def test_what_keeps_the_range_does_the_same_to_values_of_any_size(augment):
    images = torch.rand((8, 3, 12, 12), generator=torch.Generator().manual_seed(3))
    kept = [cls() for cls in entries("augmentations").values() if cls.keeps_range]  # type: ignore[attr-defined]
    assert {"rotate", "mixup"} < {entry.key for entry in kept}
    for entry in kept:
        assert torch.equal(augment([entry], 16 * images), 16 * augment([entry], images)), entry.key


def test_traits_say_what_each_entry_is():
    mixing = {key for key, entry in entries("augmentations").items() if entry().changes_targets}  # type: ignore[attr-defined]
    assert mixing == {"mixup", "cutmix"}
    assert Noise.input_kinds == ("image", "sequence", "points", "features")
    assert Brightness.input_kinds == Contrast.input_kinds == ("image",)
