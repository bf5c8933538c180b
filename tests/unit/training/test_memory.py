"""Memory that runs out ends one run, and the person is told a batch size that fits."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from core.training.memory import OutOfMemory, out_of_memory
from core.training.run import Run
from core.training.update import Closure
from tests.experiments import bits, everything, points
from tests.jobs import computing, submitted

pytestmark = pytest.mark.usefixtures("earlier_tests_left_alone")


def short_of_memory(run: Run, most: int, from_step: int = 0, words: str = "") -> None:
    """Let forward passes of more than `most` samples find no memory from an update on."""

    def forward(module: Any, inputs: tuple[Tensor, ...]) -> None:
        if module.training and run.step_count >= from_step and len(inputs[0]) > most:
            raise RuntimeError(words) if words else torch.OutOfMemoryError("CUDA out of memory.")

    run.parts.model.register_forward_pre_hook(forward)


@pytest.mark.parametrize(("most", "named"), [(15, 8), (8, 8), (5, 4), (1, 1)])
def test_the_error_names_a_batch_size_that_fits(most: int, named: int, tmp_path: Path):
    run = Run(points(), tmp_path)
    short_of_memory(run, most)
    with pytest.raises(OutOfMemory, match=f"batch size of {named} or less") as caught:
        run.train()
    assert "16 samples" in str(caught.value.what)
    fitting = Run(points(batch_size=named), tmp_path)
    short_of_memory(fitting, most)
    assert fitting.train().outcome is not None


def test_batch_normalization_needs_two_samples_and_is_not_told_one(tmp_path: Path):
    run = Run(everything(), tmp_path)
    short_of_memory(run, 1)
    with pytest.raises(OutOfMemory, match="Not even 2 fit"):
        run.train()


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_the_search_leaves_the_state_of_the_last_update(optimizer: str, tmp_path: Path):
    run = Run(everything(optimizer=optimizer), tmp_path)
    short_of_memory(run, 4, from_step=5)
    with pytest.raises(OutOfMemory):
        run.train()
    assert run.step_count == 5
    model = Run(everything(optimizer=optimizer), tmp_path).train(until=5)
    assert bits(run) == bits(model)
    assert all(parameter.grad is None for parameter in run.parts.model.parameters())


def test_an_optimizer_that_finds_no_memory_halfway_leaves_no_half_update(tmp_path: Path):
    run = Run(points(optimizer="adadelta"), tmp_path).train(until=5)
    real = run.parts.loop.update

    def halfway(gradients: list[Tensor], lr: float, closure: Closure | None = None, /) -> None:
        real(gradients, lr, closure)
        raise torch.OutOfMemoryError("CUDA out of memory.")

    run.parts.loop.update = halfway
    with pytest.raises(OutOfMemory):
        run.train()
    expected = Run(points(optimizer="adadelta"), tmp_path).train(until=5)
    found = {name: value for name, value in bits(run).items() if not name.endswith(".step")}
    assert found == {name: value for name, value in bits(expected).items() if not name.endswith(".step")}


def test_the_first_error_is_gone_when_the_search_begins(tmp_path: Path):
    """Its traceback holds the tensors of the pass that failed."""
    run = Run(points(), tmp_path)
    large: list[weakref.ref[Tensor]] = []
    alive_in_the_search: list[bool] = []

    def forward(module: Any, inputs: tuple[Tensor, ...]) -> None:
        if module.training and len(inputs[0]) > 8:
            activations = torch.zeros(1000)
            large.append(weakref.ref(activations))
            raise torch.OutOfMemoryError("CUDA out of memory")
        if module.training:
            alive_in_the_search.append(any(ref() is not None for ref in large))

    run.parts.model.register_forward_pre_hook(forward)
    gc.disable()
    try:
        with pytest.raises(OutOfMemory):
            run.train()
    finally:
        gc.enable()
    assert alive_in_the_search == [False]


def test_only_that_run_fails_and_says_why(tmp_path: Path):
    def short() -> Run:
        run = Run(points(), tmp_path)
        short_of_memory(run, 8)
        return run

    with computing() as compute:
        job, sink = submitted(compute, points(), tmp_path, build=short)
        other, _ = submitted(compute, points(), tmp_path)
        assert job.over.wait(100)
        assert other.over.wait(100)
    assert (sink.outcome.state, sink.outcome.reason) == ("failed", "out_of_memory")
    assert "batch size of 8 or less" in str(sink.outcome.reason_text)
    assert other.state_name == "finished"


def test_the_cpus_and_apples_errors_are_recognised_and_others_are_not(tmp_path: Path):
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert out_of_memory(
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
    )
    assert out_of_memory(RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"))
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    run = Run(points(), tmp_path)
    short_of_memory(run, 8, words="mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="mat1 and mat2"):
        run.train()
