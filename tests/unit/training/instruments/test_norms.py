"""Sums of squares equal what float64 gives, however the weights are cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from core.training.flat import Flat
from core.training.instruments import norms
from core.training.instruments.norms import Norms, pieces_of, total_norm

LAYERS = ["one", "one", "two", "two", "three"]


def tensors() -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(2)
    shapes = [(40, 9), (9,), (3, 5, 2, 2), (3,), (100,)]
    made = [torch.randn(shape, generator=draw) for shape in shapes]
    made[2] = made[2].to(memory_format=torch.channels_last)
    return made


def sums(values: list[torch.Tensor]) -> dict[str, float]:
    return {
        name: sum(float(v.double().square().sum()) for v, layer in zip(values, LAYERS, strict=True) if layer == name)
        for name in dict.fromkeys(LAYERS)
    }


@pytest.mark.parametrize("chunk", [16, 100, 256, 40_000])
def test_gradients_weights_and_updates_are_measured_by_layer(chunk: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(norms, "CHUNK", chunk)
    flat = Flat(tensors())
    pieces = pieces_of(flat, LAYERS)
    row = torch.zeros(3, len(pieces), dtype=torch.float64)
    measuring = Norms(flat, pieces, row)
    for scale in (1.0, 1e-25, 1e20):
        gradients = [tensor * scale for tensor in reversed_values()]
        before = [tensor.clone() for tensor in flat.parts]
        measuring.gradients(gradients)
        measuring.before_update()
        for tensor, gradient in zip(flat.parts, gradients, strict=True):
            tensor.sub_(0.1 * gradient)
        measuring.after_update()
        changes = [old - new for old, new in zip(before, flat.parts, strict=True)]
        for part, expected in zip(row, (gradients, flat.parts, changes), strict=True):
            for name, value in sums(expected).items():
                mine = sum(float(part[place]) for place, piece in enumerate(pieces) if piece.layer == name)
                assert mine == pytest.approx(value, rel=1e-12)


def reversed_values() -> list[torch.Tensor]:
    """Gradients in the same shapes: the values of `tensors` in reverse order."""
    made = []
    for tensor in tensors():
        same = torch.empty_like(tensor)
        same.copy_(tensor.flatten().flip(0).view(tensor.shape))
        made.append(same)
    return made


@pytest.mark.parametrize("chunk", [16, 100, 40_000])
def test_pieces_cover_every_weight_once_and_stay_within_layer_and_chunk(chunk: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(norms, "CHUNK", chunk)
    flat = Flat(tensors())
    pieces = pieces_of(flat, LAYERS)
    assert pieces[0].start == 0
    assert pieces[-1].end == len(flat.all)
    assert all(one.end == two.start for one, two in pairwise(pieces))
    assert list(dict.fromkeys(piece.layer for piece in pieces)) == ["one", "two", "three"]
    assert len(pieces) == 3 if chunk == 40_000 else len(pieces) > 3


def test_a_bad_number_spoils_its_own_layer_only():
    flat = Flat(tensors())
    pieces = pieces_of(flat, LAYERS)
    row = torch.zeros(3, len(pieces), dtype=torch.float64)
    gradients = tensors()
    gradients[3][1] = float("nan")
    Norms(flat, pieces, row).gradients(gradients)
    assert torch.isnan(row[0]).tolist() == [piece.layer == "two" for piece in pieces]


def test_the_total_norm_of_large_values_does_not_overflow():
    assert float(total_norm([torch.full((4,), 1e25), torch.full((1,), 0.0)])) == pytest.approx(2e25)
