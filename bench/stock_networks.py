"""The larger networks of the catalogue in stock PyTorch, as somebody would write them who needs one of each."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def residual_mlp(depth: int) -> nn.Module:
    """784-64-…-64-10: each layer but the first adds its result to what it was given."""

    class Residual(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
            return x + 1 / (depth - 1) * super().forward(x).relu()

    hidden = [Residual(64, 64) for _ in range(depth - 1)]
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), *hidden, nn.Linear(64, 10))


def _convolution(before: int, channels: int, stride: int = 1, kernel: int = 3, groups: int = 1) -> list[nn.Module]:
    padding = (kernel - 1) // 2
    conv = nn.Conv2d(before, channels, kernel, stride, padding, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(channels)]


class _ResidualBlock(nn.Module):
    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Sequential(*_convolution(before, channels, stride), nn.ReLU())
        self.second = nn.Sequential(*_convolution(channels, channels))
        self.stride, self.missing = stride, (channels - before) // 2

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(self.first(x))
        if self.missing:
            x = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.missing, self.missing))
        return torch.relu(y + x)


class _GlobalAverage(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(2).mean(2)


def resnet_20() -> nn.Module:
    """ResNet-20 of He et al. with one channel."""
    sizes = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2 + [(32, 64, 2)] + [(64, 64, 1)] * 2
    blocks = [_ResidualBlock(*size) for size in sizes]
    return nn.Sequential(*_convolution(1, 16), nn.ReLU(), *blocks, _GlobalAverage(), nn.Linear(64, 10))


class _SqueezeExcite(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Linear(channels, channels // 4), nn.Linear(channels // 4, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.excite(self.squeeze(x.flatten(2).mean(2)).relu()).sigmoid()[:, :, None, None]


def efficient() -> nn.Module:
    """Four depthwise-separable blocks with squeeze-and-excite."""
    layers = [*_convolution(1, 32), nn.ReLU()]
    for before, channels in ((32, 32), (32, 64), (64, 64), (64, 128)):
        layers += [*_convolution(before, before, channels // before, groups=before), nn.ReLU(), _SqueezeExcite(before)]
        layers += [*_convolution(before, channels, kernel=1), nn.ReLU()]
    return nn.Sequential(*layers, _GlobalAverage(), nn.Linear(128, 10))


class _Rows(nn.Module):
    """The state after the last row of an image."""

    def __init__(self, steps: nn.RNNBase) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: Tensor) -> Tensor:
        return self.steps(x.transpose(1, 2).flatten(2))[0][:, -1]


def recurrent(kind: type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]) -> nn.Module:
    """One layer of 64 units over the rows of 28 pixels."""
    return nn.Sequential(_Rows(kind(28, 64, batch_first=True)), nn.Linear(64, 10))


class _Patches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Linear(16, 64)
        self.token, self.position = nn.Embedding(1, 64), nn.Embedding(50, 64)

    def forward(self, x: Tensor) -> Tensor:
        x = x.unflatten(3, (-1, 4)).unflatten(2, (-1, 4)).permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
        return torch.cat([self.token.weight.expand(len(x), 1, -1), self.projection(x)], 1) + self.position.weight


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.qkv, self.mixed = nn.LayerNorm(64), nn.Linear(64, 192), nn.Linear(64, 64)
        self.second, self.wide, self.narrow = nn.LayerNorm(64), nn.Linear(64, 128), nn.Linear(128, 64)

    def forward(self, x: Tensor) -> Tensor:
        heads = (part.unflatten(2, (4, -1)).transpose(1, 2) for part in self.qkv(self.first(x)).chunk(3, 2))
        x = x + self.mixed(functional.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2))
        return x + self.narrow(functional.gelu(self.wide(self.second(x))))


class _ClassToken(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[:, 0]


def attention() -> nn.Module:
    """Two pre-normalized encoder layers over 49 patches and a class token."""
    return nn.Sequential(_Patches(), _Encoder(), _Encoder(), nn.LayerNorm(64), _ClassToken(), nn.Linear(64, 10))
