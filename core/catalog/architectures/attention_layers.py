"""The torch modules of the self-attention encoder (imported only when a network is built).

Shape letters: B batch, T tokens, D width, N heads, E width of a head, F numbers in a patch, K outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, cast

import torch
from torch import nn
from torch.nn import functional

from core.catalog.architectures.layers import HasBranch, HasDropout, dropout_or_nothing

Position = Literal["none", "learned", "sinusoidal"]


class PatchEmbedding(nn.Module):
    """Images or signals cut into patches, each one a token: (B, C, …) → (B, T, D), a class token in front if wanted."""

    def __init__(
        self, patch: int, fan_in: int, width: int, num_patches: int, position: Position, has_class_token: bool
    ) -> None:
        super().__init__()
        self.patch = patch
        self.projection = nn.Linear(fan_in, width)
        num_tokens = num_patches + has_class_token
        self.token = nn.Embedding(1, width) if has_class_token else None
        self.position = nn.Embedding(num_tokens, width) if position == "learned" else None
        self.is_sinusoidal = position == "sinusoidal"
        self._waves: torch.Tensor | None = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x_BTD = self.projection(patches(x, self.patch))
        if self.token is not None:
            x_BTD = torch.cat([self.token.weight.expand(len(x_BTD), 1, -1), x_BTD], 1)
        if self.position is not None:
            return x_BTD + self.position.weight
        return self._with_waves(x_BTD) if self.is_sinusoidal else x_BTD

    def _with_waves(self, x_BTD: torch.Tensor) -> torch.Tensor:
        """Tokens as large as the waves, and these. Source: Vaswani et al. 2017, sections 3.4 and 3.5."""
        _, num_tokens, width = x_BTD.shape
        weight = self.projection.weight
        if self._waves is None or (self._waves.device, self._waves.dtype) != (weight.device, weight.dtype):
            self._waves = sinusoids(num_tokens, width, weight)
        return x_BTD * width**0.5 + self._waves


def patches(x: torch.Tensor, patch: int) -> torch.Tensor:
    """The patches of images (B, C, H, W) or signals (B, C, L) in reading order, (B, T, F)."""
    if x.dim() == 3:
        return x.unflatten(2, (-1, patch)).transpose(1, 2).flatten(2)
    x_BCRPSP = x.unflatten(3, (-1, patch)).unflatten(2, (-1, patch))
    return x_BCRPSP.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def sinusoids(num_tokens: int, width: int, like: torch.Tensor) -> torch.Tensor:
    """sin and cos of t / 10000^(2i/D) side by side, (T, D), in the format and on the device of another tensor."""
    frequencies = 10_000.0 ** (torch.arange(0, width, 2, device=like.device, dtype=like.dtype) / -width)
    angles = torch.arange(num_tokens, device=like.device, dtype=like.dtype).unsqueeze(1) * frequencies
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)[:, :width]


class EncoderLayer(HasBranch, HasDropout):
    """Self-attention, then two dense layers for each token; both on normalized values, both with a shortcut."""

    def __init__(
        self, width: int, heads: int, expansion: int, activation: Callable[[], nn.Module], dropout: float
    ) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.mixed = nn.Linear(width, width)
        self.dense_norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, expansion * width)
        self.activation = activation()
        self.narrow = nn.Linear(expansion * width, width)
        self.set_dropout(dropout_or_nothing(dropout))

    def forward(self, x_BTD: torch.Tensor) -> torch.Tensor:
        queries, keys, values = self.projected(x_BTD)
        heads_BNTE = functional.scaled_dot_product_attention(queries, keys, values)
        x_BTD = x_BTD + self.branch(self.mixed(heads_BNTE.transpose(1, 2).flatten(2)))
        wide = self.activation(self.wide(self.dense_norm(x_BTD)))
        return x_BTD + self.branch(self.narrow(wide if self.dropout is None else self.dropout(wide)))

    def projected(self, x_BTD: torch.Tensor) -> list[torch.Tensor]:
        """Queries, keys and values of each head, (B, N, T, E)."""
        parts = self.queries_keys_values(self.attention_norm(x_BTD)).chunk(3, 2)
        return [part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in parts]

    def attention(self, x_BTD: torch.Tensor) -> torch.Tensor:
        """How much each token takes from each other one, (B, N, T, T); rows sum to 1."""
        queries, keys, _ = self.projected(x_BTD)
        return (queries @ keys.transpose(2, 3) / queries.shape[3] ** 0.5).softmax(3)


class AttentionNet(nn.Module):
    """Patches as tokens, encoder layers, a last normalization, the class token or the mean of all, a linear output."""

    def __init__(
        self, embed: PatchEmbedding, layers: list[EncoderLayer], norm: nn.LayerNorm, output: nn.Linear
    ) -> None:
        super().__init__()
        self.embed = embed
        self.encoder = nn.ModuleDict({str(number): layer for number, layer in enumerate(layers, start=1)})
        self.norm = norm
        self.output = output

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x_BTD = self.embed(x)
        for layer in self.encoder.values():
            x_BTD = layer(x_BTD)
        x_BTD = self.norm(x_BTD)
        logits_BK = self.output(x_BTD.mean(1) if self.embed.token is None else x_BTD[:, 0])
        return logits_BK

    @torch.no_grad()
    def attention_maps(self, x: torch.Tensor) -> torch.Tensor:
        """How much each token takes from each other one in every layer, (layers, B, N, T, T).

        Patches stand in reading order, behind the class token where there is one. Training never calls this: its
        attention is computed in one piece, without the maps.
        """
        x_BTD, maps = self.embed(x), []
        for layer in self.encoder.values():
            maps.append(cast(EncoderLayer, layer).attention(x_BTD))
            x_BTD = layer(x_BTD)
        return torch.stack(maps)
