"""How far a run is, in words, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.text import Text
from core.training.epochs import epoch_text
from core.training.gan import Gan
from core.training.run import Run


def learning_words(gan: Gan) -> Text:
    """How far the generator is that a run waits for."""
    return Text(
        "The generator of the synthetic samples is being trained first: {percent:.0f} %, about {seconds:.0f} s left.",
        percent=100 * gan.progress,
        seconds=gan.seconds_left,
    )


class Waiting:
    """Tells viewers what runs wait for, a generator or a process of a cluster, and that they wait no more."""

    def __init__(self) -> None:
        self._has_waited = False

    def meta(self, runs: Iterable[Run], doing: Text | None = None) -> dict[str, Any]:
        """What is new on a channel: its `reason` while they wait, for a generator or as `doing` says; then None."""
        gan = next((run.parts.learning for run in runs if run.parts.learning is not None), None)
        reason = learning_words(gan) if gan is not None else doing
        if reason is None and not self._has_waited:
            return {}
        self._has_waited = reason is not None
        return {"reason": reason}


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
        "{percent:.0f} %: update {step:,} of {num:,}; at epoch {epoch} the training error is {train:.2%}, the "
        "validation error {validation:.2%}",
        percent=percent,
        step=run.step_count,
        num=run.total_steps,
        epoch=epoch_text(latest.epoch),
        train=latest.train.error,
        validation=latest.validation.error,
    )
