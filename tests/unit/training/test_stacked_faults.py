"""What goes wrong within an update of a stack ends the run at fault and no other; their bits stay what they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from core.catalog.optimizers.adaptive import RmsProp
from core.experiment import Experiment
from core.training.memory import OutOfMemory
from core.training.run import Run
from core.training.stacked import Faults, Stack
from core.training.stacking.block import Block
from tests.experiments import EVERYTHING, Diary, bits, points
from tests.unit.training.test_stacked import alike, mlp, rows, spoil, stackable, together

pytestmark = pytest.mark.usefixtures("earlier_tests_left_alone")

NUM_STEPS = 7
BAD_STEP = 4
"""The update that goes wrong, counted from 1."""


def raising(error: Exception, after: int = 0, do: Callable[..., Any] = lambda *_, **__: None) -> Callable[..., Any]:
    """Something that works so many times, and then does not."""
    calls = 0

    def call(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise error
        return do(*arguments, **options)

    return call


def stack_of(experiments: Sequence[Experiment], folder: Path) -> tuple[Stack, list[tuple[Run, Diary]]]:
    pairs = [stackable(experiment, folder) for experiment in experiments]
    return Stack([run for run, _ in pairs]), pairs


def gone_on(stack: Stack, num_steps: int = NUM_STEPS) -> dict[Run, tuple[int, Exception]]:
    """Advance runs, those no more that failed; the update that failed, and why."""
    failed: dict[Run, tuple[int, Exception]] = {}
    for step in range(1, num_steps + 1):
        try:
            stack.step([run for run in stack.runs if run not in failed])
        except Faults as faults:
            failed |= {run: (step, error) for run, error in faults.errors.items()}
    return failed


def assert_others_as_alone(pairs: Sequence[tuple[Run, Diary]], bad: Run | None, folder: Path) -> None:
    for run, diary in pairs:
        if run is not bad:
            assert run.step_count == NUM_STEPS
            run.flush()
            assert alike((run, diary), together([run.experiment], folder, NUM_STEPS)[0])


@pytest.mark.parametrize("what", ["fused", "frozen", "vectors"])
def test_an_optimizer_that_raises_ends_its_own_run(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    experiments = [item for item in rows(mlp()) if item.optimizer.key not in ("adam", "rmsprop")]  # type: ignore[attr-defined]
    key = "rmsprop" if what == "vectors" else "adam"
    frozen = ["hidden.1"] if what == "frozen" else []
    experiments.insert(2, experiments[0].replace(optimizer=key, frozen=frozen))
    stack, pairs = stack_of(experiments, tmp_path)
    bad, diary = pairs[2]
    owner, name = (RmsProp, "update_rows") if what == "vectors" else (torch, "_fused_adam_")
    with monkeypatch.context() as patched:
        works = getattr(bad.experiment.optimizer, name) if what == "vectors" else torch._fused_adam_
        # Torch's own step does the first update of a row with frozen layers.
        call = raising(ValueError("no root"), BAD_STEP - 1, works)
        patched.setattr(owner, name, staticmethod(call) if what == "vectors" else call)
        failed = gone_on(stack)
    assert {run: (step, str(error)) for run, (step, error) in failed.items()} == {bad: (BAD_STEP, "no root")}
    bad.flush()
    assert diary.steps == list(range(1, BAD_STEP)), "the update that went wrong is not told"
    assert_others_as_alone(pairs, bad, tmp_path)


@pytest.mark.parametrize("error", [ValueError("no shape"), torch.OutOfMemoryError("no memory")], ids=["bug", "memory"])
def test_a_network_that_raises_ends_its_own_run_which_has_not_changed(error: Exception, tmp_path: Path):
    stack, pairs = stack_of(rows(EVERYTHING)[:4], tmp_path)
    bad, _ = pairs[1]
    for _ in range(BAD_STEP - 1):
        stack.step()
    before = bits(bad)
    # Behind the normalization, whose statistics have changed by then.
    bad.parts.model.get_submodule("conv.1.activation").register_forward_hook(raising(error))
    failed = gone_on(stack, NUM_STEPS - BAD_STEP + 1)
    assert list(failed) == [bad]
    step, found = failed[bad]
    assert step == 1
    if isinstance(error, torch.OutOfMemoryError):
        assert isinstance(found, OutOfMemory)
        assert "16 samples" in str(found) or "8 samples" in str(found)
    else:
        assert found is error
    assert bits(bad) == before
    assert_others_as_alone(pairs, bad, tmp_path)


def test_a_diverged_row_keeps_its_statistics_where_the_rest_is_put_together_anew(tmp_path: Path):
    """The row is marked, and nobody has looked yet: what the guard has kept of it must go on with it."""
    stack, pairs = stack_of(rows(EVERYTHING)[:3], tmp_path)
    run, _ = pairs[0]
    stack.step()
    before = bits(run)
    spoil(run)
    for staying in (stack.runs, stack.runs, stack.runs[:2], stack.runs[:1]):
        stack.step(staying)
    run.flush()
    assert run.step_count == 1
    assert bits(run) == before


def test_rows_that_fit_only_one_by_one_go_on_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stack, pairs = stack_of(rows(EVERYTHING), tmp_path)
    backward = Block._backward
    sizes: list[int] = []

    def in_little_memory(self: Block) -> None:
        sizes.append(len(self.runs))
        backward(self)
        if len(self.runs) > 1 and len(sizes) > BAD_STEP:
            raise torch.OutOfMemoryError("no memory")

    monkeypatch.setattr(Block, "_backward", in_little_memory)
    assert gone_on(stack) == {}
    count = len(pairs)
    alone = [1] * count * (NUM_STEPS - BAD_STEP)
    assert sizes == [count] * (BAD_STEP + 1) + alone, "what did not fit is not tried again"
    monkeypatch.setattr(Block, "_backward", backward)
    assert_others_as_alone(pairs, None, tmp_path)


def test_memory_that_does_not_suffice_for_one_is_said_with_a_batch_size_that_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stack, pairs = stack_of([points(seed=seed) for seed in (0, 1)], tmp_path)
    stack.step()
    before = [bits(run) for run, _ in pairs]
    with monkeypatch.context() as patched:
        patched.setattr(Block, "differentiate", raising(RuntimeError("DefaultCPUAllocator: not enough memory")))
        with pytest.raises(Faults) as found:
            stack.step()
        assert list(found.value.errors) == stack.runs
        for error in found.value.errors.values():
            assert isinstance(error, OutOfMemory)
            assert "16 samples" in str(error)
        with pytest.raises(OutOfMemory, match="16 samples"):
            stack.runs[0].step()
    assert [bits(run) for run, _ in pairs] == before
    stack.step()
    assert [run.step_count for run in stack.runs] == [2, 2]


@pytest.mark.parametrize("what", ["batch", "listener"])
def test_a_batch_that_cannot_be_had_and_news_that_cannot_be_told_end_the_run_whose_they_are(what: str, tmp_path: Path):
    stack, pairs = stack_of(rows(mlp(), epochs=1000)[:4], tmp_path)
    (bad, diary) = pairs[2]
    if what == "batch":
        bad.parts.loop.batch_of = raising(OSError("no disk"), BAD_STEP - 1, bad.parts.feed.batch)
        assert_step = BAD_STEP
    else:
        diary.on_block = raising(OSError("no disk"))  # type: ignore[method-assign]
        assert_step = 64
    failed = gone_on(stack, 70)
    assert {run: (step, str(error)) for run, (step, error) in failed.items()} == {bad: (assert_step, "no disk")}
    assert [run.step_count for run, _ in pairs if run is not bad] == [70] * 3


def test_a_run_by_itself_raises_its_own_error(tmp_path: Path):
    run, _ = stackable(points(), tmp_path)
    run.parts.loop.batch_of = raising(OSError("no disk"), 1, run.parts.feed.batch)
    run.step()
    with pytest.raises(OSError, match="no disk"):
        run.step()
    assert run.step_count == 1
