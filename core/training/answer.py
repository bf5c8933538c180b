"""The answer of a run: the numbers that `train`, `resume` and `runs` write, describing the weights it ends with."""

from __future__ import annotations

from typing import Any

from core.training.run import Run
from core.training.weights import weights_sha256


def answer(run: Run) -> dict[str, Any]:
    """What is known of a run now. NaN and ±Inf stay: who writes JSON turns them into null and lists their names."""
    final = run.final
    parts = run.parts
    data = parts.data
    return {
        "num_parameters": parts.num_parameters,
        "num_train": data.num_train,
        "num_validation": data.num_validation,
        "num_test": data.num_test,
        "steps": run.step_count,
        "epochs": run.epoch,
        "seconds": run.train_s + run.evaluation_s,
        "samples_per_s": run.epoch * data.num_train / run.train_s if run.train_s else None,
        "train_loss": final.train.loss if final else None,
        "train_error": final.train.error if final else None,
        "validation_loss": final.validation.loss if final else None,
        "validation_error": final.validation.error if final else None,
        "gap": final.gap if final else None,
        "best_epoch": run.best.epoch if run.best else None,
        "weights_sha256": weights_sha256(parts.model),
        "device": run.conditions.device,
        "threads": run.conditions.threads,
        "precision": run.conditions.precision,
        "engine": run.conditions.engine,
    }
