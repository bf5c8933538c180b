"""What is said before the start of parts that fit together and act otherwise than one might think."""

from __future__ import annotations

from typing import Any

import pytest

from core.compatibility import check
from core.experiment import Experiment


def notes(**parts: Any) -> list[str]:
    document = {"dataset": "digits", "train_size": 200, "batch_size": 200, "architecture": "mlp", **parts}
    return [str(note) for note in check(Experiment.from_json(document))]


LBFGS = {"optimizer": "lbfgs"}
DEEP = {"key": "mlp", "hidden_layers": 4, "residual": True}


@pytest.mark.parametrize(
    ("parts", "change"),
    [
        ({"batch_size": 100}, "other samples in the batch"),
        ({"augmentations": ["shift"]}, "samples augmented anew"),
        ({"regularizers": ["dropout"]}, "other units switched off by dropout"),
        ({"regularizers": ["stochastic_depth"], "architecture": DEEP}, "other branches left out by stochastic depth"),
    ],
)
def test_what_lbfgs_takes_for_curvature_is_said(parts: dict[str, Any], change: str) -> None:
    assert [note for note in notes(**LBFGS, **parts) if note.startswith("L-BFGS") and note.endswith(f"{change}.")]
    assert not [note for note in notes(**parts) if change in note]


def test_all_that_lbfgs_takes_for_curvature_is_said_in_one_sentence() -> None:
    (note,) = notes(**LBFGS, batch_size=100, augmentations=["shift"], regularizers=["dropout"])
    assert note.endswith(
        "comes from other samples in the batch, samples augmented anew, other units switched off by dropout."
    )


def test_lbfgs_with_one_and_the_same_loss_has_nothing_to_say() -> None:
    assert notes(**LBFGS) == []
    assert notes(**LBFGS, regularizers=[{"key": "dropout", "p": 0}]) == []


def test_whose_statistics_schedule_free_adamw_measures_with_is_said() -> None:
    normalized = {"key": "mlp", "normalization": "batch"}
    (note,) = notes(optimizer="schedule_free_adamw", architecture=normalized)
    assert note.startswith("schedule-free AdamW beside batch normalization")
    assert notes(optimizer="schedule_free_adamw") == []
    assert notes(optimizer="adamw", architecture=normalized) == []


@pytest.mark.parametrize("schedule", ["cosine", "plateau", {"key": "warm_up", "then": "cosine"}])
def test_schedule_free_adamw_is_said_to_need_no_falling_rate(schedule: Any) -> None:
    (note,) = notes(optimizer="schedule_free_adamw", schedule=schedule)
    assert note.startswith("schedule-free AdamW needs no falling learning rate")
    assert notes(optimizer="schedule_free_adamw", schedule="warm_up") == []
    assert notes(optimizer="adamw", schedule=schedule) == []
