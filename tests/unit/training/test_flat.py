"""Tensors moved into one keep everything about them."""

from __future__ import annotations

import torch
from torch import nn

from core.training.flat import ALIGNMENT, Flat, flatten


def parts() -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    image = torch.randn(4, 3, 5, 5, generator=draw).to(memory_format=torch.channels_last)
    return [torch.randn(7, 3, generator=draw), torch.randn((), generator=draw), image, torch.randn(16, generator=draw)]


def test_values_shapes_and_memory_orders_stay():
    tensors, originals = parts(), parts()
    Flat(tensors)
    for tensor, original in zip(tensors, originals, strict=True):
        assert torch.equal(tensor, original)
        assert tensor.stride() == original.stride()


def test_every_part_starts_where_torch_would_have_put_it_and_gaps_are_zero():
    tensors = parts()
    flat = Flat(tensors)
    assert all((tensor.data_ptr() - flat.all.data_ptr()) % ALIGNMENT == 0 for tensor in tensors)
    for tensor in tensors:
        tensor.fill_(0)
    assert not flat.all.any()
    assert flat.starts == [0, 32, 48, 352, 368]


def test_a_change_on_either_side_is_seen_on_the_other():
    layer = nn.Linear(3, 2)
    flat = Flat(list(layer.parameters()))
    with torch.no_grad():
        layer.bias.fill_(5)
        flat.all[:6] = 1
    assert flat.all.sum() == 6 + 10
    assert layer.weight.sum() == 6
    layer(torch.ones(1, 3)).sum().backward()
    assert layer.weight.grad is not None


def test_views_lay_another_tensor_out_alike():
    flat = Flat(parts())
    other = torch.zeros_like(flat.all)
    for view, tensor in zip(flat.views(other), flat.parts, strict=True):
        view.copy_(tensor)
    assert torch.equal(other, flat.all)


def test_tensors_of_several_dtypes_are_kept_apart():
    network = nn.Sequential(nn.BatchNorm1d(3), nn.BatchNorm1d(4))
    buffers = [buffer.clone() for buffer in network.buffers()]
    together = flatten(list(network.buffers()))
    assert {tensor.dtype for tensor in together} == {torch.float32, torch.int64}
    assert all(torch.equal(a, b) for a, b in zip(network.buffers(), buffers, strict=True))
    assert flatten([]) == []
