"""Three hundred images under what photographs like, and five hundred signals: not all data like the same."""

from __future__ import annotations

from typing import Any

from core.catalog.preset_list.few_images import FEW_IMAGES
from core.catalog.presets import Claim, Preset, add

FEW_SIGNALS: dict[str, Any] = {
    "dataset": {"key": "mnist_1d"},
    "train_size": 500,
    "architecture": {"key": "mlp", "width": 100},
    "optimizer": {"key": "adam", "lr": 0.003},
    "epochs": 100,
}


def augmented(key: str, **fields: Any) -> dict[str, Any]:
    """The same images with this augmentation."""
    return {**FEW_IMAGES, "augmentations": [{"key": key, **fields}]}


add(
    Preset(
        "few_images_jittered",
        "300 images, jittered",
        "Brightness and contrast by up to 0.4, hue and saturation left out since digits are grey: {validation_error}, "
        "as without.",
        augmented("color_jitter", brightness=0.4, contrast=0.4, saturation=0.0, hue=0.0),
        (Claim("validation_error", 10.5, 18.5),),
    )
)
add(
    Preset(
        "few_images_erased",
        "300 images, partly erased",
        "A random box of every second image hidden: {validation_error}, rather worse than without, because a small "
        "digit has no strokes to spare.",
        augmented("erase"),
        (Claim("validation_error", 14, 22),),
    )
)
add(
    Preset(
        "few_images_cut_out",
        "300 images, a square cut out",
        "A square of 8 pixels hidden in each image: {validation_error}, and training error {train_error} all the same.",
        augmented("cutout", size=8),
        (Claim("validation_error", 13, 20.5), Claim("train_error", 0, 0)),
    )
)
add(
    Preset(
        "few_images_mixed_up",
        "300 images, mixed up",
        "Every image blended with another, the target likewise: {validation_error} after 40 epochs. On so few images "
        "and so short a run it does not help.",
        augmented("mixup", alpha=1.0),
        (Claim("validation_error", 14.5, 22.5),),
    )
)
add(
    Preset(
        "few_images_cut_and_mixed",
        "300 images, boxes exchanged",
        "A box of another image in each one, the target by the areas: {validation_error} after 40 epochs; half a digit "
        "is often another digit.",
        augmented("cutmix"),
        (Claim("validation_error", 14.5, 23.5),),
    )
)
add(
    Preset(
        "few_images_rand",
        "300 images, RandAugment",
        "Two of fourteen changes for each image: {validation_error}, better than without, with nothing chosen by hand.",
        augmented("rand_augment"),
        (Claim("validation_error", 9.5, 16),),
    )
)
add(
    Preset(
        "few_images_trivial",
        "300 images, TrivialAugment",
        "One change of any strength for each image: {validation_error}; ranges made for photographs turn some digits "
        "out of sight.",
        augmented("trivial_augment"),
        (Claim("validation_error", 10.5, 18),),
    )
)
add(
    Preset(
        "few_signals",
        "500 signals, no augmentation",
        "A fully connected network knows 500 signals of MNIST-1D by heart, training error {train_error}, and answers "
        "{validation_error} of new ones wrong.",
        FEW_SIGNALS,
        (Claim("train_error", 0, 0), Claim("validation_error", 60, 74)),
        group="compare",
    )
)
add(
    Preset(
        "few_signals_moved",
        "500 signals, shifted and scaled",
        "The same signals, shifted to any place and made a little stronger or weaker at every look: {validation_error} "
        "wrong, training error {train_error}.",
        {**FEW_SIGNALS, "augmentations": [{"key": "signal_shift", "most": 19}, {"key": "signal_scale"}]},
        (Claim("validation_error", 44, 54), Claim("train_error", 32, 49)),
    )
)
