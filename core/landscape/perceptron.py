"""Perceptrons whose losses and derivatives are written out, layer by layer, instead of asked of their modules."""

from __future__ import annotations

from torch import nn

from core.catalog.architectures.layers import Dense, Mlp


def is_perceptron(network: nn.Module) -> bool:
    """Whether it is linear layers, all with biases, and fixed functions of single numbers between them.

    A module with a hook computes something else than what its class says.
    """
    if not isinstance(network, Mlp) or any(module._forward_hooks for module in network.modules()):
        return False
    return all(
        type(layer) is Dense and layer.norm is None and next(layer.activation.parameters(), None) is None
        for layer in hidden_layers(network)
    )


def hidden_layers(network: nn.Module) -> list[Dense]:
    """All layers of a perceptron but the last, in order."""
    return [layer for layer in network.modules() if isinstance(layer, Dense)]
