"""The parts of an update add up to its move, and every name has its place in the list of names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.registry import entries, parse
from core.landscape.anatomy import PARTS, anatomy
from core.landscape.paths import race


@pytest.mark.parametrize("key", list(entries("optimizers")))
def test_the_parts_of_an_update_make_its_move(key: str):
    entry: Any = parse("optimizers", key)
    surface: Any = parse("surfaces", "quadratic")
    (path,) = race(surface, [entry], (-5.0, -2.0), 12)
    parts = anatomy(entry, path)
    values = {part.name: part.values for part in parts}
    assert set(values) <= set(PARTS)
    assert [part.values.shape for part in parts] == [(12, 2)] * len(parts)
    lr = entry.learning_rate()
    gradient = values["gradient g"]
    direction = {
        "momentum": lambda: lr * values["velocity v"],
        "nesterov": lambda: lr * (gradient + entry.momentum * values["velocity v"]),
        "adam": lambda: values["rate of each coordinate"] * values["m corrected"],
        "adamw": lambda: (
            values["rate of each coordinate"] * values["m corrected"] + lr * entry.weight_decay * path.positions[:-1]
        ),
        "adam_uncorrected": lambda: values["rate of each coordinate"] * values["average of gradients m"],
        "sgd": lambda: -values["rate × gradient, downhill"],
    }.get(key, lambda: values["rate of each coordinate"] * gradient)
    np.testing.assert_allclose(values["move"], -direction(), rtol=1e-5, atol=1e-9)
