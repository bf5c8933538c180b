"""One experiment that shows what each data set is for."""

from __future__ import annotations

from typing import Any

from core.catalog.presets import Claim, Preset, add

QUICK_ADAM = {"key": "adam", "lr": 0.01}
LINE: dict[str, Any] = {"architecture": {"key": "logistic"}, "optimizer": QUICK_ADAM, "epochs": 30}

add(
    Preset(
        "blobs_line",
        "Straight lines between blobs",
        "Logistic regression draws straight lines, and for blobs they are enough: {validation_error} wrong.",
        {"dataset": {"key": "blobs"}, **LINE, "optimizer": {"key": "adam", "lr": 0.05}},
        (Claim("validation_error", 0, 2),),
    )
)
add(
    Preset(
        "xor_line",
        "No straight line solves XOR",
        "Two classes at opposite corners: a straight line leaves {validation_error} wrong, whatever its weights.",
        {"dataset": {"key": "xor"}, **LINE},
        (Claim("validation_error", 35, 60),),
        group="compare",
    )
)
add(
    Preset(
        "xor_without_activation",
        "Layers without activation",
        "Two hidden layers without an activation are still one straight line: {validation_error} wrong on XOR.",
        {
            "dataset": {"key": "xor"},
            "architecture": {"key": "mlp", "activation": "identity"},
            "optimizer": QUICK_ADAM,
            "epochs": 30,
        },
        (Claim("validation_error", 30, 60),),
    )
)
add(
    Preset(
        "xor_solved",
        "Eight hidden units solve XOR",
        "One hidden layer of eight ReLU units bends the line: {validation_error} wrong.",
        {
            "dataset": {"key": "xor"},
            "architecture": {"key": "mlp", "hidden_layers": 1, "width": 8},
            "optimizer": QUICK_ADAM,
            "epochs": 60,
        },
        (Claim("validation_error", 5, 14),),
    )
)
THREE_UNITS: dict[str, Any] = {
    "dataset": {"key": "circles"},
    "architecture": {"key": "mlp", "hidden_layers": 1, "width": 3, "activation": "tanh"},
    "optimizer": {"key": "adam", "lr": 0.02},
    "epochs": 120,
}
add(
    Preset(
        "three_hidden_units",
        "Three units close a ring",
        "Three hidden units are enough for a closed boundary: {validation_error} wrong. Two leave more than a fifth.",
        THREE_UNITS,
        (Claim("validation_error", 0.5, 5),),
    )
)
add(
    Preset(
        "two_hidden_units",
        "Two units cannot close a ring",
        "With two hidden units the boundary stays open: {validation_error} wrong.",
        {**THREE_UNITS, "architecture": {**THREE_UNITS["architecture"], "width": 2}},
        (Claim("validation_error", 21, 27),),
        group="compare",
    )
)
add(
    Preset(
        "spirals",
        "Two spirals",
        "Two hidden layers of 64 wind along both arms: {validation_error} wrong, training {train_error}.",
        {"dataset": {"key": "spirals"}, "optimizer": QUICK_ADAM, "epochs": 100},
        (Claim("validation_error", 0, 2), Claim("train_error", 0, 0.5)),
    )
)
add(
    Preset(
        "diagnosis",
        "A diagnosis from thirty numbers",
        "Breast cancer, logistic regression: {validation_error} of the diagnoses wrong; always saying “benign” gives "
        "37 %.",
        {
            "dataset": {"key": "breast_cancer"},
            "architecture": {"key": "logistic"},
            "optimizer": {"key": "sgd", "lr": 0.1},
            "epochs": 30,
        },
        (Claim("validation_error", 0, 11),),
    )
)
add(
    Preset(
        "polynomial_curve",
        "A curve through noisy points",
        "Forty noisy points of a cubic: relative error {validation_error} on new points and {train_error} on its "
        "own; noise alone is 0.28.",
        {"dataset": {"key": "polynomial"}, "optimizer": QUICK_ADAM, "batch_size": 16, "epochs": 300},
        (Claim("validation_error", 0.28, 0.45, unit=""), Claim("train_error", 0.12, 0.4, unit="")),
    )
)
REGRESSION_200: dict[str, Any] = {
    "dataset": {"key": "linear_200"},
    "architecture": {"key": "logistic"},
    "initializer": {"key": "normal", "sigma": 1.0},
    "loss": {"key": "squared_error", "half": True},
    "optimizer": {"key": "sgd", "lr": 0.003},
    "batch_size": 5,
    "epochs": 100,
}
add(
    Preset(
        "regression_200",
        "200 weights, 20 points",
        "200 weights pass through 20 points (training loss {train_loss}) and say nothing about the next: validation "
        "loss is {validation_loss}; always predicting the mean gives about 0.01.",
        REGRESSION_200,
        (Claim("train_loss", None, 0.001, unit=""), Claim("validation_loss", 50, 140, unit="")),
    )
)
add(
    Preset(
        "regression_200_l2",
        "200 weights, 20 points, L2",
        "L2 with 1.5 (λ = 3 in textbooks that write λ/2) cures by shrinking the weights to almost nothing: relative "
        "error {validation_error}, no better than always predicting the mean (1).",
        {**REGRESSION_200, "regularizers": [{"key": "l2", "strength": 1.5}], "epochs": 400},
        (Claim("validation_error", 0.8, 2.1, unit=""),),
        group="compare",
    )
)
add(
    Preset(
        "clothes",
        "Clothes",
        "Fashion-MNIST, 2 000 images, five epochs of an MLP: {validation_error} wrong, more than twice as many as of "
        "digits. Downloads 31 MB unless the files are installed.",
        {"dataset": {"key": "fashion_mnist"}, "train_size": 2000, "epochs": 5, "evaluate_every": 32},
        (Claim("validation_error", 19, 24),),
    )
)
add(
    Preset(
        "mnist_3000",
        "3 000 images of MNIST",
        "MNIST, 3 000 of its images, five epochs of an MLP: {validation_error} wrong. Downloads 12 MB.",
        {"dataset": {"key": "mnist"}, "train_size": 3000, "epochs": 5, "evaluate_every": 47},
        (Claim("validation_error", 7, 11),),
    )
)
add(
    Preset(
        "photographs",
        "Photographs",
        "CIFAR-10, 1 000 photographs, three epochs of a small CNN: {validation_error} wrong, where guessing gives 90 "
        "%. Downloads 170 MB.",
        {
            "dataset": {"key": "cifar10"},
            "train_size": 1000,
            "architecture": {
                "key": "cnn",
                "blocks": [{"channels": 8, "pooling": "max"}, {"channels": 16, "pooling": "max"}],
                "dense": [32],
                "dropout": 0.0,
            },
            "epochs": 3,
            "evaluate_every": 16,
        },
        (Claim("validation_error", None, 85),),
    )
)
