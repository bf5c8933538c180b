"""A few hundred images of digits: what augmentation buys, and what adds to what."""

from __future__ import annotations

from typing import Any

from core.studies.comparison_presets.registry import Claim, ComparisonPreset, add

MOVED = ("rotate", "scale", "shift")


def augmented(*keys: str) -> dict[str, Any]:
    """These augmentations and no others."""
    return {"augmentations": [{"key": key} for key in keys]}


add(
    ComparisonPreset(
        "augmentation_500",
        "500 images: moved, or mirrored",
        "An MLP on 500 images of MNIST: {none} wrong as they are, {moved} turned, scaled and shifted a little at every "
        "look. Mirrored digits are no digits: {flipped}.",
        {
            "dataset": "mnist_5000",
            "train_size": 500,
            "architecture": {"key": "mlp", "width": 128},
            "optimizer": {"key": "adam", "lr": 0.003},
            "epochs": 40,
            "evaluate_every": 8,
        },
        {
            "no augmentation": augmented(),
            "turned, scaled, shifted": augmented(*MOVED),
            "mirrored": augmented("flip"),
        },
        (
            Claim("none", "validation_error", ("no augmentation",), 8, 15),
            Claim("moved", "validation_error", ("turned, scaled, shifted",), 5.5, 12.5),
            Claim("flipped", "validation_error", ("mirrored",), 10, 22),
            Claim("", "validation_error", ("turned, scaled, shifted",), None, 0, "", "minus", "no augmentation"),
            Claim("", "validation_error", ("mirrored",), 0, None, "", "minus", "no augmentation"),
        ),
    )
)
MLP: dict[str, Any] = {"key": "mlp", "width": 128}
CNN: dict[str, Any] = {
    "key": "cnn",
    "blocks": [{"channels": 8, "pooling": "max"}, {"channels": 16, "pooling": "max"}],
    "dense": [64],
    "dropout": 0.0,
}


def together(network: dict[str, Any], augmentations: tuple[str, ...], dropout: bool) -> dict[str, Any]:
    """One corner of the cube."""
    regularizers = [{"key": "dropout", "p": 0.5}] if dropout else []
    return {"architecture": network, **augmented(*augmentations), "regularizers": regularizers}


add(
    ComparisonPreset(
        "what_adds_to_what",
        "What adds to what",
        "300 images of MNIST. Augmentation takes the MLP from {mlp} to {mlp_moved} wrong, the CNN from {cnn} to "
        "{cnn_moved}: these two add up. Dropout 0.5 on top leaves the CNN at {cnn_both} and costs the MLP {cost} "
        "points.",
        {
            "dataset": "mnist_5000",
            "train_size": 300,
            "optimizer": {"key": "adam", "lr": 0.003},
            "epochs": 40,
            "evaluate_every": 10,
        },
        {
            "MLP": together(MLP, (), False),
            "MLP + augmentation": together(MLP, MOVED, False),
            "MLP + dropout": together(MLP, (), True),
            "MLP + both": together(MLP, MOVED, True),
            "CNN": together(CNN, (), False),
            "CNN + augmentation": together(CNN, MOVED, False),
            "CNN + dropout": together(CNN, (), True),
            "CNN + both": together(CNN, MOVED, True),
        },
        (
            Claim("mlp", "validation_error", ("MLP",), 9, 19),
            Claim("mlp_moved", "validation_error", ("MLP + augmentation",), 6, 15),
            Claim("cnn", "validation_error", ("CNN",), 7, 15),
            Claim("cnn_moved", "validation_error", ("CNN + augmentation",), 3.5, 10),
            Claim("cnn_both", "validation_error", ("CNN + both",), 3.5, 11),
            Claim("", "validation_error", ("MLP + augmentation",), None, 0, "", "minus", "MLP"),
            Claim("", "validation_error", ("CNN + augmentation",), None, 0, "", "minus", "CNN"),
            Claim("", "validation_error", ("CNN + augmentation",), None, 0, "", "minus", "MLP + augmentation"),
            Claim("cost", "validation_error", ("MLP + both",), 2.5, 13, "", "minus", "MLP + augmentation"),
        ),
        seeds=1,
    )
)
