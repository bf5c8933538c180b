"""Sums of squares equal what float64 gives, however the weights are cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from core.training import on_cpu
from core.training.flat import Flat
from core.training.instruments import norms
from core.training.instruments.norms import Norms, SumsOfSquares, pieces_of, total_norm

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


@pytest.mark.parametrize("length", [16, 100, 256, 8_192])
def test_gradients_weights_and_updates_are_measured_by_layer(length: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(norms, "PIECE", length)
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
                is_narrow = on_cpu.LOW < value < on_cpu.HIGH
                assert mine == pytest.approx(value, rel=1e-6 if is_narrow else 1e-12)


def reversed_values() -> list[torch.Tensor]:
    """Gradients in the same shapes: the values of `tensors` in reverse order."""
    made = []
    for tensor in tensors():
        same = torch.empty_like(tensor)
        same.copy_(tensor.flatten().flip(0).view(tensor.shape))
        made.append(same)
    return made


@pytest.mark.parametrize("length", [16, 100, 8_192])
def test_pieces_cover_every_weight_once_and_stay_within_a_layer(length: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(norms, "PIECE", length)
    flat = Flat(tensors())
    pieces = pieces_of(flat, LAYERS)
    assert pieces[0].start == 0
    assert pieces[-1].end == len(flat.all)
    assert all(one.end == two.start for one, two in pairwise(pieces))
    assert list(dict.fromkeys(piece.layer for piece in pieces)) == ["one", "two", "three"]
    assert len(pieces) == 3 if length == 8_192 else len(pieces) > 3
    assert all(piece.end - piece.start <= max(16, length + 15) for piece in pieces)


def test_a_bad_number_spoils_its_own_layer_only():
    flat = Flat(tensors())
    pieces = pieces_of(flat, LAYERS)
    row = torch.zeros(3, len(pieces), dtype=torch.float64)
    gradients = tensors()
    gradients[3][1] = float("nan")
    Norms(flat, pieces, row).gradients(gradients)
    assert torch.isnan(row[0]).tolist() == [piece.layer == "two" for piece in pieces]


@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e20])
def test_sums_do_not_depend_on_what_is_measured_beside_them(scale: float):
    draw = torch.Generator().manual_seed(3)
    flat = Flat(tensors())
    pieces = pieces_of(flat, LAYERS)
    row = torch.randn(len(flat.all), generator=draw)
    other = row * scale
    other[: len(other) // 2] = 0
    alone, beside = torch.zeros(1, len(pieces), dtype=torch.float64), torch.zeros(2, len(pieces), dtype=torch.float64)
    SumsOfSquares(row[None], pieces, alone)()
    SumsOfSquares(torch.stack([other, row]), pieces, beside)()
    assert torch.equal(beside[1], alone[0])
    exact = [float(other[piece.start : piece.end].double().square().sum()) for piece in pieces]
    assert beside[0].tolist() == pytest.approx(exact, rel=1e-6, abs=0)


def test_a_processor_and_a_device_give_the_same_sums():
    flat = Flat(tensors())
    pieces = pieces_of(flat, LAYERS)
    sums = torch.zeros(2, len(pieces), dtype=torch.float64)
    SumsOfSquares(flat.all, pieces, sums[0])()
    on_device = SumsOfSquares(flat.all, pieces, sums[1])
    on_device.by_torch()
    assert sums[0].tolist() == pytest.approx(sums[1].tolist(), rel=1e-6)


def test_the_total_norm_of_large_values_does_not_overflow():
    assert float(total_norm([torch.full((4,), 1e25), torch.full((1,), 0.0)])) == pytest.approx(2e25)
