"""Base of the initializers, and the walk that draws a model's first values tensor by tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, cast

from core.catalog.entry import Entry

if TYPE_CHECKING:
    import torch
    from torch import nn

    Role = Literal["weight", "bias"]
    Fill = Callable[[Role, torch.Tensor, int, torch.Generator], None]


class DensePart(NamedTuple):
    """A weight (out, in) and its bias (out,) within a module of several; `shift` is added to the bias's first value."""

    name: str
    weight: torch.Tensor
    bias: torch.Tensor
    shift: float = 0.0


EMBEDDING_STD = 0.02
"""Standard deviation of positions and class tokens, which have no inputs whose number could scale them.

Source: Devlin et al., BERT, 2019, its reference program; Dosovitskiy et al., An Image is Worth 16x16 Words, 2021.
"""


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
    (float32 for shorter ones) and copied, so device and memory format do not change them. A module with `dense_parts`
    is drawn part by part. Normalizations start as the identity with fresh running statistics, learned slopes at their
    declared value; neither draws anything.
    """
    import torch
    from torch import nn

    fill = initializer.build()
    generator = torch.Generator()
    drawn_within: set[nn.Module] = set()

    def draw(role: Role, tensor: torch.Tensor | None, fan_in: int, name: str) -> None:
        if tensor is not None:
            drawn = torch.zeros(tensor.shape, dtype=torch.promote_types(tensor.dtype, torch.float32))
            fill(role, drawn, fan_in, generator.manual_seed(seed_of(name)))
            tensor.copy_(drawn)

    with torch.no_grad():
        for prefix, module in model.named_modules():
            start = f"{prefix}." if prefix else ""
            if hasattr(module, "dense_parts"):
                drawn_within.update(module.modules())
                for part in cast(Any, module).dense_parts():
                    draw("weight", part.weight, part.weight.shape[1], f"{start}{part.name}.weight")
                    draw("bias", part.bias, part.weight.shape[1], f"{start}{part.name}.bias")
                    part.bias.add_(part.shift)
            elif module in drawn_within:
                continue
            elif isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d):
                fan_in = module.weight[0].numel()
                draw("weight", module.weight, fan_in, f"{start}weight")
                draw("bias", module.bias, fan_in, f"{start}bias")
            elif isinstance(module, nn.Embedding):
                drawn = torch.zeros(module.weight.shape, dtype=torch.promote_types(module.weight.dtype, torch.float32))
                drawn.normal_(std=EMBEDDING_STD, generator=generator.manual_seed(seed_of(f"{start}weight")))
                module.weight.copy_(drawn)
            elif any(True for _ in module.parameters(recurse=False)) or any(
                True for _ in module.buffers(recurse=False)
            ):
                module.reset_parameters()  # type: ignore[operator]  # normalizations and PReLU: constants only
