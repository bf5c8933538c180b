"""What a search is asked to do: an experiment, what of it is chosen, how, and how often. Read and checked; no torch."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.errors import BadInput, shown
from core.experiment import LABELS, MAX_LETTERS, Experiment
from core.studies.search.space import Space, space_of
from core.studies.setting_words import changes_words
from core.studies.variant import Variant
from core.studies.vary import Axis, product
from core.text import Text

Sampler = Literal["grid", "random", "tpe"]
Pruning = Literal["none", "median", "asha"]

SAMPLERS: dict[str, Text] = {
    "grid": Text("grid: every combination"),
    "random": Text("random: anywhere between the ends"),
    "tpe": Text("TPE: where the best so far lie"),
}
PRUNINGS: dict[str, Text] = {
    "none": Text("none: all to their ends"),
    "median": Text("median: worse than half at the same epoch"),
    "asha": Text("ASHA: only the best quarter goes on"),
}
DRAWN_FIRST = 10
"""So many trials of TPE are drawn at random, since there is nothing yet to learn from …"""
LEARNT_FROM = 8
"""… and so many are asked for at once where the next ones depend on what has come of these."""
USUAL_TRIALS = 32
MOST_TRIALS = 512
MOST_SPACES = 8
MOST_FOLDS = 20


class Search(BaseModel):
    """Looks for the settings with the lowest validation error, or with the lowest mean of it over `folds`.

    `vary` holds `PATH=SPEC`, or PATH alone for its usual range. `trials` None: the whole grid, else 32. A grid takes
    the values of the ranges, the other samplers any number between their ends. The seed of the base draws the trials.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Annotated[Experiment, BeforeValidator(Experiment.from_json)]
    vary: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_SPACES)]
    sampler: Sampler = "grid"
    trials: Annotated[int | None, Field(ge=1, le=MOST_TRIALS, strict=True)] = None
    pruning: Pruning = "none"
    folds: Annotated[int | None, Field(ge=2, le=MOST_FOLDS, strict=True)] = None
    name: Annotated[str, Field(max_length=MAX_LETTERS["name"])] = ""

    @model_validator(mode="after")
    def _checked(self) -> Self:
        object.__setattr__(self, "name", self.name or self.base.name)
        object.__setattr__(self, "base", self.base.replace(**dict.fromkeys(LABELS, "")))
        size = self.grid_size
        if self.sampler == "grid" and (size > MOST_TRIALS or (self.trials or 0) > size):
            raise BadInput(
                Text("The grid has {size} combinations.", size=size),
                Text("At most {most} are tried.", most=MOST_TRIALS)
                if size > MOST_TRIALS
                else Text("That is fewer than the {trials} trials.", trials=self.trials),
                Text("Give fewer values, or let the trials be drawn: sampler random or tpe.")
                if size > MOST_TRIALS
                else Text("Ask for fewer trials, or for more values."),
            )
        return self

    @cached_property
    def spaces(self) -> tuple[Space, ...]:
        """What may be chosen, setting by setting."""
        spaces = tuple(space_of(text, self.base) for text in self.vary)
        product([Axis(space.path, space.values[:1]) for space in spaces])  # refuses a path that is there twice
        return spaces

    @property
    def grid_size(self) -> int:
        """How many combinations the values of all settings have."""
        return math.prod(len(space.values) for space in self.spaces)

    @property
    def num_trials(self) -> int:
        """How many trials there are."""
        return self.trials or (self.grid_size if self.sampler == "grid" else USUAL_TRIALS)

    def experiments(self, changes: Mapping[str, Any]) -> list[Experiment]:
        """The experiment with these settings, once for each fold. BadInput when it cannot be trained."""
        from core.compatibility import check

        document, _ = Variant.from_json({"changes": dict(changes)}).applied_to(self.base.to_json())
        experiment = Experiment.from_json(document)
        folds = [{}] if self.folds is None else [{"num_folds": self.folds, "fold": 1 + i} for i in range(self.folds)]
        made = [experiment.replace(**fold) for fold in folds]
        check(made[0])
        return [once_an_epoch(each) for each in made]

    def check(self) -> None:
        """BadInput, naming it, for a value that cannot be trained whatever the other settings are."""
        firsts = {space.path: space.values[0] for space in self.spaces}
        own = self._problem({})
        for space in self.spaces:
            for value in space.values:
                error = self._problem({**firsts, space.path: value})
                if error is None:
                    continue
                if own is not None and own.text == error.text:
                    raise own  # What is not varied is the reason.
                what = Text("{setting}: {what}", setting=changes_words({space.path: value}), what=error.what)
                raise BadInput(what, error.why, error.fix)

    def _problem(self, changes: Mapping[str, Any]) -> BadInput | None:
        """Why the experiment with these settings cannot be trained."""
        try:
            self.experiments(changes)
        except BadInput as error:
            return error
        return None

    # -- reading and writing -------------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """A search from a JSON object; BadInput says what is wrong."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise BadInput(
                Text("A search is a JSON object, not {value}.", value=shown(value)),
                Text("Its fields are named: “base”, “vary” and others."),
                Text("Write an experiment as base and a list of what varies."),
            )
        try:
            return cls.model_validate(dict(value))
        except ValidationError as error:
            raise _bad_field(cls, error) from None

    def to_json(self) -> dict[str, Any]:
        """Every field as JSON values; `from_json` gives the same search."""
        return self.model_dump(mode="json") | {"base": self.base.to_json()}

    def fingerprint(self) -> str:
        """SHA-256 (hex) over what is searched, without its name."""
        content = self.to_json() | {"name": "", "base": self.base.canonical()}
        return hashlib.sha256(json.dumps(content, separators=(",", ":"), sort_keys=True).encode()).hexdigest()


def once_an_epoch(experiment: Experiment) -> Experiment:
    """The experiment measured at the end of each epoch, where nobody says how often.

    As often as a run that is watched a trial need not be measured, and to measure costs more than its updates do.
    """
    if experiment.evaluate_every is not None:
        return experiment
    from core.training.splits import split_sizes

    batches = math.ceil(split_sizes(experiment).num_train / experiment.batch_size)
    return experiment.replace(evaluate_every=batches)


def _bad_field(cls: type[BaseModel], error: ValidationError) -> BadInput:
    problem = error.errors()[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if name not in cls.model_fields:
        return BadInput(
            Text("A search has no field “{name}”.", name=name[:80]),
            Text("A setting without effect would be misleading."),
            Text("Its fields: {known}.", known=", ".join(cls.model_fields)),
        )
    if problem["type"] == "missing" or (name == "vary" and not problem["input"]):
        return BadInput(
            Text("Nothing is varied.") if name == "vary" else Text("A search needs the field “{name}”.", name=name),
            Text("A search chooses values for at least one setting of an experiment."),
            Text("Write for example --vary optimizer.lr=log(0.001,1)x4."),
        )
    fixes = {
        "vary": Text("Use at most {most} settings, each written as PATH=VALUES.", most=MOST_SPACES),
        "sampler": Text("Use one of {choices}.", choices=", ".join(SAMPLERS)),
        "pruning": Text("Use one of {choices}.", choices=", ".join(PRUNINGS)),
        "trials": Text("Use a whole number from 1 to {most}.", most=MOST_TRIALS),
        "folds": Text("Use a whole number from 2 to {most}.", most=MOST_FOLDS),
        "name": Text("Use at most {n} letters.", n=MAX_LETTERS["name"]),
    }
    return BadInput(
        Text("{name} is {value}.", name=name, value=shown(problem["input"])),
        Text("A search cannot be made of that."),
        fixes[name],
    )
