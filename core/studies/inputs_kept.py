"""Feature selection inside and outside the folds: what is asked, as a record and as a link; what runs; what is kept.

Nothing here imports torch before something is computed.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from core.catalog.registry import parse
from core.experiment import Experiment
from core.store.records import RunRecord
from core.store.store import Store
from core.studies.comparison import Comparison
from core.studies.error_words import PERCENT
from core.studies.gradients_asked import Asked
from core.studies.kfold import FoldMeans, means_of
from core.text import Text

FOLDS = 5
LADDER = (1, 2, 5, 10, 20, 50)
"""Of these numbers of inputs the largest four that leave some out are tried."""
INSIDE, OUTSIDE = "training", "all"
"""Where the inputs are chosen: on the training part of each fold, or before there are folds."""


class InputsAsked(Asked):
    """A table, how its inputs are chosen, and how many are kept where that is looked at closely."""

    data: Literal["pure_noise", "breast_cancer"] = "pure_noise"
    method: Literal["l1", "mutual_information", "variance"] = "l1"
    kept: Annotated[int, Field(ge=1, le=LADDER[-1])] = 20
    seed: Annotated[int, Field(ge=0, le=10_000)] = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all inputs."""
        return parse("datasets", self.data).facts().feature_names  # type: ignore[attr-defined]

    @property
    def guessing(self) -> float:
        """The error of whoever always names the commonest class, among the samples that are divided into folds."""
        facts = parse("datasets", self.data).facts()  # type: ignore[attr-defined]
        return facts.smallest_class / facts.num_train_pool

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of inputs that are tried."""
        return tuple(number for number in LADDER if number < len(self.names))[-4:]

    @property
    def closest(self) -> int:
        """The number of these that is looked at closely."""
        return min(self.numbers, key=lambda number: abs(number - self.kept))

    def comparison(self) -> Comparison:
        """Every number of inputs, chosen inside and outside the folds, each with every fold."""
        base = self.experiment(self.numbers[0], INSIDE, 1)
        changes = [
            {"dataset.selection.k": number, "dataset.selection.chosen_on": where}
            for number in self.numbers
            for where in (INSIDE, OUTSIDE)
        ]
        variants = [{"changes": each} for each in changes]
        return Comparison.from_json({"base": base, "variants": variants, "folds": FOLDS})

    def experiment(self, number: int, where: str, fold: int) -> Experiment:
        """One of its runs: logistic regression on the inputs that are kept."""
        selection = {"key": self.method, "k": number, "chosen_on": where}
        return Experiment.from_json(
            {
                "dataset": {"key": self.data, "selection": selection},
                "architecture": "logistic",
                "optimizer": {"key": "adam", "lr": 0.03},
                "batch_size": 16,
                "epochs": 20,
                "split_seed": self.seed,
                "num_folds": FOLDS,
                "fold": fold,
            }
        )


# -- which inputs ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class InputsKept:
    """For each fold whether an input is kept, and its score: (folds, F); and the same outside of the folds, (F,)."""

    inside: np.ndarray
    inside_scores: np.ndarray
    outside: np.ndarray
    outside_scores: np.ndarray


def inputs_kept(asked: InputsAsked, folder: Path) -> Generator[None, None, InputsKept]:
    """Choose; yields after every fold."""
    from core.training.resident import resident

    found: list[tuple[np.ndarray, np.ndarray]] = []
    for where, fold in [*((INSIDE, fold + 1) for fold in range(FOLDS)), (OUTSIDE, 1)]:
        selected = resident(asked.experiment(asked.closest, where, fold), folder, "cpu").selected
        assert selected is not None, "every number that is tried leaves some out"
        kept = np.zeros(len(selected.scores), bool)
        kept[selected.columns] = True
        found.append((kept, selected.scores))
        yield
    kept, scores = map(np.stack, zip(*found, strict=True))
    return InputsKept(kept[:-1], scores[:-1], kept[-1], scores[-1])


def kept_words(asked: InputsAsked, found: InputsKept) -> Text:
    """How alike the folds choose."""
    times = found.inside.sum(axis=0)
    return Text(
        "The {folds} folds choose {kept} inputs each, {different} different ones in all; {always} of them "
        "chosen by every fold.",
        folds=FOLDS,
        kept=asked.closest,
        different=int((times > 0).sum()),
        always=int((times == FOLDS).sum()),
    )


# -- what came out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ByNumber:
    """Means over the folds by the number of inputs, chosen inside and outside; those that are not known are absent."""

    inside: dict[int, FoldMeans]
    outside: dict[int, FoldMeans]

    @property
    def both(self) -> list[int]:
        """The numbers of which both are known."""
        return [number for number in self.inside if number in self.outside]


def by_number(store: Store, comparison: Comparison, runs: Sequence[RunRecord]) -> ByNumber:
    """What came out of the runs of an asked comparison so far."""
    found = ByNumber({}, {})
    for variant, means in zip(comparison.variants, means_of(store, comparison, runs), strict=True):
        if math.isfinite(means.mean_validation_error):
            changes: Any = variant.changes
            part = found.inside if changes["dataset.selection.chosen_on"] == INSIDE else found.outside
            part[changes["dataset.selection.k"]] = means
    return found


def leak_words(asked: InputsAsked, found: ByNumber) -> Text:
    """What choosing outside of the folds has done to the error, with its numbers, where both are known."""
    number = asked.closest
    inside, outside = found.inside[number], found.outside[number]
    leak = inside.mean_validation_error - outside.mean_validation_error
    spread = math.hypot(inside.standard_error, outside.standard_error)
    values = {
        "kept": number,
        "all": len(asked.names),
        "guessing": PERCENT.one(asked.guessing),
        "inside": PERCENT.one(inside.mean_validation_error),
        "outside": PERCENT.one(outside.mean_validation_error),
        "leak": PERCENT.digits(100 * abs(leak)),
        "spread": PERCENT.digits(100 * spread),
        "gap": PERCENT.digits(100 * (inside.mean_validation_error - inside.mean_train_error)),
        "less": PERCENT.digits(100 * (outside.mean_validation_error - outside.mean_train_error)),
    }
    said = Text(
        "{kept} of {all} inputs, chosen inside the folds: validation error {inside} (guessing: {guessing}), {gap} "
        "points above training error. Chosen outside: {outside}, {less} points above it.",
        **values,
    )
    if leak > 2 * spread:
        return Text(
            "{said} The {leak} points between them do not exist: the samples that validate were looked at when the "
            "inputs were chosen.",
            said=said,
            **values,
        )
    return Text(
        "{said} That they are {leak} points apart may be chance (± {spread}): here little can leak.",
        said=said,
        **values,
    )
