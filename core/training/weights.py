"""Sets of named tensors: the identity of weights, one hash over parameters and buffers, and a part by its prefix."""

from __future__ import annotations

import hashlib
import json

import torch
from torch import Tensor, nn


def weights_sha256(model: nn.Module) -> str:
    """SHA-256 (hex) over parameters and buffers sorted by name: name, dtype, shape, little-endian contiguous bytes."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().cpu().contiguous()
        dtype = str(values.dtype).removeprefix("torch.")
        digest.update(json.dumps([name, dtype, list(values.shape)], separators=(",", ":")).encode())
        if values.dtype is torch.bfloat16:
            values = values.view(torch.int16)
        digest.update(values.numpy().astype(values.numpy().dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
