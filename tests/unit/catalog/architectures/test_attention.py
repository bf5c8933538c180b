"""The self-attention encoder: patches, positions, and maps that are those of the training path."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest
import torch
from torch import nn

from core.catalog.architectures import Architecture
from core.catalog.architectures.attention_layers import AttentionNet, EncoderLayer, patches, sinusoids
from core.catalog.registry import parse
from core.errors import BadInput
from tests.unit.catalog.architectures.test_shortcuts import built


def net(**fields: Any) -> AttentionNet:
    return cast(AttentionNet, built({"key": "attention", "patch": 4, "width": 8, "heads": 2, **fields}).eval())


def test_patches_are_squares_in_reading_order() -> None:
    image = torch.arange(2 * 4 * 6).view(1, 2, 4, 6)
    found = patches(image, 2)
    assert found.shape == (1, 6, 8)
    assert torch.equal(found[0, 4], image[0, :, 2:4, 2:4].flatten())
    signal = torch.arange(12).view(1, 2, 6)
    assert torch.equal(patches(signal, 3)[0, 1], signal[0, :, 3:].flatten())


@pytest.mark.parametrize("answer", ["token", "mean"])
def test_maps_are_the_weights_with_which_values_are_mixed(answer: str) -> None:
    model = net(answer=answer, depth=2)
    x = torch.randn(3, 1, 8, 8, dtype=torch.float64)
    maps = model.attention_maps(x)
    num_tokens = 4 + (answer == "token")
    assert maps.shape == (2, 3, 2, num_tokens, num_tokens)
    torch.testing.assert_close(maps.sum(-1), torch.ones_like(maps[..., 0]))
    layer, tokens = cast(EncoderLayer, model.encoder["1"]), model.embed(x)
    *_, values = layer.projected(tokens)
    mixed = tokens + layer.mixed((maps[0] @ values).transpose(1, 2).flatten(2))
    expected = mixed + layer.narrow(layer.activation(layer.wide(layer.dense_norm(mixed))))
    torch.testing.assert_close(layer(tokens), expected)


@pytest.mark.parametrize("position", ["none", "learned", "sinusoidal"])
def test_without_positions_the_order_of_the_patches_is_not_seen(position: str) -> None:
    model = net(position=position, answer="mean")
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64)
    swapped = torch.cat([x[:, :, 4:], x[:, :, :4]], 2)
    assert torch.allclose(model(x), model(swapped)) == (position == "none")


def test_waves_are_sines_and_cosines_of_the_place() -> None:
    waves = sinusoids(3, 5, torch.zeros((), dtype=torch.float64))
    expected = [math.sin(2), math.cos(2), math.sin(2 / 10_000**0.4), math.cos(2 / 10_000**0.4)]
    assert waves[2, :4].tolist() == pytest.approx(expected)
    assert waves.shape == (3, 5)


def test_class_token_and_positions_begin_small_and_different() -> None:
    model = net(width=64)
    assert model.embed.position is not None
    assert model.embed.token is not None
    for embedding in (cast(nn.Embedding, model.embed.position), cast(nn.Embedding, model.embed.token)):
        assert embedding.weight.std().item() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"patch": 3}, "Patches of 3 do not cover 8×8. .* Use a patch of 1, 2, 4, 8."),
        ({"heads": 3}, "3 heads do not share a width of 8. .* out of 1, 2, 4, 8."),
    ],
)
def test_sizes_that_do_not_divide_are_explained(fields: dict[str, Any], said: str) -> None:
    network = parse("architectures", {"key": "attention", "width": 8, "heads": 2, **fields})
    with pytest.raises(BadInput, match=said):
        cast(Architecture, network).plan((1, 8, 8), 10)
