"""How far a run is, in words, for a terminal."""

from __future__ import annotations

from core.text import Text
from core.training.gan import Gan
from core.training.run import Run


def learning_words(gan: Gan) -> Text:
    """How far the generator is that a run waits for."""
    return Text(
        "The generator of the synthetic samples is being trained first: {percent:.0f} %, about {seconds:.0f} s left.",
        percent=100 * gan.progress,
        seconds=gan.seconds_left,
    )


def how_far(run: Run, share: float) -> Text:
    """The updates done and the latest errors of a run of which `share` (0 to 1) is done."""
    if run.learns_next and run.parts.learning is not None:
        return learning_words(run.parts.learning)
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
