from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import core.catalog.augmentations as family
from core.catalog.augmentations.noise import Noise
from core.catalog.augmentations.pipeline import compile_pipeline
from core.catalog.registry import entries, parse
from core.training.augmentation_preview import augmentation_seeds
from core.training.batch import Batch

META = torch.device("meta")
KEYS = [key for key, cls in sorted(entries("augmentations").items()) if "image" in cls.input_kinds]  # type: ignore[attr-defined]


class OnlyOn(TorchDispatchMode):
    """Fails on any tensor off the device, given or made."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device
        self.calls = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves((args, kwargs, result)):
            if isinstance(leaf, torch.Tensor) and leaf.device != self.device:
                raise AssertionError(f"{func} touches {leaf.device}")
        self.calls += 1
        return result


def test_the_guard_sees_a_tensor_on_the_host():
    with pytest.raises(AssertionError, match="touches cpu"), OnlyOn(META):
        torch.add(torch.ones(3, device="meta"), torch.ones(3))


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_pipeline_of_every_entry_never_leaves_the_device(order, dtype):
    chosen = [entries("augmentations")[key]() for key in KEYS[:: 1 if order == "forward" else -1]]
    inputs = torch.empty((16, 1, 28, 28), device=META, dtype=dtype)
    batch = Batch(inputs, torch.empty(16, device=META), torch.empty(16, device=META))
    pipeline = compile_pipeline(chosen, (1, 28, 28))
    with OnlyOn(META) as guard:
        result = pipeline(batch, 0, augmentation_seeds(0, META))
    assert guard.calls > 0
    assert result.inputs.shape == inputs.shape
    assert result.inputs.device == META
    assert result.inputs.dtype == dtype


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("key", KEYS)
def test_each_entry_alone_never_leaves_the_device_and_needs_no_generator_there(key, channels):
    inputs = torch.empty((16, channels, 28, 28), device=META)
    pipeline = compile_pipeline([parse("augmentations", key)], (channels, 28, 28))
    with OnlyOn(META):
        result = pipeline(Batch(inputs, inputs, inputs), 0, lambda name, step: None)
    assert result.inputs.shape == inputs.shape


@pytest.mark.parametrize("key", ["signal_shift", "signal_scale", "noise", "mixup"])
def test_entries_for_sequences_never_leave_the_device(key):
    inputs = torch.empty((16, 1, 40), device=META)
    with OnlyOn(META):
        batch = Batch(inputs, torch.empty(16, dtype=torch.int64, device=META), inputs)
        result = compile_pipeline([parse("augmentations", key)], (1, 40), 10)(batch, 0, lambda name, step: None)
    assert result.inputs.shape == inputs.shape


def test_noise_on_features_never_leaves_the_device():
    inputs = torch.empty((16, 5), device=META)
    with OnlyOn(META):
        result = compile_pipeline([Noise()], (5,))(Batch(inputs, inputs, inputs), 0, lambda name, step: None)
    assert result.inputs.shape == inputs.shape


def test_the_source_holds_no_call_that_waits_for_the_device():
    forbidden = re.compile(r"torch\.tensor\(|torch\.as_tensor\(|\.to\(|\.item\(|\.cpu\(|\.tolist\(|\.nonzero\(")
    sources = sorted(Path(family.__file__).parent.glob("*.py"))
    assert len(sources) > 10
    assert [path.name for path in sources if forbidden.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.cuda
@pytest.mark.filterwarnings("ignore:Synchronization debug mode:UserWarning")
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_pipeline_of_every_entry_never_synchronises_with_cuda():
    device = torch.device("cuda", torch.cuda.current_device())
    pipeline = compile_pipeline([entries("augmentations")[key]() for key in KEYS], (1, 28, 28))
    inputs = torch.rand((16, 1, 28, 28), device=device)
    seeds = augmentation_seeds(0, device)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for step in range(20):
            pipeline(Batch(inputs, inputs, inputs), step, seeds)
    finally:
        torch.cuda.set_sync_debug_mode("default")
