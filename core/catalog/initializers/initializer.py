"""Base of the initializers, and the walk that draws a model's first values tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from core.catalog.entry import Entry

if TYPE_CHECKING:
    import torch
    from torch import nn

    Role = Literal["weight", "bias"]
    Fill = Callable[[Role, torch.Tensor, int, torch.Generator], None]


class Initializer(Entry):
    """How weights get their first values. Biases start at 0 unless the entry says otherwise."""

    family: ClassVar[str] = "initializers"

    def build(self) -> Fill:
        """The function `fill(role, tensor, fan_in, generator)` that writes one tensor's first values in place.

        `role` is "weight" (out, in, kernel…) or "bias" (out,); `fan_in` is the number of inputs of one unit of the
        layer; every draw comes from `generator`.
        """
        raise NotImplementedError


def initialize(model: nn.Module, initializer: Initializer, seed_of: Callable[[str], int]) -> None:
    """Write every parameter's and buffer's first value.

    `seed_of(name)` is the seed of the tensor with that name, e.g. `hidden.2.weight`: names, not positions, so another
    layer or a batch normalization leaves all other draws unchanged. Draws are made on the CPU in the tensor's dtype
    (float32 for shorter ones) and copied, so device and memory format do not change them. Normalizations start as the
    identity with fresh running statistics, learned slopes at their declared value; neither draws anything.
    """
    import torch
    from torch import nn

    fill = initializer.build()
    generator = torch.Generator()
    with torch.no_grad():
        for prefix, module in model.named_modules():
            if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
                fan_in = module.weight[0].numel()
                for role in ("weight", "bias"):
                    tensor = getattr(module, role)
                    if tensor is not None:
                        name = f"{prefix}.{role}" if prefix else role
                        drawn = torch.zeros(tensor.shape, dtype=torch.promote_types(tensor.dtype, torch.float32))
                        fill(role, drawn, fan_in, generator.manual_seed(seed_of(name)))
                        tensor.copy_(drawn)
            elif any(True for _ in module.parameters(recurse=False)) or any(
                True for _ in module.buffers(recurse=False)
            ):
                module.reset_parameters()  # type: ignore[operator]  # normalizations and PReLU: constants only
