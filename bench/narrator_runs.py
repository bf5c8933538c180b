"""The runs on which the narrator is measured: their settings, declared before anything was trained.

A row is two runs: as it stands, and varied. The seeds of a run and of its split are those of no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """A run: its settings, and on how many validation samples its error is measured (None: on all)."""

    settings: dict[str, Any]
    num_validation: int | None


def _dataset(key: str, num: int, noise: float | None) -> dict[str, Any]:
    """Points are drawn; of a stored data set so many training samples are taken, and `noise` is a share of labels."""
    if key in ("digits", "mnist_5000"):
        return {"dataset": {"key": key}, "train_size": num, "label_noise": noise or 0.0}
    return {"dataset": {"key": key, "n": num} | ({} if noise is None else {"noise": noise})}


def _network(layers: int, width: int, activation: str = "relu") -> dict[str, Any]:
    return {"key": "mlp", "hidden_layers": layers, "width": width, "activation": activation}


L2 = [{"key": "l2", "strength": 0.01}]
STRONG_L2 = [{"key": "l2", "strength": 0.3}]
DROPOUT = [{"key": "dropout", "p": 0.5}]

_ROWS: tuple[tuple[Any, ...], ...] = (
    # data, training samples, noise | hidden layers, width, activation | optimizer, rate | batch, epochs | validation
    # samples | regularizers
    # Much network, few or noisy samples.
    ("moons", 40, 0.3, 2, 64, "relu", "adam", 0.01, 16, 80, 200, []),
    ("moons", 60, 0.4, 2, 64, "relu", "adam", 0.02, 16, 60, 400, []),
    ("moons", 80, 0.5, 3, 32, "relu", "adam", 0.01, 16, 80, 100, []),
    ("moons", 60, 0.3, 2, 32, "tanh", "momentum", 0.1, 16, 80, 1000, []),
    ("moons", 100, 0.4, 2, 128, "relu", "adam", 0.005, 16, 60, 1000, []),
    ("circles", 50, 0.25, 2, 64, "relu", "adam", 0.01, 16, 70, 300, []),
    ("circles", 80, 0.35, 2, 64, "relu", "adam", 0.02, 16, 60, 1000, []),
    ("xor", 60, 0.3, 2, 64, "relu", "adam", 0.01, 16, 80, 500, []),
    ("xor", 100, 0.4, 3, 64, "relu", "rmsprop", 0.005, 16, 60, 200, []),
    ("blobs", 60, 1.0, 2, 64, "relu", "adam", 0.01, 16, 60, 500, []),
    ("blobs", 90, 1.3, 2, 64, "relu", "adam", 0.02, 16, 50, 1000, []),
    ("spirals", 60, 0.2, 2, 64, "relu", "adam", 0.01, 16, 60, 500, []),
    ("digits", 100, 0.3, 2, 64, "relu", "adam", 0.003, 16, 50, None, []),
    ("digits", 200, 0.2, 2, 64, "relu", "adam", 0.003, 32, 50, None, []),
    ("digits", 300, 0.4, 2, 128, "relu", "adam", 0.003, 32, 50, None, []),
    ("digits", 60, 0.2, 1, 64, "relu", "momentum", 0.1, 16, 40, None, []),
    ("mnist_5000", 200, 0.3, 1, 64, "relu", "adam", 0.002, 32, 30, 300, []),
    ("mnist_5000", 150, 0.4, 1, 64, "relu", "adam", 0.003, 32, 30, None, []),
    ("polynomial", 15, 0.4, 2, 64, "tanh", "adam", 0.02, 8, 80, 300, []),
    ("polynomial", 25, 0.5, 2, 64, "relu", "adam", 0.01, 8, 80, 1000, []),
    ("polynomial", 20, 0.6, 3, 32, "relu", "adam", 0.01, 8, 60, 200, []),
    ("polynomial", 30, 0.3, 2, 32, "relu", "adam", 0.005, 8, 60, 1000, []),
    # As much network as the samples can hold.
    ("moons", 400, 0.2, 2, 16, "relu", "adam", 0.01, 32, 30, 300, []),
    ("moons", 600, 0.3, 1, 16, "relu", "adam", 0.01, 32, 30, 100, []),
    ("moons", 300, 0.3, 2, 32, "relu", "adam", 0.005, 32, 40, 1000, L2),
    ("moons", 60, 0.3, 2, 64, "relu", "adam", 0.01, 16, 60, 500, L2),
    ("circles", 500, 0.1, 1, 16, "relu", "adam", 0.02, 32, 30, 200, []),
    ("circles", 300, 0.25, 2, 16, "tanh", "momentum", 0.1, 32, 40, 1000, []),
    ("xor", 500, 0.1, 1, 16, "relu", "adam", 0.02, 32, 30, 200, []),
    ("xor", 400, 0.3, 1, 16, "tanh", "adam", 0.01, 32, 40, 1000, []),
    ("blobs", 600, 0.6, 1, 16, "relu", "adam", 0.01, 32, 25, 200, []),
    ("blobs", 600, 1.0, 0, 16, "relu", "sgd", 0.1, 32, 25, 1000, []),
    ("spirals", 600, 0.05, 2, 64, "relu", "adam", 0.01, 32, 40, 300, []),
    ("spirals", 500, 0.15, 2, 32, "tanh", "adam", 0.01, 32, 40, 1000, []),
    ("digits", 600, 0.0, 2, 64, "relu", "adam", 0.001, 32, 25, None, []),
    ("digits", 500, 0.0, 1, 32, "relu", "momentum", 0.05, 32, 25, None, []),
    ("digits", 300, 0.0, 2, 64, "relu", "sgd", 0.1, 32, 40, None, DROPOUT),
    ("digits", 200, 0.2, 2, 64, "relu", "adam", 0.003, 32, 40, None, DROPOUT),
    ("mnist_5000", 400, 0.0, 1, 32, "relu", "adam", 0.002, 32, 20, 200, []),
    ("mnist_5000", 300, 0.0, 1, 64, "relu", "momentum", 0.02, 32, 20, None, L2),
    ("polynomial", 300, 0.2, 2, 32, "tanh", "adam", 0.01, 32, 40, 300, []),
    ("polynomial", 500, 0.4, 1, 32, "relu", "adam", 0.01, 32, 40, 1000, []),
    # Too little network, or too much of a penalty.
    ("circles", 300, 0.1, 0, 16, "relu", "adam", 0.05, 32, 40, 300, []),
    ("circles", 400, 0.1, 1, 2, "relu", "adam", 0.05, 32, 40, 200, []),
    ("xor", 300, 0.1, 0, 16, "relu", "sgd", 0.2, 32, 40, 1000, []),
    ("xor", 400, 0.1, 1, 2, "tanh", "adam", 0.03, 32, 40, 300, []),
    ("spirals", 500, 0.05, 0, 16, "relu", "adam", 0.05, 32, 40, 300, []),
    ("spirals", 500, 0.05, 1, 4, "relu", "adam", 0.02, 32, 50, 1000, []),
    ("spirals", 400, 0.1, 1, 8, "tanh", "adam", 0.02, 32, 50, 200, []),
    ("digits", 500, 0.0, 1, 3, "relu", "adam", 0.01, 32, 40, None, []),
    ("digits", 400, 0.0, 2, 2, "tanh", "adam", 0.02, 32, 40, None, []),
    ("digits", 500, 0.0, 2, 64, "relu", "adam", 0.003, 32, 30, None, STRONG_L2),
    ("moons", 300, 0.15, 2, 32, "relu", "adam", 0.01, 32, 40, 300, STRONG_L2),
    ("moons", 400, 0.1, 0, 16, "relu", "adam", 0.05, 32, 40, 1000, []),
    ("polynomial", 200, 0.1, 0, 16, "relu", "adam", 0.02, 32, 40, 300, []),
    ("polynomial", 300, 0.1, 1, 2, "tanh", "adam", 0.02, 32, 40, 1000, []),
    ("mnist_5000", 300, 0.0, 1, 2, "relu", "adam", 0.01, 32, 30, 300, []),
    # Rates that are too high.
    ("moons", 200, 0.2, 2, 32, "relu", "sgd", 8.0, 32, 40, 300, []),
    ("moons", 200, 0.2, 2, 32, "relu", "adam", 0.5, 32, 40, 300, []),
    ("moons", 150, 0.3, 2, 64, "relu", "momentum", 1.5, 16, 40, 1000, []),
    ("circles", 200, 0.1, 2, 32, "relu", "adam", 0.3, 32, 40, 300, []),
    ("circles", 300, 0.1, 2, 64, "relu", "sgd", 5.0, 32, 40, 300, []),
    ("xor", 300, 0.1, 2, 32, "tanh", "adam", 0.5, 32, 40, 200, []),
    ("blobs", 300, 0.6, 2, 32, "relu", "rmsprop", 0.3, 32, 30, 300, []),
    ("spirals", 400, 0.05, 2, 64, "relu", "adam", 0.2, 32, 40, 300, []),
    ("spirals", 300, 0.1, 2, 32, "tanh", "momentum", 1.0, 32, 40, 500, []),
    ("digits", 300, 0.0, 2, 64, "relu", "adam", 0.1, 32, 25, None, []),
    ("digits", 300, 0.0, 2, 64, "relu", "sgd", 2.0, 32, 25, None, []),
    ("digits", 400, 0.0, 1, 64, "relu", "momentum", 0.6, 32, 25, None, []),
    ("mnist_5000", 300, 0.0, 1, 64, "relu", "adam", 0.1, 32, 20, 300, []),
    ("mnist_5000", 300, 0.0, 2, 32, "tanh", "sgd", 3.0, 32, 20, 300, []),
    ("polynomial", 200, 0.2, 2, 32, "tanh", "adam", 0.3, 32, 40, 300, []),
    ("polynomial", 150, 0.1, 2, 32, "relu", "momentum", 0.3, 16, 40, 300, []),
    # Rates with which the loss grows.
    ("moons", 150, 0.2, 2, 32, "relu", "momentum", 10.0, 16, 30, 300, []),
    ("moons", 200, 0.3, 3, 64, "relu", "adam", 3.0, 32, 30, 300, []),
    ("circles", 200, 0.1, 2, 64, "relu", "rmsprop", 2.0, 32, 30, 300, []),
    ("xor", 200, 0.1, 1, 32, "relu", "adam", 5.0, 32, 30, 300, []),
    ("spirals", 300, 0.1, 3, 64, "relu", "adam", 1.0, 32, 30, 300, []),
    ("blobs", 200, 0.8, 0, 16, "relu", "sgd", 300.0, 32, 30, 300, []),
    ("digits", 300, 0.0, 3, 64, "relu", "adam", 1.0, 32, 20, None, []),
    ("digits", 300, 0.0, 0, 64, "relu", "sgd", 100.0, 32, 20, None, []),
    ("mnist_5000", 200, 0.0, 1, 64, "tanh", "rmsprop", 1.0, 32, 20, 300, []),
    ("polynomial", 100, 0.2, 2, 32, "relu", "sgd", 2.0, 16, 30, 300, []),
    ("polynomial", 150, 0.2, 2, 64, "relu", "adam", 1.0, 32, 30, 300, []),
    # Stuck, or hardly moving.
    ("spirals", 400, 0.05, 2, 32, "relu", "sgd", 0.003, 32, 50, 300, []),
    ("spirals", 500, 0.05, 3, 32, "sigmoid", "sgd", 0.5, 32, 50, 300, []),
    ("spirals", 300, 0.1, 2, 32, "tanh", "sgd", 0.02, 32, 50, 1000, []),
    ("moons", 200, 0.2, 4, 16, "sigmoid", "sgd", 0.3, 32, 50, 300, []),
    ("moons", 200, 0.2, 2, 16, "relu", "sgd", 0.0005, 32, 40, 300, []),
    ("circles", 300, 0.1, 2, 8, "sigmoid", "sgd", 0.5, 32, 50, 300, []),
    ("circles", 200, 0.1, 3, 16, "sigmoid", "momentum", 0.05, 32, 50, 1000, []),
    ("xor", 300, 0.1, 2, 8, "sigmoid", "sgd", 0.5, 32, 50, 300, []),
    ("xor", 300, 0.1, 1, 16, "tanh", "sgd", 0.01, 32, 50, 1000, []),
    ("digits", 300, 0.0, 4, 32, "sigmoid", "sgd", 0.3, 32, 40, None, []),
    ("digits", 300, 0.0, 3, 32, "sigmoid", "momentum", 0.03, 32, 40, None, []),
    ("digits", 200, 0.0, 2, 64, "relu", "sgd", 0.0003, 32, 30, None, []),
    ("mnist_5000", 200, 0.0, 3, 32, "sigmoid", "sgd", 0.2, 32, 30, 300, []),
    ("blobs", 200, 0.5, 3, 16, "sigmoid", "sgd", 0.2, 32, 40, 300, []),
    ("polynomial", 100, 0.1, 3, 16, "sigmoid", "sgd", 0.1, 16, 50, 300, []),
)


def _case(seed: int, row: tuple[Any, ...]) -> Case:
    key, num, noise, layers, width, activation, optimizer, rate, batch, epochs, num_validation, regularizers = row
    settings = _dataset(key, num, noise) | {
        "architecture": _network(layers, width, activation),
        "optimizer": {"key": optimizer, "lr": rate},
        "regularizers": regularizers,
        "batch_size": batch,
        "epochs": epochs,
        "seed": seed,
        "split_seed": seed,
    }
    return Case(settings, num_validation)


def _varied(place: int, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same with a quarter more samples, at a rate that is half as high again or two thirds as high."""
    key, num, *others = row
    others[5] = float(f"{others[5] * (1.5 if place % 2 else 2 / 3):.2g}")
    return key, num * 5 // 4, *others


CASES = {
    "looked at": tuple(_case(place, row) for place, row in enumerate(_ROWS)),
    "not looked at": tuple(_case(1000 + place, _varied(place, row)) for place, row in enumerate(_ROWS)),
}
"""The runs with which the rules were chosen, and as many others, declared and trained after that."""
