"""Rows of one optimizer with equal numbers are updated in one call, and no bit of a row depends on whether they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core.catalog.registry import entries, parse
from core.training.weights import weights_sha256
from tests.experiments import points
from tests.unit.training.test_stacked import alike, spoil, stackable, together
from tests.unit.training.test_stacked_faults import gone_on, stack_of

FUSED = [key for key in entries("optimizers") if parse("optimizers", key).fused([torch.zeros(1)])]  # type: ignore[attr-defined]
NUM_STEPS = 7


def counted(monkeypatch: pytest.MonkeyPatch, key: str) -> list[int]:
    """For each call of an optimizer's kernel from now on, of how many rows it was."""
    name = parse("optimizers", key).fused_kernel.removeprefix("aten::")  # type: ignore[attr-defined]
    kernel, calls = getattr(torch, name), []

    def call(weights: list[torch.Tensor], *arguments: Any, **options: Any) -> None:
        calls.append(len(weights))
        kernel(weights, *arguments, **options)

    monkeypatch.setattr(torch, name, call)
    return calls


@pytest.mark.parametrize("key", FUSED)
def test_rows_of_equal_numbers_are_updated_in_one_call_as_they_are_alone(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patched:
        calls = counted(patched, key)
        pairs = together([points(optimizer=key, seed=seed) for seed in range(4)], tmp_path, NUM_STEPS)
    assert calls == [4] * NUM_STEPS
    for pair in pairs:
        assert alike(pair, together([pair[0].experiment], tmp_path, NUM_STEPS)[0])


def test_rows_with_rates_or_numbers_of_their_own_are_updated_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    adams = [{"lr": 0.01}, {"lr": 0.02}, {"lr": 0.01, "beta1": 0.8}, {"lr": 0.01, "beta1": 0.8}]
    with monkeypatch.context() as patched:
        calls = counted(patched, "adam")
        pairs = together(
            [points(optimizer={"key": "adam", **adam}, seed=seed) for seed, adam in enumerate(adams)],
            tmp_path,
            NUM_STEPS,
        )
    assert calls == [1, 1, 2] * NUM_STEPS
    for pair in pairs:
        assert alike(pair, together([pair[0].experiment], tmp_path, NUM_STEPS)[0])


def test_from_the_update_on_that_marks_a_row_each_is_updated_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patched:
        calls = counted(patched, "adam")
        stack, pairs = stack_of([points(optimizer="adam", seed=seed) for seed in range(3)], tmp_path)
        for step in range(NUM_STEPS):
            if step == 3:
                spoil(pairs[1][0])
            stack.step()
    assert calls == [3] * 3 + [1] * 3 * (NUM_STEPS - 3)
    for place, (run, diary) in enumerate(pairs):
        run.flush()
        alone, heard = stackable(run.experiment, tmp_path)
        for _ in range(3 if place == 1 else NUM_STEPS):
            alone.step()
        alone.flush()
        assert run.step_count == alone.step_count
        if place == 1:
            assert weights_sha256(run.parts.model) == weights_sha256(alone.parts.model)
        else:
            assert alike((run, diary), (alone, heard))


def test_what_goes_wrong_with_a_row_that_is_updated_by_itself_ends_that_run_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    experiments = [points(optimizer={"key": "adam", "lr": 0.01 * (1 + seed)}, seed=seed) for seed in range(3)]
    stack, pairs = stack_of(experiments, tmp_path)
    bad, adam = pairs[1][0], torch._fused_adam_

    def call(weights: list[torch.Tensor], *arguments: Any, **options: Any) -> None:
        if weights[0].data_ptr() == bad.parts.loop.parameters[0].data_ptr():
            raise ValueError("no root")
        adam(weights, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(torch, "_fused_adam_", call)
        failed = gone_on(stack, NUM_STEPS)
    assert {run: (step, str(error)) for run, (step, error) in failed.items()} == {bad: (1, "no root")}
    for run, diary in (pairs[0], pairs[2]):
        run.flush()
        assert alike((run, diary), together([run.experiment], tmp_path, NUM_STEPS)[0])
