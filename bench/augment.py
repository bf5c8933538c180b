"""Augmented images a second: flip, affine, crop, brightness, contrast and noise on 128 images of 28×28 pixels.

Against torchvision's transforms applied to one sample after the other and against kornia's on the whole batch, on one
thread. Before timing it is asserted that the same parameters give the same pictures as torchvision's functions.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch
from torch import Tensor

from bench.figure import Figure, alternate
from core.catalog.augmentations.affine import Affine
from core.catalog.augmentations.brightness import Brightness
from core.catalog.augmentations.contrast import Contrast
from core.catalog.augmentations.crop import Crop
from core.catalog.augmentations.flip import Flip
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.pipeline import base_grid, compile_pipeline, warp
from core.catalog.augmentations.rotate import Rotate
from core.catalog.augmentations.scale import Scale
from core.catalog.augmentations.shift import Shift
from core.catalog.augmentations.tone import Tone
from core.training.allocator import keep_freed_memory
from core.training.augmentation_preview import augmentation_seeds
from core.training.batch import Batch

BATCH, SIDE = 128, 28
REPEATS = 20
"""Batches per timed call of the fast side, so that a call is far longer than the clock's grain."""


@contextmanager
def one_thread() -> Any:
    """Torch on one thread, with memory as the compute thread keeps it; and back to as many threads as before."""
    keep_freed_memory()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def assert_same_pictures(inputs: Tensor) -> None:
    """The same parameters give torchvision's pictures: one affine warp, a flip, brightness and contrast."""
    from torchvision.transforms.v2 import functional as tv

    x = inputs[:16]
    draw = torch.Generator().manual_seed(1)
    angle = torch.empty(16).uniform_(-15, 15, generator=draw)
    factor = torch.empty(16).uniform_(0.8, 1.2, generator=draw)
    right = torch.randint(-3, 4, (16,), generator=draw).float()
    parts = [
        Rotate().inverse(SIDE, SIDE, angle.deg2rad()),
        Scale().inverse(SIDE, SIDE, factor),
        Shift().inverse(SIDE, SIDE, right / SIDE, -right / SIDE),
    ]
    inverse = Affine()
    for part in parts:
        inverse = inverse.after(part)
    ours = warp(x, inverse, "bilinear", base_grid(x))
    for i in range(16):
        theirs = tv.affine(
            x[i],
            angle=-float(angle[i]),
            translate=[float(right[i]), -float(right[i])],
            scale=float(factor[i]),
            shear=[0.0, 0.0],
            interpolation=tv.InterpolationMode.BILINEAR,
        )
        torch.testing.assert_close(ours[i], theirs, atol=2e-5, rtol=0)
    signs = torch.full((16,), -1.0)
    assert torch.equal(
        warp(x, Flip().inverse(SIDE, SIDE, signs, -signs), "nearest", base_grid(x)), tv.horizontal_flip(x)
    )
    tone = Tone(x, owned=False)
    tone.brighten(torch.full((16, 1, 1, 1), 0.9))
    tone.stretch(torch.full((16, 1, 1, 1), 0.8))
    theirs = tv.adjust_contrast(tv.adjust_brightness(x, 0.9), 0.8)
    torch.testing.assert_close(tone.finish(clamp=True), theirs, atol=1e-6, rtol=0)


def ours(inputs: Tensor) -> Callable[[], Tensor]:
    """The pipeline on the whole batch, a new step at each call."""
    entries = [Flip(), Rotate(), Scale(), Shift(), Crop(), Brightness(), Contrast(), Noise()]
    pipeline = compile_pipeline(entries, tuple(inputs.shape[1:]))
    seeds = augmentation_seeds(0, inputs.device)
    batch = Batch(inputs, torch.zeros(len(inputs)), torch.arange(len(inputs)))
    steps = iter(range(10**9))
    return lambda: pipeline(batch, next(steps), seeds).inputs


def torchvision_per_sample(inputs: Tensor) -> Callable[[], Tensor]:
    """torchvision's transforms on one image after the other, as a data loader applies them."""
    from torchvision.transforms import v2

    transform = v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomAffine(
                [-15, 15], translate=(0.1, 0.1), scale=(0.8, 1.2), interpolation=v2.InterpolationMode.BILINEAR
            ),
            v2.RandomCrop(SIDE, padding=2),
            v2.ColorJitter(brightness=0.2, contrast=0.2),
            v2.GaussianNoise(0.0, 0.1),
        ]
    )
    return lambda: torch.stack([transform(image) for image in inputs])


def kornia_batched(inputs: Tensor) -> Callable[[], Tensor]:
    """kornia's transforms on the whole batch, each sample with parameters of its own."""
    from kornia import augmentation as kornia

    transform = kornia.AugmentationSequential(
        kornia.RandomHorizontalFlip(p=0.5),
        kornia.RandomAffine(15, translate=(0.1, 0.1), scale=(0.8, 1.2), p=1.0),
        kornia.RandomCrop((SIDE, SIDE), padding=2, p=1.0),
        kornia.RandomBrightness((0.8, 1.2), p=1.0),
        kornia.RandomContrast((0.8, 1.2), p=1.0),
        kornia.RandomGaussianNoise(0.0, 0.1, p=1.0),
    )
    return lambda: transform(inputs)


def repeated(call: Callable[[], object], times: int) -> Callable[[], None]:
    """`call` that many times."""

    def run() -> None:
        for _ in range(times):
            call()

    return run


def measure() -> list[Figure]:
    """Two ratios of time a batch: torchvision per sample ÷ ours and kornia batched ÷ ours."""
    inputs = torch.rand((BATCH, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    figures = []
    with one_thread():
        assert_same_pictures(inputs)
        for name, other, repeats, bar in (
            ("augmentation against torchvision v2 per sample", torchvision_per_sample(inputs), 1, 30.0),
            ("augmentation against kornia batched", kornia_batched(inputs), REPEATS // 4, 3.0),
        ):
            fast, slow = alternate(repeated(ours(inputs), REPEATS), repeated(other, repeats))
            fast_ms, slow_ms = median(fast) / REPEATS * 1e3, median(slow) / repeats * 1e3
            detail = f"{slow_ms:.2f} ms ÷ {fast_ms:.2f} ms a batch of 128×1×28×28, one thread, median of {len(fast)}"
            figures.append(Figure(name, slow_ms / fast_ms, bar, True, "×", detail))
    return figures


if __name__ == "__main__":
    for figure in measure():
        print(figure)
