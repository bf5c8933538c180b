"""Fresh test sets: a teacher deals them, each is recorded as new for good, and no other one beside the first is used.

The number of a dealt test set is the field `test_seed` of an experiment, counted for each data set from 1. Everybody
who uses the data folder may use it, and nobody has looked at it yet. It is drawn from all samples, those of the first
test set and official ones too: what is known of them by then is known.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from core.catalog.datasets.dataset import DataSet
from core.errors import Refused
from core.experiment import Experiment
from core.people import keeps_order, visibility_of_new
from core.store.records import Visibility
from core.store.store import Store
from core.studies.access import to_act
from core.text import Text

_dealing = threading.Lock()
"""Held while one is dealt: of two teachers at the same moment each gets a number of their own."""


@dataclass(frozen=True)
class Deal:
    """A test set that somebody has dealt: for whom, and when."""

    dataset: str
    number: int
    owner: str
    audience: Visibility
    utc: datetime

    def to_json(self) -> dict[str, Any]:
        """What is told of it."""
        return {
            "dataset": self.dataset,
            "test_seed": self.number,
            "by": self.owner,
            "for": self.audience,
            "utc": self.utc.isoformat(timespec="seconds"),
        }


def deals(store: Store, dataset: str) -> tuple[Deal, ...]:
    """The test sets of a data set (its key) that were dealt, first one first; who may not deal has dealt none."""
    beginning = f"deal/{dataset}/"
    found: dict[int, Deal] = {}
    for given in store.answers_about(beginning):
        name = given.about.removeprefix(beginning)
        if given.kind == "deal" and name.isdecimal() and keeps_order(given.owner):
            number = int(name)
            found.setdefault(number, Deal(dataset, number, given.owner, given.value["for"], given.utc))
    return tuple(found[number] for number in sorted(found))


def deal(store: Store, dataset: str, *, actor: str) -> Deal:
    """Deal the next test set of a data set (its key). Refused."""
    to_deal(actor)
    with _dealing:
        number = max((known.number for known in deals(store, dataset)), default=0) + 1
        store.answer(f"deal/{dataset}/{number}", "deal", {"for": visibility_of_new(actor)}, actor=actor)
        return deals(store, dataset)[-1]


def to_deal(actor: str) -> None:
    """Refused to who is neither a teacher nor sits at the computer."""
    if not keeps_order(to_act(actor)):
        raise Refused(
            Text("Only a teacher deals a fresh test set, or shows how a second look is refused."),
            Text("Whoever could deal test sets could look as often as they like."),
            Text("Ask your teacher."),
        )


def check_dealt(store: Store, experiment: Experiment) -> None:
    """Refused for an experiment whose test set is neither the first nor dealt."""
    number, dataset = experiment.test_seed, cast(DataSet, experiment.dataset)
    if not number:
        return
    numbers = [known.number for known in deals(store, dataset.key)]
    if number not in numbers:
        raise Refused(
            Text("There is no test set {number} of {data}.", number=number, data=Text(dataset.title)),
            Text("A fresh one is used once a teacher, or who sits at the computer, has dealt it."),
            Text("Use test set 0, the first one.")
            if not numbers
            else Text("Use test set 0, the first one, or one that was dealt, up to {last}.", last=numbers[-1]),
        )
