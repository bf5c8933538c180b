"""The two networks of a conditional GAN for images of 4×4 to 32×32 pixels, in the style of DCGAN.

Strided convolutions in place of pooling, batch normalization in the generator, no hidden dense layers (Radford, Metz,
Chintala, 2016, section 3); the discriminator knows the class by a projection (Miyato, Koyama, 2018, section 3).
Shapes: B samples, Z numbers of noise, C channels, H rows, W columns.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.seeding import generator, seed32

NUM_NOISE = 32
WIDTH = 32
"""Channels next to the image; one layer further in there are twice as many."""
SMALL_SIDE = 8
"""An image up to this side is halved only once by the discriminator."""


class Generator(nn.Module):
    """Draws images of given classes: z_BZ and classes (B,) → (B, C, H, W) between 0 and 1."""

    def __init__(self, shape: tuple[int, int, int], num_classes: int) -> None:
        super().__init__()
        channels, self.height, self.width = shape
        self.sides = -(-self.height // 4), -(-self.width // 4)
        num = 2 * WIDTH * self.sides[0] * self.sides[1]
        self.noise = nn.Linear(NUM_NOISE, num)
        self.classes = nn.Embedding(num_classes, num)
        self.norm_0 = nn.BatchNorm2d(2 * WIDTH)
        self.up_1 = nn.ConvTranspose2d(2 * WIDTH, WIDTH, 4, 2, 1, bias=False)
        self.norm_1 = nn.BatchNorm2d(WIDTH)
        self.up_2 = nn.ConvTranspose2d(WIDTH, channels, 4, 2, 1)

    def forward(self, z_BZ: Tensor, classes: Tensor) -> Tensor:
        x = (self.noise(z_BZ) + self.classes(classes)).view(-1, 2 * WIDTH, *self.sides)
        x = functional.relu(self.norm_0(x))
        x = functional.relu(self.norm_1(self.up_1(x)))
        return torch.sigmoid(self.up_2(x))[:, :, : self.height, : self.width]


class Discriminator(nn.Module):
    """How real an image of a class looks: images (B, C, H, W) and classes (B,) → a number each (B,)."""

    def __init__(self, shape: tuple[int, int, int], num_classes: int) -> None:
        super().__init__()
        channels, *sides = shape
        kernel, stride = (3, 1) if max(sides) <= SMALL_SIDE else (4, 2)
        self.down_1 = nn.Conv2d(channels, WIDTH, kernel, stride, 1)
        self.down_2 = nn.Conv2d(WIDTH, 2 * WIDTH, 4, 2, 1)
        height, width = ((((side + 2 - kernel) // stride + 1) + 2 - 4) // 2 + 1 for side in sides)
        self.real = nn.Linear(2 * WIDTH * height * width, 1)
        self.classes = nn.Embedding(num_classes, 2 * WIDTH * height * width)

    def forward(self, images: Tensor, classes: Tensor) -> Tensor:
        x = functional.leaky_relu(self.down_1(2 * images - 1), 0.2)
        x = functional.leaky_relu(self.down_2(x), 0.2).flatten(1)
        return self.real(x).squeeze(1) + (self.classes(classes) * x).sum(1)


def networks(
    shape: tuple[int, int, int], num_classes: int, seed: int, device: torch.device
) -> tuple[Generator, Discriminator]:
    """Both networks with first weights of their own for each tensor's name; draws from no default generator."""
    with torch.device("meta"):
        pair = Generator(shape, num_classes), Discriminator(shape, num_classes)
    for name, network in zip(("generator", "discriminator"), pair, strict=True):
        if device.type == "meta":
            continue
        network.to_empty(device=device)
        for layer, module in network.named_modules():
            _fill(module, partial(_drawn, seed, f"{name}.{layer}"))
    return pair


def multiplications(shape: tuple[int, int, int]) -> int:
    """Multiplications of one pass of one image through both networks."""
    channels, height, width = shape
    rows, columns = -(-height // 4), -(-width // 4)
    image = 16 * rows * columns
    of_generator = 2 * WIDTH * rows * columns * (NUM_NOISE + WIDTH * 16) + WIDTH * channels * 16 * image // 4
    first = image if max(height, width) <= SMALL_SIDE else image // 4
    kernel = 9 if max(height, width) <= SMALL_SIDE else 16
    return of_generator + channels * WIDTH * kernel * first + 2 * WIDTH * WIDTH * 16 * first // 4


def _drawn(seed: int, role: str) -> torch.Generator:
    return generator("cpu", seed32(seed, "init", role))


@torch.no_grad()
def _fill(module: nn.Module, drawn: partial[torch.Generator]) -> None:
    """First values of a module's own tensors, drawn on the CPU so that every device begins alike."""
    if isinstance(module, nn.BatchNorm2d):
        module.reset_parameters()  # Draws nothing.
    elif isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
        weight = torch.empty(module.weight.shape)
        module.weight.copy_(nn.init.kaiming_uniform_(weight, a=5**0.5, generator=drawn()))
        if module.bias is not None:
            module.bias.zero_()
    elif isinstance(module, nn.Embedding):
        module.weight.copy_(torch.empty(module.weight.shape).normal_(0, 0.1, generator=drawn()))
