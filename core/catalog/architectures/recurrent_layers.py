"""The torch modules of recurrent networks (imported only when a network is built).

Shape letters: B batch, C channels, L steps, F features of a step, H units, K outputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import nn

from core.catalog.architectures.layers import HasDropout, dropout_or_nothing
from core.catalog.initializers.initializer import DensePart


class Recurrent(HasDropout):
    """One layer of torch's RNN, GRU or LSTM over all steps, (B, L, F) → (B, L, H), then dropout.

    `first_biases` gives a gate, by its place in torch's order, the first value of its bias.
    """

    def __init__(self, steps: nn.RNNBase, dropout: float, first_biases: dict[int, float] | None = None) -> None:
        super().__init__()
        self.steps = steps
        self.set_dropout(dropout_or_nothing(dropout))
        self._first_biases = first_biases or {}

    def forward(self, x_BLF: torch.Tensor) -> torch.Tensor:
        # torch's module keeps a list of its parameters beside them, and torch.func exchanges only the parameters.
        self.steps._flat_weights = list(self.steps._parameters.values())
        if self._has_no_bfloat16(x_BLF):
            with torch.autocast("cpu", enabled=False):
                x_BLH = self.steps(x_BLF.float())[0]
        else:
            x_BLH = self.steps(x_BLF)[0]
        return x_BLH if self.dropout is None else self.dropout(x_BLH)

    def _has_no_bfloat16(self, x_BLF: torch.Tensor) -> bool:
        """Whether an LSTM is to be bfloat16 on a processor for which oneDNN has none: then it is float32."""
        return (
            isinstance(self.steps, nn.LSTM)
            and x_BLF.device.type == "cpu"
            and torch.is_autocast_enabled("cpu")
            and not torch.ops.mkldnn._is_mkldnn_bf16_supported()
        )

    def dense_parts(self) -> Iterator[DensePart]:
        """Two dense layers for each gate: what it makes of the input, and of the state of the step before."""
        for name, letters in (("input", "ih"), ("state", "hh")):
            weights, biases = (
                cast(torch.Tensor, getattr(self.steps, f"{kind}_{letters}_l0")).split(self.steps.hidden_size)
                for kind in ("weight", "bias")
            )
            for gate, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                shift = self._first_biases.get(gate, 0.0) if name == "input" else 0.0
                yield DensePart(f"{name}.{gate}", weight, bias, shift)


class RecurrentNet(nn.Module):
    """Recurrent layers one after another, the last state or the mean of all, a linear output."""

    def __init__(self, layers: list[Recurrent], takes_mean: bool, output: nn.Linear) -> None:
        super().__init__()
        self.recurrent = nn.ModuleDict({str(number): layer for number, layer in enumerate(layers, start=1)})
        self.takes_mean = takes_mean
        self.output = output

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x_BLF = as_steps(x)
        for layer in self.recurrent.values():
            x_BLF = layer(x_BLF)
        logits_BK = self.output(x_BLF.mean(1) if self.takes_mean else x_BLF[:, -1])
        return logits_BK


def as_steps(x: torch.Tensor) -> torch.Tensor:
    """Images (B, C, H, W) and signals (B, C, L) as sequences: a row of pixels, or a value of each channel, a step."""
    return x.transpose(1, 2).flatten(2)
