"""How far a run is, in words, for a terminal."""

from __future__ import annotations

from core.text import Text
from core.training.run import Run


def how_far(run: Run, share: float) -> Text:
    """The updates done and the latest errors of a run of which `share` (0 to 1) is done."""
    percent = 100 * share
    if not run.evaluations:
        return Text(
            "{percent:.0f} %: update {step:,} of {num:,}",
            percent=percent,
            step=run.step_count,
            num=run.total_steps,
        )
    latest = run.evaluations[-1]
    return Text(
        "{percent:.0f} %: update {step:,} of {num:,}; at epoch {epoch:.3g} the training error is {train:.2%}, the "
        "validation error {validation:.2%}",
        percent=percent,
        step=run.step_count,
        num=run.total_steps,
        epoch=latest.epoch,
        train=latest.train.error,
        validation=latest.validation.error,
    )
