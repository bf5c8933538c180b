"""The parts of an update add up to its move, and every name has its place in the list of names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import core.catalog  # noqa: F401 - registers every entry
from core.catalog.registry import entries, parse
from core.landscape.anatomy import PARTS, anatomy, rule
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
    line = rule(entry, path)
    if line is None:
        assert key in {"muon", "adafactor", "lbfgs", "schedule_free_adamw"}
        return
    move = -line.rates * line.directions - line.decay * path.positions[:-1]
    np.testing.assert_allclose(values["move"], move, rtol=1e-5, atol=1e-9)
    assert {part.name for part in parts if part.is_way} >= {"rate × gradient, downhill", "move"}


def test_only_what_decays_has_a_decay():
    surface: Any = parse("surfaces", "quadratic")
    decays = {}
    for key in entries("optimizers"):
        entry: Any = parse("optimizers", key)
        (path,) = race(surface, [entry], (-5.0, -2.0), 2)
        line = rule(entry, path)
        decays[key] = 0 if line is None else line.decay
    assert {key: decay for key, decay in decays.items() if decay} == {"adamw": pytest.approx(0.001 * 0.01)}
