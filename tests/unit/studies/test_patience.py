"""What each patience would have chosen equals what early stopping does when it trains."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.studies.patience import endings, pretrained_until, suiting
from core.training.run import Run
from tests.experiments import points


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("monitor", ["error", "loss"])
def test_a_stored_run_tells_what_training_with_a_patience_would_have_done(monitor: str, seed: int, tmp_path: Path):
    plain = Run(points(epochs=40, seed=seed), tmp_path)
    plain.train()
    evaluations = plain.measuring.evaluations
    patiences = suiting(evaluations)
    for found in endings(evaluations, patiences, monitor=monitor):  # type: ignore[arg-type]
        stopping = [{"key": "early_stopping", "patience": found.patience, "monitor": monitor}]
        run = Run(points(epochs=40, seed=seed, regularizers=stopping), tmp_path)
        run.train()
        assert run.step_count == found.at.step
        assert run.best is not None
        assert run.best.step == found.best.step
        assert run.best.validation == found.best.validation
        assert found.stopped == (found.at.step < evaluations[-1].step)


def test_patiences_end_with_the_first_that_never_runs_out(tmp_path: Path):
    run = Run(points(epochs=10), tmp_path)
    run.train()
    patiences = suiting(run.measuring.evaluations)
    assert [one.stopped for one in endings(run.measuring.evaluations, patiences[-1:])] == [False]
    assert patiences[-1] <= 12


def test_patience_counts_from_the_end_of_pretraining(tmp_path: Path):
    pretraining = {"key": "pretraining", "share": 0.3}
    plain = Run(points(epochs=20, regularizers=[pretraining]), tmp_path)
    plain.train()
    since = pretrained_until(plain.experiment)
    patiences = suiting(plain.measuring.evaluations, since=since)
    found = endings(plain.measuring.evaluations, patiences, since=since)
    assert any(ending.stopped for ending in found)
    for ending in found:
        stopping = {"key": "early_stopping", "patience": ending.patience}
        run = Run(points(epochs=20, regularizers=[pretraining, stopping]), tmp_path)
        run.train()
        assert run.step_count == ending.at.step
        assert run.best is not None
        assert run.best.step == ending.best.step
