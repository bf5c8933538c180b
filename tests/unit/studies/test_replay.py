"""A stored run can be had as it was after any of its updates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import BadInput
from core.store.records import RunRecord
from core.studies.replay import recipe_of, state_at
from core.studies.workbench import Workbench
from core.training.run import Run
from tests.experiments import bits, everything, points


@pytest.fixture
def bench(data_folder: Path) -> Iterator[Workbench]:
    """A workbench without viewers."""
    with Workbench.open(data_folder, live=False) as opened:
        yield opened


def changed_run(bench: Workbench) -> RunRecord:
    """12 updates with another learning rate from the start, then 6 more."""
    run = bench.start(everything(), pace="max", paused=True)
    bench.command(run, "set", {"lr": 0.02})
    bench.command(run, "start")
    bench.wait(run, 100)
    bench.command(run, "extend", {"epochs": 2})
    return bench.wait(run, 100)


def test_every_update_of_a_run_with_a_recipe_is_replayed_to_its_bits(bench: Workbench, tmp_path: Path):
    record = changed_run(bench)
    original = Run(everything(), tmp_path, recipe=recipe_of(bench.store, record.id))
    for step in range(record.step + 1):
        run = bench.state_at(record.id, step)
        assert run.step_count == step
        assert bits(run) == bits(original.train(until=step)), f"update {step}"
    assert original.step_count == 18


def test_the_nearest_earlier_snapshot_that_is_whole_is_replayed(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    record = changed_run(bench)
    steps = sorted(entry.step for entry in bench.store.snapshots(record.id))
    last, before = steps[-1], steps[-2]
    path = next(path for path in bench.folder.snapshots(record.id).iterdir() if f"{last:010d}" in path.name)
    path.write_bytes(b"")
    begun: list[int] = []
    real = Run.load_state

    def noted(run: Run, tensors: dict, position: dict) -> None:
        real(run, tensors, position)
        begun.append(run.step_count)

    monkeypatch.setattr(Run, "load_state", noted)
    replayed = state_at(bench.store, bench.folder, record, last)
    original = Run(everything(), tmp_path, recipe=recipe_of(bench.store, record.id)).train()
    assert begun == [before]
    assert bits(replayed) == bits(original)


def test_an_update_that_the_run_has_not_done_is_bad_input(bench: Workbench):
    record = bench.wait(bench.start(points(), pace="max"), 60)
    for step in (-1, record.step + 1):
        with pytest.raises(BadInput, match="0 to 16"):
            bench.state_at(record.id, step)
