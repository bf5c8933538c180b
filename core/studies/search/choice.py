"""Choice: the best trial, and the simplest one that is as good within one standard error."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.studies.search.asked import Search
from core.studies.search.space import settings_of
from core.studies.search.trials import Trial
from core.text import Text


@dataclass(frozen=True)
class Choice:
    """`within` is the simplest trial with an error of at most `limit`: that of the best and its ±. `why` says which ±.

    `within` None: nothing that varies makes the network simpler, or the ± is not known.
    """

    best: Trial
    within: Trial | None
    limit: float | None
    why: Text


def choose(
    search: Search, trials: Sequence[Trial], sizes: Mapping[int, int], num_validation: int | None
) -> Choice | None:
    """The choice among the trials that are complete; None while there are none. `sizes`: parameters by trial.

    Simpler is first the smaller network; then, setting by setting as they are varied, the end that the catalogue calls
    the simpler one: the larger penalty, the larger dropout.
    """
    complete = [trial for trial in trials if trial.error is not None and trial.state == "complete"]
    if not complete:
        return None
    best = min(complete, key=_error)
    if best.standard_error is None:
        return Choice(best, None, None, Text("How exact the lowest error is, is not known."))
    ends = {setting.path: setting.parameter.usual for setting in settings_of(search.base)}
    signs = {
        space.path: -1 if usual.simpler == "high" else 1
        for space in search.spaces
        if space.is_number and (usual := ends.get(space.path)) is not None and usual.simpler is not None
    }
    if not signs and len({sizes.get(trial.number) for trial in complete}) == 1:
        return Choice(
            best, None, None, Text("Nothing that varies makes the network simpler: the lowest error decides.")
        )
    limit = best.error + best.standard_error if best.error is not None else math.inf

    def complexity(trial: Trial) -> tuple[float, ...]:
        return (
            sizes.get(trial.number, math.inf),
            *(sign * trial.changes[path] for path, sign in signs.items()),
            _error(trial),
        )

    within = min((trial for trial in complete if _error(trial) <= limit), key=complexity)
    return Choice(best, within, limit, _plus_minus(search, num_validation))


def _plus_minus(search: Search, num_validation: int | None) -> Text:
    if search.folds is not None:
        return Text("The ± is the spread over {folds} folds by the root of their number.", folds=search.folds)
    return Text(
        "The ± is that of an error measured on {num} validation samples; only folds tell how much hangs on the split.",
        num=num_validation or 0,
    )


def _error(trial: Trial) -> float:
    return math.inf if trial.error is None else trial.error
