"""Randomness by counter: every draw has a seed of its own, made from (run seed, purpose, name, counter).

So a run is the same alone, beside others, paused, resumed or forked, and adding a layer or an augmentation leaves all
other draws unchanged. Seeds have 32 bits because torch's CPU generator keeps only the low 32.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def seed32(run_seed: int, purpose: str, name: str = "", counter: int = 0) -> int:
    """32 bits of blake2b over the four parts.

    Purposes: `init` (name: the tensor's role, e.g. `hidden.2.weight`), `order` (counter: epoch), `augment` (name: entry
    and occurrence, counter: step), `dropout` (name: layer, counter: step), `split`, `data`.
    """
    message = f"{run_seed}\x1f{purpose}\x1f{name}\x1f{counter}".encode()
    return int.from_bytes(hashlib.blake2b(message, digest_size=4).digest(), "little")


def generator(device: torch.device | str, seed: int) -> torch.Generator:
    """A generator of its own on the device, seeded."""
    import torch

    return torch.Generator(device=device).manual_seed(seed)


def augmentation_seeds(run_seed: int, device: torch.device | str) -> Callable[[str, int], torch.Generator]:
    """The generators of a run's augmentations: one, seeded anew by (run seed, entry and occurrence, step).

    The meta device has no generators and nothing is drawn there; the CPU's stands in.
    """
    import torch

    shared = generator("cpu" if torch.device(device).type == "meta" else device, 0)

    def seeded(name: str, step: int) -> torch.Generator:
        return shared.manual_seed(seed32(run_seed, "augment", name, step))

    return seeded
