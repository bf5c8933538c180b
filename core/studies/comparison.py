"""Comparison: one experiment and the variants of it that compete, validated; JSON, URL, the experiments to run."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.errors import BadInput, shown
from core.experiment import LABELS, MAX_LETTERS, Experiment
from core.exports.tables import flat_settings
from core.set_path import set_path
from core.studies.variant import Variant, named_apart
from core.studies.vary import parse_axis, product
from core.text import Text, is_showable

LEAST_VARIANTS, MOST_VARIANTS = 2, 8
MOST_SEEDS = 20
MOST_IN_A_SWEEP = 40
"""Variants that differ in one number alone are shades of one colour, of which more can be told apart."""
MOST_LANES = 40
"""Variants times seeds: so many runs go on in one race."""
MOST_FOLDED_LANES = 100
"""The same where every variant is run with every fold: only their mean is looked at."""

Rates = Literal["own", "same", "hand"]
"""Where the learning rates come from: each its own best of nine, the base's for all, as each variant says."""


class Lane(NamedTuple):
    """One run of a comparison: the place of its variant, its seed, what it trains, and which of the paired seeds it is.

    Runs of one `number` race each other; it counts from 0. Where there are folds, it counts these in place of seeds.
    """

    variant: int
    seed: int
    experiment: Experiment
    number: int = 0


class Comparison(BaseModel):
    """Variants of `base`, each run with `seeds` paired seeds: the k-th run of every variant has the seed base.seed + k.

    With `folds` each is run with every one of so many folds of the samples instead, with the base's seed; then there
    may be one variant alone. Raises BadInput for fewer than 2 or more than 8 variants (40 where they differ in one
    number alone), more than 40 runs (100 with folds), and variants that are the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Annotated[Experiment, BeforeValidator(Experiment.from_json)]
    variants: tuple[Variant, ...]
    rates: Rates = "hand"
    seeds: Annotated[int, Field(ge=1, le=MOST_SEEDS, strict=True)] = 1
    folds: Annotated[int | None, Field(ge=2, le=MOST_FOLDED_LANES, strict=True)] = None
    name: Annotated[str, Field(max_length=MAX_LETTERS["name"])] = ""
    notes: Annotated[str, Field(max_length=MAX_LETTERS["notes"])] = ""

    @model_validator(mode="after")
    def _checked(self) -> Self:
        labels = {label: getattr(self, label) or getattr(self.base, label) for label in LABELS}
        labels = {
            label: "".join(letter for letter in value if is_showable(letter) or (label == "notes" and letter == "\n"))
            for label, value in labels.items()
        }
        # What an experiment is called says nothing about the comparison's runs, which have names of their own.
        base = self.base.replace(**dict.fromkeys(LABELS, ""), **self._fold(1))
        for name, value in {**labels, "base": base, "variants": named_apart(self.variants)}.items():
            object.__setattr__(self, name, value)
        self._check_size()
        self._check_folds()
        self._check_sealed()
        self._check_distinct()
        return self

    def _check_size(self) -> None:
        count = len(self.variants)
        least = LEAST_VARIANTS if self.folds is None else 1
        if not least <= count <= MOST_IN_A_SWEEP or (count > MOST_VARIANTS and self.number() is None):
            raise _no_comparison_of(count)
        most, runs = MOST_LANES if self.folds is None else MOST_FOLDED_LANES, count * self.repeats
        if runs > most:
            raise BadInput(
                Text("{count} variants with {seeds} seeds are {runs} runs.", count=count, seeds=self.seeds, runs=runs)
                if self.folds is None
                else Text(
                    "{count} variants with {folds} folds are {runs} runs.", count=count, folds=self.folds, runs=runs
                ),
                Text("At most {most} runs go on in one race.", most=most),
                Text("Use at most {most} seeds, or fewer variants.", most=most // count)
                if self.folds is None
                else Text("Use at most {most} folds, or fewer variants.", most=most // count),
            )

    def _check_folds(self) -> None:
        if self.folds is None:
            return
        if self.seeds > 1:
            raise BadInput(
                Text("{folds} folds and {seeds} seeds cannot be had at once.", folds=self.folds, seeds=self.seeds),
                Text("Every run of a variant has another fold, and all have one seed."),
                Text("Use one seed."),
            )
        if any(path in self._fold(1) for variant in self.variants for path in variant.changes):
            raise BadInput(
                Text("A variant cannot change its folds."),
                Text("Every variant is run with every fold."),
                Text("Leave “num_folds” and “fold” out of the variants."),
            )

    def _check_sealed(self) -> None:
        if any(variant.changes.get("sealed", self.base.sealed) != self.base.sealed for variant in self.variants):
            raise BadInput(
                Text("A run with a sealed fault is not compared with a run without it."),
                Text("What both begin with and are fed stands side by side, and would tell which fault it is."),
                Text("Take the same seal for all variants, or none."),
            )

    def _check_distinct(self) -> None:
        seen: dict[str, Text] = {}
        free = self.rates != "hand"
        for variant, experiment in zip(self.variants, self.varied(), strict=True):
            # Rates that are searched or shared are no difference between two variants.
            mark = (with_rate(experiment, 1.0) if free else experiment).canonical()
            if mark in seen:
                raise BadInput(
                    Text("The variants “{one}” and “{other}” are the same.", one=seen[mark], other=variant.text),
                    Text("They differ in the learning rate alone, and that is not taken from the variants.")
                    if free
                    else Text("Two runs that are the same show nothing."),
                    Text("Choose the learning rates by hand.") if free else Text("Leave one of them out."),
                )
            seen[mark] = variant.text

    # -- what is run ---------------------------------------------------------------------------------------------

    @property
    def repeats(self) -> int:
        """How often every variant is run: with so many seeds, or folds."""
        return self.folds or self.seeds

    def _fold(self, number: int) -> dict[str, Any]:
        """What an experiment changes in to be run with one of the folds."""
        return {} if self.folds is None else {"num_folds": self.folds, "fold": number}

    def varied(self, rates: Mapping[int, float] | None = None) -> list[Experiment]:
        """The experiment of each variant, with the base's seed. `rates`: found learning rates by place of variant."""
        found = rates or {}
        return [
            with_rate(experiment, found[place]) if place in found else experiment
            for place, experiment in enumerate(self._varied)
        ]

    @cached_property
    def _varied(self) -> list[Experiment]:
        document = self.base.to_json()
        made = [Experiment.from_json(variant.applied_to(document)[0]) for variant in self.variants]
        return [with_rate(each, base_rate(self.base)) for each in made] if self.rates == "same" else made

    def experiments(self, rates: Mapping[int, float] | None = None) -> list[Lane]:
        """Every run: seed by seed, and of one seed every variant, so that those that race each other stand together."""
        return self._lanes_of(self.varied(rates)) if rates else list(self._lanes)

    @cached_property
    def _lanes(self) -> list[Lane]:
        return self._lanes_of(self._varied)

    def _lanes_of(self, varied: Sequence[Experiment]) -> list[Lane]:
        return [
            Lane(place, lane.seed, lane, number)
            for number in range(self.repeats)
            for place, experiment in enumerate(varied)
            for lane in [self._repeated(experiment, number)]
        ]

    def _repeated(self, experiment: Experiment, number: int) -> Experiment:
        """An experiment as it is run the (number + 1)-th time: with the next seed, or the next fold."""
        if self.folds is None:
            return experiment.replace(seed=experiment.seed + number)
        # There is such a fold, and to look at every field again takes sixty times as long.
        return experiment.model_copy(update={"fold": number + 1})

    def lane_name(self, lane: Lane) -> str:
        """What a run of the comparison is called: its variant, and its seed or fold where there are several."""
        name = self.variants[lane.variant].name
        if self.folds is not None:
            return f"{name} {lane.number + 1}/{self.folds}"
        return f"{name} #{lane.seed}" if self.seeds > 1 else name

    def check(self) -> list[Text]:
        """Notes about what the changes did and about settings without effect; BadInput when a variant cannot train."""
        from core.compatibility import check

        document = self.base.to_json()
        notes: list[Text] = []
        for variant, experiment in zip(self.variants, self.varied(), strict=True):
            try:
                found = [*variant.applied_to(document)[1], *check(experiment)]
            except BadInput as error:
                what = Text("{variant}: {what}", variant=variant.text, what=error.what)
                raise BadInput(what, error.why, error.fix) from None
            notes += [Text("{variant}: {note}", variant=variant.text, note=note) for note in found]
        return notes

    # -- what differs --------------------------------------------------------------------------------------------

    def differing_settings(self) -> dict[str, list[str]]:
        """The settings in which the variants differ, a value for each variant; "" where it has no such setting."""
        columns = _columns([flat_settings(experiment) for experiment in self.varied()])
        return {name: column for name, column in columns.items() if len(set(column)) > 1}

    def matched_settings(self) -> dict[str, str]:
        """The settings that all variants share."""
        columns = _columns([flat_settings(experiment) for experiment in self.varied()])
        return {name: column[0] for name, column in columns.items() if len(set(column)) == 1}

    def number(self) -> tuple[str, list[float]] | None:
        """The one setting in which the variants differ and its values, where that is a number: then it is a sweep."""
        differing = self.differing_settings()
        if len(differing) != 1:
            return None
        [(path, values)] = differing.items()
        try:
            return path, [float(value) for value in values]
        except ValueError:
            return None

    # -- reading and writing -------------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """A comparison from a JSON object; BadInput says what is wrong. Without `rates`: as `usual_rates` says."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise BadInput(
                Text("A comparison is a JSON object, not {value}.", value=shown(value)),
                Text("Its fields are named: “base”, “variants” and others."),
                Text("Write an experiment as base and a list of variants."),
            )
        document = {"base": {}, **value}
        try:
            variants = tuple(Variant.from_json(item) for item in _list_of(document.get("variants", [])))
            if document.get("rates") is None:
                document["rates"] = usual_rates(variants)
            return cls(**{**document, "variants": variants})
        except ValidationError as error:
            raise _bad_field(cls, error) from None

    def to_json(self) -> dict[str, Any]:
        """Every field as JSON values; `from_json` gives the same comparison."""
        return {
            "base": self.base.to_json(),
            "variants": [variant.to_json() for variant in self.variants],
            "rates": self.rates,
            "seeds": self.seeds,
            "folds": self.folds,
            "name": self.name,
            "notes": self.notes,
        }

    @classmethod
    def of(
        cls,
        base: Any,
        vary: Sequence[str],
        *,
        rates: Rates | None = None,
        seeds: int = 1,
        name: str = "",
        notes: str = "",
    ) -> Self:
        """The comparison of an experiment (or its JSON) varied by `PATH=SPEC`, with the rule of `--set` for keys."""
        document = base.to_json() if isinstance(base, Experiment) else base
        axes = [parse_axis(text).fitted(document) for text in vary]
        written = not isinstance(base, Experiment)
        experiment = Experiment.from_json(document)
        count = math.prod(len(axis.values) for axis in axes)
        if count > MOST_IN_A_SWEEP:
            raise _no_comparison_of(count)
        combinations = product(axes)
        variants = [Variant.varied(document, experiment, changes, written=written) for changes in combinations]
        # A learning rate that only stays through a change of key is not one that somebody wants to compare.
        usual = usual_rates([Variant.from_json({"changes": changes}) for changes in combinations])
        given = {"rates": rates or usual, "seeds": seeds, "name": name, "notes": notes}
        return cls.from_json({"base": experiment, "variants": variants, **given})

    def to_url(self) -> dict[str, str]:
        """Query parameters: those of the base, `vary.0.optimizer=sgd` for each change, `rates` and `seeds`."""
        from core.studies.comparison_url import to_url

        return to_url(self)

    @classmethod
    def from_url(cls, query: Mapping[str, str]) -> tuple[Comparison | None, list[Text]]:
        """The comparison of a URL, and a sentence for every part that could not be read; the rest is applied.

        None when what can be read is no comparison. A teacher may also type `vary.optimizer=sgd,adam`.
        """
        from core.studies.comparison_url import from_url

        return from_url(query)

    def fingerprint(self) -> str:
        """SHA-256 (hex) over what is run, without names and notes."""
        runs = [experiment.canonical() for experiment in self.varied()]
        repeats = [self.seeds] if self.folds is None else [self.seeds, self.folds]
        content = json.dumps([self.base.canonical(), runs, self.rates, *repeats], separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


def usual_rates(variants: Sequence[Variant]) -> Rates:
    """Each its own where optimizers or batch sizes differ and nobody has given learning rates, else as they stand."""
    paths = [path for variant in variants for path in variant.changes]
    if any(variant.gives_rate for variant in variants):
        return "hand"
    return "own" if any(path.split(".")[0] in ("optimizer", "batch_size") for path in paths) else "hand"


def base_rate(experiment: Experiment) -> float:
    """The learning rate that is to hold for all; BadInput when the optimizer has none."""
    if not has_rate(experiment):
        raise BadInput(
            Text("There is no learning rate for all."),
            Text("The optimizer of the base has none: {title}.", title=Text(experiment.optimizer.title)),
            Text("Choose another optimizer for the base, or learning rates by hand."),
        )
    return float(experiment.optimizer.lr)


def has_rate(experiment: Experiment) -> bool:
    """Whether the experiment's optimizer has a learning rate to choose."""
    return "lr" in type(experiment.optimizer).model_fields


def with_rate(experiment: Experiment, rate: float) -> Experiment:
    """The experiment with a learning rate; one whose optimizer has none stays as it is."""
    if not has_rate(experiment):
        return experiment
    return Experiment.from_json(set_path(experiment.to_json(), "optimizer.lr", rate)[0])


def _no_comparison_of(count: int) -> BadInput:
    """Why so many variants are no comparison."""
    few, limits = count < LEAST_VARIANTS, {"low": LEAST_VARIANTS, "high": MOST_VARIANTS, "most": MOST_IN_A_SWEEP}
    return BadInput(
        Text("A comparison of {count} variants is not possible.", count=count)
        if count != 1
        else Text("One variant alone is no comparison."),
        Text(
            "So many curves can be told apart: {low} to {high}, or up to {most} where one number alone differs.",
            **limits,
        ),
        Text("Give one thing at least two values.") if few else Text("Vary fewer things, or fewer values of one."),
    )


def _columns(settings: list[dict[str, str]]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for setting in settings for name in setting)
    return {name: [setting.get(name, "") for setting in settings] for name in names}


def _list_of(value: Any) -> Sequence[Any]:
    if isinstance(value, list | tuple):
        return value
    raise BadInput(
        Text("The variants are {value}.", value=shown(value)),
        Text("They are a list of changes."),
        Text("Write for example {example}.", example='[{"changes": {"optimizer": "sgd"}}]'),
    )


def _bad_field(cls: type[BaseModel], error: ValidationError) -> BadInput:
    problem = error.errors()[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    known = ", ".join(cls.model_fields)
    if name not in cls.model_fields:
        return BadInput(
            Text("A comparison has no field “{name}”.", name=name[:80]),
            Text("A setting without effect would be misleading."),
            Text("Its fields: {known}.", known=known),
        )
    fixes = {
        "seeds": Text("Use a whole number from 1 to {most}.", most=MOST_SEEDS),
        "folds": Text("Use a whole number from 2 to {most}.", most=MOST_FOLDED_LANES),
        "rates": Text("Use one of {choices}.", choices="own, same, hand"),
        **{label: Text("Use at most {n} letters.", n=MAX_LETTERS[label]) for label in LABELS},
    }
    return BadInput(
        Text("{name} is {value}.", name=name, value=shown(problem["input"])),
        Text("A comparison cannot be made of that."),
        fixes.get(name, Text("Its fields: {known}.", known=known)),
    )
