"""The reference CNNs of the course as experiments that differ from the default one, each with the data it needs."""

from __future__ import annotations

from typing import Any

REFERENCE_NETS: dict[str, dict[str, Any]] = {
    "cnn_32_64_128": {
        "dataset": {"key": "mnist_5000"},
        "architecture": {
            "key": "cnn",
            "blocks": [
                {"channels": 32, "kernel": 3, "pooling": "max"},
                {"channels": 64, "kernel": 3, "pooling": "max"},
                {"channels": 128, "kernel": 3, "pooling": "max"},
            ],
            "dense": [512],
        },
        "regularizers": [{"key": "dropout", "p": 0.5}],
        "epochs": 5,
    },
    "cnn_32_64_64": {
        "dataset": {"key": "mnist_5000"},
        "architecture": {"key": "cnn"},
        "regularizers": [{"key": "dropout", "p": 0.5}],
        "epochs": 5,
    },
    "cnn_1d": {
        "dataset": {"key": "mnist_1d"},
        "architecture": {
            "key": "cnn",
            "blocks": [
                {"channels": 25, "kernel": 5, "stride": 2, "padding": 1},
                {"channels": 25, "kernel": 3, "stride": 2, "padding": 1},
                {"channels": 25, "kernel": 3, "stride": 2, "padding": 1},
            ],
            "dense": [],
            "dropout": 0.0,
        },
        "epochs": 20,
    },
}
"""Curriculum B2: (a) three pooled blocks and a dense layer of 512; (b) `cnn` without fields; (c) on signals."""
