"""How often the narrator is right: what it says at the end of runs of which is known what is true.

The runs, their series and their labels are stored; `bench.narrator` trained and labelled them. Half of them were not
looked at while the rules were chosen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.text import Text
from core.training.epochs import epoch_text
from core.training.narrator import RULES, Narrator, Saying
from core.training.trend import Trend

if TYPE_CHECKING:
    from core.training.evaluation import Evaluation

FILE = Path(__file__).parents[2] / "assets" / "narrator" / "runs.json"
HALVES = ("looked at", "not looked at")
"""The runs with which the rules were chosen, and those that were not looked at before."""


@dataclass(frozen=True)
class Counts:
    """Of a kind of saying: in how many runs it was said, was true, and both."""

    said: int
    true: int
    right: int

    @property
    def precision(self) -> float:
        """The share of what was said that was right."""
        return self.right / self.said if self.said else float("nan")

    @property
    def recall(self) -> float:
        """The share of what was true that was said."""
        return self.right / self.true if self.true else float("nan")


def stored_runs() -> list[dict[str, Any]]:
    """The runs as they were written down."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def evaluations_of(run: dict[str, Any]) -> list[Evaluation]:
    """The evaluations of a run: of its first weights, and after each epoch."""
    return [_evaluation(run, epoch) for epoch in range(len(run["loss"]))]


def said_of(run: dict[str, Any]) -> set[str]:
    """What the narrator says of a run when it ends."""
    narrator = Narrator().follow(Trend(run["task"], None, evaluations_of(run)))
    if run["ended"] is None:
        narrator.diverged(len(run["loss"]))
    return {saying.kind for saying in narrator.at()}


def counts(runs: Sequence[dict[str, Any]]) -> dict[str, Counts]:
    """How often each kind was said, was true, and both."""
    found = [(said_of(run), set(run["labels"])) for run in runs]
    return {
        kind: Counts(
            sum(kind in said for said, _ in found),
            sum(kind in true for _, true in found),
            sum(kind in said & true for said, true in found),
        )
        for kind in RULES
    }


@cache
def record() -> dict[str, Counts]:
    """The counts in the half that was not looked at while the rules were chosen."""
    return counts([run for run in stored_runs() if run["half"] == HALVES[1]])


def record_text(kind: str) -> Text:
    """How often a kind of saying was right, in words."""
    found = record()[kind]
    return Text(
        "On runs that played no part in choosing it, this rule was right in {right} of the {said} cases in which it "
        "spoke, and found {right} of the {true} that there were.",
        right=found.right,
        said=found.said,
        true=found.true,
    )


def told(sayings: Sequence[Saying]) -> tuple[dict[str, Text], ...]:
    """What the live page shows of sayings: what was said when, with which numbers, by which rule."""
    return tuple(
        {
            "line": Text("{name}, said at epoch {epoch}", name=RULES[saying.kind].name, epoch=epoch_text(saying.epoch)),
            "text": saying.text,
            "rule": RULES[saying.kind].text,
            "record": record_text(saying.kind),
        }
        for saying in sayings
    )


def _evaluation(run: dict[str, Any], epoch: int) -> Evaluation:
    # It comes with torch, which nobody needs to read a run.
    from core.training.evaluation import Evaluation, Score

    scores = []
    for split in (0, 1):
        num, loss = run["num"][split], (run["loss"][epoch], nan)[split]
        if "wrong" in run:
            wrong = run["wrong"][epoch][split]
            scores.append(Score(loss, wrong / num, num, wrong))
        else:
            scores.append(Score(loss, run["error"][epoch][split], num, None))
    return Evaluation(epoch, epoch, *scores, train_s=0.0, evaluation_s=0.0, samples_per_s=0.0)
