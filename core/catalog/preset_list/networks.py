"""Networks of the course, each with the data it needs."""

from __future__ import annotations

from core.catalog.architectures.reference_nets import REFERENCE_NETS
from core.catalog.presets import Claim, Preset, add

QUICK = {"train_size": 1000, "evaluate_every": 8}
"""A thousand images, measured twice an epoch: seconds on a CPU."""

add(
    Preset(
        "reference_cnn_a",
        "CNN 32-64-128",
        "Three blocks of convolution and pooling, a dense layer of 512, dropout 0.5: {validation_error} wrong after "
        "five epochs on 1 000 images.",
        {**REFERENCE_NETS["cnn_32_64_128"], **QUICK},
        (Claim("validation_error", 6, 15),),
    )
)
add(
    Preset(
        "reference_cnn_b",
        "CNN 32-64-64",
        "28 × 28 pixels, three convolutions, two poolings, a dense layer of 64, dropout 0.5 before the last: "
        "{validation_error} wrong after five epochs on 1 000 images.",
        {**REFERENCE_NETS["cnn_32_64_64"], **QUICK},
        (Claim("validation_error", 8, 12),),
    )
)
add(
    Preset(
        "signals_cnn",
        "Convolution on signals",
        "MNIST-1D: kernels find a shape wherever it stands, {validation_error} wrong after 20 epochs.",
        {**REFERENCE_NETS["cnn_1d"], "evaluate_every": 50},
        (Claim("validation_error", 22, 37),),
    )
)
add(
    Preset(
        "signals_mlp",
        "An MLP on signals",
        "MNIST-1D: an MLP has to learn every place of a shape anew, {validation_error} wrong after 20 epochs.",
        {"dataset": {"key": "mnist_1d"}, "epochs": 20, "evaluate_every": 50},
        (Claim("validation_error", 44, 55),),
        group="compare",
    )
)
add(
    Preset(
        "iris_textbook",
        "Four inputs, five hidden units",
        "The textbook network on Iris, two of five hidden units dropped on average: {validation_error} wrong of 24 "
        "flowers, training {train_error}.",
        {
            "dataset": {"key": "iris"},
            "architecture": {"key": "mlp", "hidden_layers": 1, "width": 5},
            "regularizers": [{"key": "dropout", "p": 0.4}],
            "optimizer": {"key": "adam", "lr": 0.01},
            "batch_size": 16,
            "epochs": 100,
        },
        (Claim("validation_error", 0, 13), Claim("train_error", 1, 6)),
    )
)
