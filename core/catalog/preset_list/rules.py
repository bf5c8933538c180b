"""Losses and activations on the digits."""

from __future__ import annotations

from core.catalog.presets import Claim, Preset, add

add(
    Preset(
        "softmax_twice",
        "Softmax twice: a mistake",
        "The loss never comes below 1.46 (here {train_loss} on training images) although {validation_error} are wrong.",
        {"loss": "softmax_twice"},
        (Claim("train_loss", 1.5, 1.65, unit=""), Claim("validation_error", 5, 20)),
    )
)
add(
    Preset(
        "smoothed_labels",
        "Smoothed labels",
        "With smoothing 0.1 the network is never quite sure: {validation_error} wrong as without, but training loss "
        "stays at {train_loss}.",
        {"loss": "label_smoothing", "epochs": 30},
        (Claim("validation_error", 1, 5), Claim("train_loss", 0.14, 0.19, unit="")),
    )
)
add(
    Preset(
        "squared_error_digits",
        "Squared error for classes",
        "The squared distance of the probabilities as loss: {validation_error} wrong after ten epochs.",
        {"loss": "squared_error"},
        (Claim("validation_error", 2, 9),),
    )
)


def activation(key: str, title: str, caption: str, error: tuple[float, float]) -> None:
    """The default experiment with another activation."""
    add(
        Preset(
            f"digits_{key}",
            title,
            caption,
            {"architecture": {"key": "mlp", "activation": key}},
            (Claim("validation_error", *error),),
        )
    )


activation(
    "prelu",
    "Digits with PReLU",
    "The slope on the left is learned with the weights: {validation_error} wrong after ten epochs.",
    (2, 9),
)
activation("gelu", "Digits with GELU", "A smooth ReLU: {validation_error} wrong after ten epochs.", (2, 9))
activation(
    "silu", "Digits with SiLU", "The input times its sigmoid: {validation_error} wrong after ten epochs.", (2, 9)
)
