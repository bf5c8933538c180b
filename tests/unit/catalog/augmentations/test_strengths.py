from __future__ import annotations

import pytest
import torch

from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.augmentations.strengths import STRENGTHS
from core.catalog.registry import parse

SHAPES = {"image": [(1, 8, 8), (1, 28, 28), (3, 32, 32)], "sequence": [(1, 40)], "points": [(2,)], "features": [(30,)]}
CASES = [(kind, shape) for kind, shapes in SHAPES.items() for shape in shapes]


def test_every_kind_of_input_has_the_three_strengths():
    assert set(STRENGTHS) == set(SHAPES)
    assert all(list(strengths) == ["none", "light", "strong"] for strengths in STRENGTHS.values())


@pytest.mark.parametrize(("kind", "shape"), CASES)
def test_strengths_fit_the_inputs_and_grow(kind, shape, augment):
    coarse = torch.rand((64, *shape), generator=torch.Generator().manual_seed(0))
    changes = []
    for strength in STRENGTHS[kind].values():
        chosen = [parse("augmentations", value) for value in strength]
        assert not any(entry.changes_nothing for entry in chosen)  # type: ignore[attr-defined]
        compile_pipeline(chosen, shape)
        changes.append(float((augment(chosen, coarse) - coarse).square().mean()))
    assert changes[0] == 0
    assert 0 < changes[1] < changes[2]


def test_no_strength_flips():
    used = {value["key"] for strengths in STRENGTHS.values() for strength in strengths.values() for value in strength}
    assert not used & {"flip", "resized_crop"}
