"""Running out of the device's memory: noticed, freed, and answered with a batch size that fits."""

from __future__ import annotations

import gc

import torch

from core.errors import CoreError
from core.text import Text
from core.training.batch import Batch
from core.training.loop import Loop


class OutOfMemory(CoreError):
    """A step needs more memory than the device has."""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory could not be had; on the CPU and on MPS torch raises no class of its own."""
    words = ("DefaultCPUAllocator", "MPS backend out of memory")
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error) for word in words)


def too_large_batch(loop: Loop, step: int, least: int) -> OutOfMemory:
    """The error for update `step`, naming a batch size that fits. Call it when the first error is handled and gone."""
    size = len(loop.batch_of(step).inputs)
    fits = _fitting_size(loop, step, size // 2, least)
    return OutOfMemory(
        Text("A batch of {size} samples does not fit into the memory of this device.", size=size),
        Text("One update keeps what every layer gave for every sample until the gradients are there."),
        Text("Use a batch size of {fits} or less.", fits=fits)
        if fits
        else Text("Not even {least} fit: use a smaller network, or close other programs.", least=max(1, least)),
    )


def _fitting_size(loop: Loop, step: int, size: int, least: int) -> int | None:
    """Halve until forward and backward pass of the first `size` samples go through; None where no size fits."""
    found = None
    while found is None and size >= max(1, least):
        _free(loop)
        fits = True
        try:
            # What the optimizer will keep for each weight is not there before the first update.
            kept = [
                torch.empty_like(weight) for weight in loop.parameters for _ in range(0 if loop.optimizer.state else 2)
            ]
            batch = loop.batch_of(step)
            loop.backward(Batch(*(part[:size] for part in batch)))
            del kept, batch
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            fits = False
        found, size = (size, size) if fits else (None, size // 2)
    _free(loop)
    return found


def _free(loop: Loop) -> None:
    """Let go of gradients and of what an error kept alive; the running statistics are as before the update."""
    for parameter in loop.parameters:
        parameter.grad = None
    with torch.no_grad():
        loop.guard.take_back()
    gc.collect()
    if loop.parameters[0].device.type == "cuda":
        torch.cuda.empty_cache()
