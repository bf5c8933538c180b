"""Three hundred images of digits: what augmentation buys, and which one hurts."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add

FEW_IMAGES: dict[str, Any] = {
    "dataset": {"key": "mnist_5000"},
    "train_size": 300,
    "architecture": {"key": "mlp", "width": 128},
    "epochs": 40,
    "evaluate_every": 5,
}


def augmented(*keys: str) -> dict[str, Any]:
    """The same images with these augmentations."""
    return {**FEW_IMAGES, "augmentations": [{"key": key} for key in keys]}


add(
    Preset(
        "few_images",
        "300 images, no augmentation",
        "300 images of MNIST: training error {train_error}, validation error {validation_error}.",
        FEW_IMAGES,
        (Claim("train_error", 0, 0), Claim("validation_error", 10, 19)),
        group="compare",
    )
)
add(
    Preset(
        "few_images_moved",
        "300 images, turned, scaled, shifted",
        "Turned, scaled and shifted a little at every look, the same 300 images give {validation_error}; training "
        "error stays at {train_error}.",
        augmented("rotate", "scale", "shift"),
        (Claim("validation_error", 7, 16), Claim("train_error", 2, 11)),
    )
)
add(
    Preset(
        "few_images_flipped",
        "300 images, flipped",
        "Mirrored digits are no digits: flips make it worse, {validation_error}.",
        augmented("flip"),
        (Claim("validation_error", 15, 25),),
    )
)
add(
    Preset(
        "few_images_cropped",
        "300 images, cropped",
        "Padded by two pixels and cut out at a random place: {validation_error}.",
        augmented("crop"),
        (Claim("validation_error", 7, 16),),
    )
)
add(
    Preset(
        "few_images_resized",
        "300 images, cut out and resized",
        "A random part of each image, enlarged to full size: {validation_error}; digits that lose a stroke cost part "
        "of the gain.",
        augmented("resized_crop"),
        (Claim("validation_error", 9, 19),),
    )
)
add(
    Preset(
        "few_images_toned",
        "300 images, brightness, contrast, noise",
        "Light and noise are not what tells these images apart: {validation_error}, as without.",
        augmented("brightness", "contrast", "noise"),
        (Claim("validation_error", 10, 19),),
    )
)
