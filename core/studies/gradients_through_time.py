"""Gradients through time: how much the last output of a recurrent network still depends on each time step.

torch's own RNN (tanh) and LSTM with torch's own first weights, one layer, in float64.
Shape letters: B sequences, T time steps, F features, U units.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.seeding import generator, seed32
from core.studies.gradients_asked import ThroughTime

NUM_SEQUENCES, NUM_FEATURES = 32, 8


@dataclass(frozen=True)
class Sensitivity:
    """log10 of the norm of the last output's gradient with respect to each time step's input; −inf for exactly 0."""

    rnn: tuple[float, ...]
    lstm: tuple[float, ...]


def through_time(asked: ThroughTime) -> Generator[None, None, Sensitivity]:
    """Both networks on the same random sequences; the last output is summed along one random direction."""
    rng = generator("cpu", seed32(asked.seed, "through time"))
    x_BTF = torch.randn(NUM_SEQUENCES, asked.length, NUM_FEATURES, dtype=torch.float64, generator=rng)
    direction_U = torch.randn(asked.units, dtype=torch.float64, generator=rng)
    direction_U /= direction_U.norm()
    networks = [
        kind(NUM_FEATURES, asked.units, batch_first=True, dtype=torch.float64, device="meta").to_empty(device="cpu")
        for kind in (nn.RNN, nn.LSTM)
    ]
    for network in networks:
        _draw(network, rng)
    _open_forget_gate(networks[1], asked.forget_bias)
    rnn = gradient_sizes(networks[0], x_BTF, direction_U)
    yield
    return Sensitivity(rnn, gradient_sizes(networks[1], x_BTF, direction_U))


def gradient_sizes(network: nn.RNNBase, x_BTF: Tensor, direction_U: Tensor) -> tuple[float, ...]:
    """log10 of the root mean square over sequences of ‖∂(direction · last output) / ∂x_t‖, a number for each t."""
    x_BTF = x_BTF.clone().requires_grad_()
    outputs_BTU, _ = network(x_BTF)
    (gradient_BTF,) = torch.autograd.grad((outputs_BTU[:, -1] @ direction_U).sum(), x_BTF)
    sizes_T = gradient_BTF.square().sum(2).mean(0).sqrt().log10()
    return tuple(sizes_T.tolist())


@torch.no_grad()
def _draw(network: nn.RNNBase, rng: torch.Generator) -> None:
    """torch's own first weights, uniform within ±1/√units, from this generator."""
    bound = network.hidden_size**-0.5
    for parameter in network.parameters():
        parameter.uniform_(-bound, bound, generator=rng)


@torch.no_grad()
def _open_forget_gate(lstm: nn.RNNBase, bias: float) -> None:
    """Give the forget gate this bias; torch keeps two, whose sum counts, and the forget gate is the second of four."""
    gate = slice(lstm.hidden_size, 2 * lstm.hidden_size)
    lstm.get_parameter("bias_ih_l0")[gate] = bias
    lstm.get_parameter("bias_hh_l0")[gate] = 0.0
