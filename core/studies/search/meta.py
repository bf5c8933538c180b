"""What is told of a search: to viewers on its channel of the hub, and as JSON by the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.store.records import RunRecord
from core.studies.seals import seal_of
from core.studies.search.asked import Search
from core.studies.search.choice import Choice, choose
from core.studies.search.outcome import fold_of
from core.studies.search.trials import Trial
from core.studies.setting_words import changes_words, setting_title, value_words
from core.studies.vary import written
from core.text import Text


def search_meta(
    search: Search,
    trials: Sequence[Trial],
    runs: Mapping[int, Sequence[RunRecord]],
    importances: Mapping[str, float],
) -> dict[str, Any]:
    """What varies, every trial with its runs and what came of it, the best, the choice, what matters."""
    choice = choice_of(search, trials, runs)
    return {
        "task": search.base.dataset.task,
        "num_trials": search.num_trials,
        "folds": search.folds,
        "spaces": [
            {
                "path": space.path,
                "title": setting_title(space.path),
                "scale": space.scale,
                "names": [value_words(space.path, "" if value is None else written(value)) for value in space.values],
            }
            for space in search.spaces
        ],
        "trials": [
            {
                "number": trial.number,
                "state": trial.state,
                "words": changes_words(trial.changes),
                "values": [_name(search, path, value) for path, value in trial.changes.items()],
                "error": trial.error,
                "standard_error": trial.standard_error,
                "why": trial.why,
                "runs": [run.id for run in runs.get(trial.number, ())],
            }
            for trial in trials
        ],
        "best": choice.best.number if choice else None,
        "within": choice.within.number if choice and choice.within else None,
        "limit": choice.limit if choice else None,
        "why": choice.why if choice else None,
        "warning": warning_of(runs),
        "importances": dict(importances),
    }


def search_report(
    search: Search, trials: Sequence[Trial], runs: Mapping[int, Sequence[RunRecord]], importances: Mapping[str, float]
) -> dict[str, Any]:
    """The fields that the command line writes. Errors are fractions."""
    choice = choice_of(search, trials, runs)
    best, within = (choice.best, choice.within) if choice else (None, None)
    notes = [choice.why if choice is not None and within is None else None, warning_of(runs)]
    return {
        "best": _settled(best),
        "one_standard_error": {
            **_settled(within),
            "limit": choice.limit if choice else None,
            "why": str(choice.why),
        }
        if choice is not None and within is not None
        else None,
        "trials": [
            {
                "number": trial.number,
                "settings": dict(trial.changes),
                "state": trial.state,
                "why": str(trial.why) if trial.why else None,
                "validation_error": trial.error,
                "standard_error": trial.standard_error,
                "test_seal": seal_of(*runs.get(trial.number, ())),
                "runs": [run.id for run in runs.get(trial.number, ())],
            }
            for trial in trials
        ],
        "importances": dict(importances),
        "notes": [str(note) for note in notes if note is not None],
    }


def choice_of(search: Search, trials: Sequence[Trial], runs: Mapping[int, Sequence[RunRecord]]) -> Choice | None:
    """The choice among the trials, with what is known of their networks from their runs."""
    answers = {number: found[0].answer for number, found in runs.items()}
    sizes = {number: size for number, answer in answers.items() if (size := answer.get("num_parameters")) is not None}
    nums = [num for answer in answers.values() if (num := answer.get("num_validation")) is not None]
    return choose(search, trials, sizes, nums[0] if nums else None)


def warning_of(runs: Mapping[int, Sequence[RunRecord]]) -> Text | None:
    """That the errors of trials are not those of the same samples, where something that varies decides about these."""
    measured = {
        (fold_of(run), (run.facts.split_hashes or {}).get("validation")) for several in runs.values() for run in several
    }
    known = [fold for fold, samples in measured if samples is not None]
    if len(known) == len(set(known)):
        return None
    return Text(
        "The trials were measured on different validation samples: the lowest error may be that of the easiest ones."
    )


def _settled(trial: Trial | None) -> Any:
    if trial is None:
        return None
    return {
        "trial": trial.number,
        "settings": dict(trial.changes),
        "validation_error": trial.error,
        "standard_error": trial.standard_error,
    }


def _name(search: Search, path: str, value: Any) -> Any:
    """A value as a picture has it: a number, or the place among the values that were listed."""
    space = next(space for space in search.spaces if space.path == path)
    return value if space.scale is not None else list(space.values).index(value)
