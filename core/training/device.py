"""Where and how a run computes: decided before step 0 by a rule that reads no clock, and recorded.

Threads, dtype, engine, memory format and who draws noise can change bits, so a resumed, forked or replayed run uses
its record.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch

from core.errors import Refused
from core.text import Text
from core.training.threads import default_threads

DTYPES = {"float32": torch.float32, "float64": torch.float64, "bfloat16": torch.float32}
"""Number format of the weights by precision; bfloat16 computes under autocast and keeps float32 weights."""

NOISE_OF_TORCH = "torch"
"""Who draws the noise of runs that were recorded before there was a choice, and of all that compute on no CPU."""
NOISE_OF_BOTH = " and torch"
"""At the end of who draws it with 64 bits: the words are NumPy's, the functions torch's."""
NOISE_OF_32_BITS = ", 32 bits"
"""At the end of who draws it today."""


@dataclass(frozen=True)
class Conditions:
    """What besides the experiment decides a run's bits. `noise`: who draws many Gaussian numbers for a batch."""

    device: str
    threads: int
    precision: str
    memory_format: str
    engine: str
    torch: str
    noise: str = NOISE_OF_TORCH

    @property
    def dtype(self) -> torch.dtype:
        """Number format of weights and data."""
        return DTYPES[self.precision]

    def to_json(self) -> dict[str, Any]:
        """The record kept with the run."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> Self:
        """The conditions a record names."""
        return cls(**record)


SOLO, STACKED = "solo", "stacked"
"""Engines: each run's update by itself, or the updates of several runs with common calls.

A stack computes with one thread: with more, products of few rows are cut into other sums than those of many, and the
bits of a row would depend on the number of rows.
"""


def default_device() -> str:
    """CUDA, else MPS (experimental), else the CPU; `SADDLEPOINT_DEVICE` overrides."""
    wanted = os.environ.get("SADDLEPOINT_DEVICE")
    if wanted:
        return wanted
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def conditions(
    precision: str, *, convolutional: bool = False, device: str | None = None, engine: str = SOLO
) -> Conditions:
    """The conditions of a new run. Convolutions of images use channels_last, 5–10 % faster on CPUs and tensor cores."""
    device = device or default_device()
    return Conditions(
        device=device,
        threads=1 if engine == STACKED else default_threads(),
        precision=precision,
        memory_format="channels_last" if convolutional else "contiguous",
        engine=engine,
        torch=torch.__version__,
        noise=noise_on(device),
    )


def noise_on(device: str) -> str:
    """Who draws the noise of new runs on a device."""
    if torch.device(device).type != "cpu":
        return NOISE_OF_TORCH
    return f"numpy {np.__version__}{NOISE_OF_32_BITS}"


def check_available(device: str) -> None:
    """Raise Refused when this machine has no such device."""
    available = {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}
    if not available.get(torch.device(device).type, lambda: True)():
        raise Refused(
            Text("This machine has no device “{device}”.", device=device),
            Text("A run goes on where it began: another device gives other numbers."),
            Text("Go on with it on a machine that has one, or start the experiment again here."),
        )


def use_threads(threads: int) -> None:
    """Let torch compute with so many threads from now on (a setting of the process)."""
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def describe(device: str) -> Text:
    """The device in words: "GPU: NVIDIA …", "MPS (experimental)", "CPU, 1 thread"."""
    if device.startswith("cuda") and torch.cuda.is_available():
        return Text("GPU: {name}", name=torch.cuda.get_device_name(device))
    if device == "mps":
        return Text("GPU: Apple MPS (experimental)")
    count = default_threads()
    return Text("CPU, {count} threads", count=count) if count > 1 else Text("CPU, 1 thread")
