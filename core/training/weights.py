"""The identity of a set of weights: one hash over parameters and buffers."""

from __future__ import annotations

import hashlib
import json

import torch
from torch import nn


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
