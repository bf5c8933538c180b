"""Dropout of units and of branches whose mask comes from a generator of its own, so that nothing else can change it."""

from __future__ import annotations

import torch
from torch import nn


class CounterDropout(nn.Module):
    """Inverted dropout: each value is zeroed with probability p, the kept ones are multiplied by 1/(1 − p).

    `generator` lies on the input's device; the run seeds it before every step from (run seed, layer, step). On the CPU
    the bits equal `nn.Dropout`'s with the default generator in the same state. Off in evaluation.
    """

    generator: torch.Generator | None

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.generator = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x
        if self.generator is None and not x.is_meta:
            raise RuntimeError("CounterDropout draws from its own generator; set `generator` before training")
        mask = self.blank(x).bernoulli_(1 - self.p, generator=self.generator).div_(1 - self.p)
        return x * mask

    def blank(self, x: torch.Tensor) -> torch.Tensor:
        """Memory for the mask of x."""
        return torch.empty_like(x)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class BranchDropout(CounterDropout):
    """The same for whole branches: one draw for each sample says whether it takes this way."""

    def blank(self, x: torch.Tensor) -> torch.Tensor:
        return x.new_empty(len(x), *[1] * (x.dim() - 1))
