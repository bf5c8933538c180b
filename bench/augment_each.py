"""Every batched augmentation against torchvision v2's of the same kind, on 128 images of 28×28 pixels, one thread.

Colour jitter has images in colour, the others grey ones. torchvision's transforms go from one sample to the next, as a
data loader applies them; its MixUp and CutMix take the batch as ours do. The results themselves are held against
torchvision's functions in tests/unit/catalog/augmentations. How noise is drawn: docs/decisions/noise.md.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from bench.augment import one_thread, repeated
from bench.figure import Figure, alternate, quarter
from core.catalog.registry import parse
from core.training.augmentation_preview import augmentation_seeds
from core.training.batch import Batch

BATCH, SIDE, NUM_CLASSES = 128, 28, 10
REPEATS = 20
"""Batches per timed call of a fast side, so that a call is far longer than the clock's grain."""
ROUNDS = 21


def ours(key: str, inputs: Tensor) -> Callable[[], object]:
    """The entry with its defaults on the whole batch, a new step at each call."""
    pipeline = parse("augmentations", key).build(tuple(inputs.shape[1:]), NUM_CLASSES)  # type: ignore[attr-defined]
    seeds = augmentation_seeds(0, inputs.device)
    batch = Batch(inputs, torch.arange(len(inputs)) % NUM_CLASSES, torch.arange(len(inputs)))
    steps = iter(range(10**9))
    return lambda: pipeline(batch, next(steps), seeds)


def images(channels: int) -> Tensor:
    """A batch of noise."""
    return torch.rand((BATCH, channels, SIDE, SIDE), generator=torch.Generator().manual_seed(0))


def per_sample(inputs: Tensor) -> dict[str, Callable[[], object]]:
    """torchvision's transform of each entry's kind, on one image after the other."""
    from torchvision.transforms import v2

    bilinear = v2.InterpolationMode.BILINEAR
    transforms: dict[str, v2.Transform] = {
        "flip": v2.RandomHorizontalFlip(0.5),
        "rotate": v2.RandomAffine([-15, 15], interpolation=bilinear),
        "scale": v2.RandomAffine([0, 0], scale=(0.8, 1.2), interpolation=bilinear),
        "shift": v2.RandomAffine([0, 0], translate=(0.1, 0.1), interpolation=bilinear),
        "crop": v2.RandomCrop(SIDE, padding=2),
        "resized_crop": v2.RandomResizedCrop(SIDE, scale=(0.6, 1), antialias=False),
        "brightness": v2.ColorJitter(brightness=0.2),
        "contrast": v2.ColorJitter(contrast=0.2),
        "noise": v2.GaussianNoise(0.0, 0.1),
        "erase": v2.RandomErasing(0.5),
        "cutout": v2.RandomErasing(1.0, scale=(1 / 49, 1 / 49), ratio=(1, 1)),
    }
    calls: dict[str, Callable[[], object]] = {
        key: lambda transform=transform: torch.stack([transform(image) for image in inputs])
        for key, transform in transforms.items()
    }
    as_bytes = (inputs * 255).round().to(torch.uint8)  # what torchvision's policies take
    for key, policy in (("rand_augment", v2.RandAugment()), ("trivial_augment", v2.TrivialAugmentWide())):
        calls[key] = lambda policy=policy: torch.stack([policy(image) for image in as_bytes])
    return calls


def in_colour(inputs: Tensor) -> dict[str, Callable[[], object]]:
    """torchvision's colour jitter on one image after the other."""
    from torchvision.transforms import v2

    jitter = v2.ColorJitter(0.2, 0.2, 0.2, 0.05)
    return {"color_jitter": lambda: torch.stack([jitter(image) for image in inputs])}


def on_batches(inputs: Tensor) -> dict[str, Callable[[], object]]:
    """torchvision's MixUp and CutMix of the batch."""
    from torchvision.transforms import v2

    targets = torch.arange(len(inputs)) % NUM_CLASSES
    transforms = {
        "mixup": v2.MixUp(alpha=0.2, num_classes=NUM_CLASSES),
        "cutmix": v2.CutMix(alpha=1.0, num_classes=NUM_CLASSES),
    }
    return {key: lambda transform=transform: transform(inputs, targets) for key, transform in transforms.items()}


def measure() -> list[Figure]:
    """Ratios of time a batch, torchvision's ÷ ours, one for each entry that changes images."""
    figures = []
    with one_thread():
        for of, channels, kind, bar, repeats in (
            (per_sample, 1, "per sample", 10.0, 1),
            (in_colour, 3, "per sample", 10.0, 1),
            (on_batches, 1, "on batches", 1.0, REPEATS),
        ):
            inputs = images(channels)
            for key, other in of(inputs).items():
                fast, slow = alternate(repeated(ours(key, inputs), REPEATS), repeated(other, repeats), ROUNDS)
                fast_ms, slow_ms = quarter(fast) / REPEATS * 1e3, quarter(slow) / repeats * 1e3
                detail = f"{slow_ms:.2f} ms ÷ {fast_ms:.3f} ms a batch of 128×{channels}×{SIDE}×{SIDE}, one thread"
                name = f"{key} against torchvision v2 {kind}"
                figures.append(Figure(name, slow_ms / fast_ms, bar, True, "×", detail))
    return figures


if __name__ == "__main__":
    for figure in measure():
        print(figure)
