"""The price of a search before Start, measured on some of its trials."""

from __future__ import annotations

import random
from functools import cached_property
from typing import Any

from core.errors import BadInput
from core.experiment import Experiment
from core.studies.comparison import Lane
from core.studies.previews import duration, with_queue
from core.studies.race_price import Price
from core.studies.search.asked import Search
from core.text import Text

MOST_SAMPLED = 64


class SearchSample:
    """Some trials of a search as what `core.studies.race_price` measures: each stands for `repeats` runs.

    They are drawn from the grid, for the trials themselves are not drawn yet. BadInput where none can be trained.
    """

    rates = "hand"

    def __init__(self, search: Search) -> None:
        self._search = search

    @cached_property
    def _sampled(self) -> list[list[Experiment]]:
        size = self._search.grid_size
        count = min(size, self._search.num_trials, MOST_SAMPLED)
        found, problem = [], None
        # Every so-many-th combination would have few values of the setting that varies fastest.
        for number in sorted(random.Random(0).sample(range(size), count)):
            try:
                found.append(self._search.experiments(self._combination(number)))
            except BadInput as error:
                problem = error
        if not found and problem is not None:
            raise problem
        return found

    def _combination(self, number: int) -> dict[str, Any]:
        """One combination of the grid by its number, the last setting varying fastest."""
        changes: dict[str, Any] = {}
        for space in reversed(self._search.spaces):
            number, place = divmod(number, len(space.values))
            changes[space.path] = space.values[place]
        return changes

    @property
    def repeats(self) -> float:
        """How many runs each of them stands for."""
        return self._search.num_trials * (self._search.folds or 1) / len(self._sampled)

    def varied(self) -> list[Experiment]:
        """The experiment of each, with the first fold."""
        return [experiments[0] for experiments in self._sampled]

    def experiments(self) -> list[Lane]:
        """All runs of them, fold by fold."""
        folds = range(len(self._sampled[0]))
        return [
            Lane(place, experiments[fold].seed, experiments[fold], fold)
            for fold in folds
            for place, experiments in enumerate(self._sampled)
        ]

    def fingerprint(self) -> str:
        """SHA-256 (hex) over what is searched."""
        return self._search.fingerprint()

    def words(self, price: Price, others: int) -> Text:
        """The price for a reader, while `others` runs are waiting or going on."""
        values = {"compute": duration(price.race_s), "runs": price.num_runs, "updates": price.updates}
        if self._search.pruning == "none":
            said = Text("{compute} of compute: {runs} runs, {updates} updates each", **values)
        else:
            said = Text("at most {compute} of compute: {runs} runs, {updates} updates each", **values)
        return with_queue(said, price.race_s, others)
