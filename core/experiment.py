"""Experiment: the chosen entries and numbers, validated; JSON, URL, differences, fingerprint.

An experiment is frozen and versioned. Its *differences* from the defaults of its version are what the URL, the store
and the fingerprint hold; the defaults of a published version are never edited.
"""

from __future__ import annotations

import copy
import difflib
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from core.catalog.datasets.sampling import (
    Fold,
    LabelNoise,
    NoisySplits,
    NumFolds,
    Sampling,
    SplitSeed,
    TestSeed,
    TrainSize,
    ValidationFraction,
)
from core.catalog.entry import Entry, Parameter, Usual, from_family, of_its_kind, parameter_of
from core.catalog.faults.seal import LENGTH, opened
from core.catalog.presets import preset
from core.errors import BadInput, shown
from core.text import Text, is_showable

VERSION = 1
PART_FAMILIES = {
    "dataset": "datasets",
    "architecture": "architectures",
    "initializer": "initializers",
    "optimizer": "optimizers",
    "loss": "losses",
    "schedule": "schedules",
}
LIST_FAMILIES = {"augmentations": "augmentations", "regularizers": "regularizers"}
MAX_ENTRIES = 16
MAX_LETTERS = {"name": 200, "notes": 5000, "sealed": LENGTH}
LABELS = ("name", "notes")
"""Fields that say something about an experiment and change nothing in it: not part of the fingerprint."""
DATA_FIELDS = (
    "dataset", "train_size", "sampling", "validation_fraction", "split_seed", "label_noise", "noisy_splits",
    "num_folds", "fold", "test_seed",
)  # fmt: skip
"""Fields that decide which samples train and validate, with which labels."""


def _parse_layers(value: Any) -> Any:
    """Names of layers, given as a list or in one text with commas; BadInput otherwise."""
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or len(names) > 200 or not all(isinstance(name, str) for name in names):
        raise BadInput(
            Text("The frozen layers are {value}.", value=shown(value)),
            Text("Layers are named, at most 200 of them."),
            Text("Write for example hidden.1,hidden.2; nothing at all freezes none."),
        )
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


class Experiment(BaseModel):
    """Everything that decides a run. `Experiment()` is the default preset: digits, MLP 64-64, Adam 0.001.

    `initializer` None follows the activation; `loss` None follows the task; `evaluate_every` None is the smaller of an
    epoch and a hundredth of the run; `train_size` None takes the whole training split; `frozen` names layers as in
    the network's plan.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    version: Annotated[Literal[1], Field(title="version", description="Version of the experiment's defaults.")] = 1
    name: Annotated[
        str, Field(max_length=MAX_LETTERS["name"], title="name", description="What this experiment is called.")
    ] = ""
    notes: Annotated[
        str, Field(max_length=MAX_LETTERS["notes"], title="notes", description="Whatever you want to remember.")
    ] = ""
    dataset: Annotated[Any, from_family("datasets")] = "digits"
    augmentations: Annotated[
        tuple[Annotated[Any, from_family("augmentations")], ...], Field(max_length=MAX_ENTRIES)
    ] = ()
    architecture: Annotated[Any, from_family("architectures")] = "mlp"
    initializer: Annotated[Any, from_family("initializers", optional=True)] = None
    regularizers: Annotated[tuple[Annotated[Any, from_family("regularizers")], ...], Field(max_length=MAX_ENTRIES)] = ()
    optimizer: Annotated[Any, from_family("optimizers")] = "adam"
    loss: Annotated[Any, from_family("losses", optional=True)] = None
    schedule: Annotated[Any, from_family("schedules")] = "constant"
    batch_size: Annotated[
        int,
        Field(ge=1, le=65536, title="batch size", description="Samples that one update averages its gradient over."),
        Usual(8, 512, "log", unit="samples", more=True),
    ] = 64
    epochs: Annotated[
        int,
        Field(ge=1, le=100_000, title="epochs", description="Passes over the training set."),
        Usual(1, 400, "log"),
    ] = 10
    evaluate_every: Annotated[
        int | None,
        Field(
            ge=1,
            title="evaluate every",
            description="Updates between two measurements of training and validation error; by default the smaller "
            "of an epoch and a hundredth of the run.",
        ),
        Usual(1, 500, "log", unit="updates", more=True),
    ] = None
    seed: Annotated[
        int,
        Field(ge=0, lt=2**63, title="seed", description="Draws first weights, order, augmentation and dropout."),
        Usual(0, 20),
    ] = 0
    split_seed: SplitSeed = 0
    validation_fraction: ValidationFraction = 0.2
    train_size: TrainSize = None
    sampling: Sampling = "stratified"
    label_noise: LabelNoise = 0.0
    noisy_splits: NoisySplits = "training"
    num_folds: NumFolds = None
    fold: Fold = 1
    test_seed: TestSeed = 0
    precision: Annotated[
        Literal["float32", "float64", "bfloat16"],
        Field(title="precision", description="Number format of the computation; bfloat16 keeps float32 weights."),
    ] = "float32"
    frozen: Annotated[
        tuple[str, ...],
        BeforeValidator(_parse_layers),
        Field(
            title="frozen layers", description="Layers whose weights stay as they are; their gradients are measured."
        ),
    ] = ()
    sealed: Annotated[
        str,
        Field(title="sealed fault", description="A mistake in the run that only its measurements show; empty: none."),
    ] = ""

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_kind(cls, value: Any, info: ValidationInfo) -> Any:
        return of_its_kind(value, cls.model_fields[info.field_name or ""].annotation)

    @field_validator("name", "notes")
    @classmethod
    def _showable(cls, value: str, info: ValidationInfo) -> str:
        """Without what a table or a terminal stumbles over; Chinese spaces and joined emoji stay."""
        lines = "\n" if info.field_name == "notes" else ""
        return "".join(letter for letter in value if is_showable(letter) or letter in lines)

    @field_validator("sealed")
    @classmethod
    def _can_be_opened(cls, value: str) -> str:
        opened(value)
        return value

    # -- reading -------------------------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """An experiment from a JSON object; BadInput says what is wrong.

        `{"preset": NAME}` may stand for the whole, to be changed by further fields, or for a part.
        """
        if isinstance(value, cls):
            return value
        document = resolve_presets(checked_document(value))
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            raise _bad_field(cls, error) from None

    # -- writing -------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """Every field, as JSON values; `from_json` gives the same experiment."""
        return self.model_dump(mode="json")

    def differences(self) -> dict[str, Any]:
        """Only what differs from the defaults of this version, keys as typed."""
        return _differences(self, typed=True)

    def canonical(self) -> str:
        """The differences without names and notes, synonyms resolved, as canonical JSON."""
        fields = {name: value for name, value in _differences(self, typed=False).items() if name not in LABELS}
        fields["version"] = self.version
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def fingerprint(self) -> str:
        """SHA-256 (hex) of the canonical differences: equal for experiments that give the same bits."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed, validated."""
        return type(self).from_json({**self.to_json(), **changes})

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """The numbers of an experiment itself (batch size, epochs, seed …) as a form needs them."""
        skipped = {"version", "frozen", "sealed", "test_seed", *LABELS, *PART_FAMILIES, *LIST_FAMILIES}
        return {name: parameter_of(name, field) for name, field in cls.model_fields.items() if name not in skipped}

    # -- URL -----------------------------------------------------------------------------------------------------

    def to_url(self) -> dict[str, str]:
        """Query parameters with readable names, only what differs: `dataset=moons&dataset.noise=0.35`."""
        return _flatten(self.differences())

    @classmethod
    def from_url(cls, query: Mapping[str, str]) -> tuple[Self, list[Text]]:
        """The experiment of a URL, and a sentence for every part that could not be read; the rest is applied.

        Parameters whose first word is no field of an experiment are left alone: they belong to the page.
        """
        from core.set_path import set_path

        known = set(cls.model_fields) | {"preset"}
        document: dict[str, Any] = {}
        problems: list[Text] = []
        left = sorted(
            (key for key in query if key.split(".")[0] in known), key=lambda key: (key != "preset", key.count("."))
        )
        while left:
            errors: dict[str, BadInput] = {}
            for key in left:
                try:
                    changed, _ = set_path(document, key, query[key])
                    cls.from_json(changed)
                except BadInput as error:
                    errors[key] = error
                else:
                    document = changed
            if len(errors) == len(left):
                problems = [
                    Text(
                        "“{part}” in the link could not be used: {what} {why} {fix}",
                        part=f"{key}={query[key]}"[:200],
                        what=error.what,
                        why=error.why,
                        fix=error.fix,
                    )
                    for key, error in errors.items()
                ]
                break
            # A value may be legal only beside another that came later: the ends of a range are such a pair.
            left = list(errors)
        return cls.from_json(document), problems


Experiment.model_rebuild()


def checked_document(value: Any) -> dict[str, Any]:
    """A copy of the JSON object that describes an experiment; BadInput when it is none."""
    if not isinstance(value, Mapping):
        raise BadInput(
            Text("An experiment is a JSON object, not {value}.", value=shown(value)),
            Text("Its fields are named, such as “dataset” and “optimizer”."),
            Text("Write {empty} for the default experiment.", empty="{}"),
        )
    return dict(value)


def resolve_presets(document: dict[str, Any]) -> dict[str, Any]:
    """Replace `{"preset": NAME}` by what the preset says, for the whole document and for each of its parts."""
    if "preset" in document:
        base = copy.deepcopy(preset(document["preset"]).experiment)
        document = {**base, **{name: value for name, value in document.items() if name != "preset"}}
    for name, value in document.items():
        if name in (*PART_FAMILIES, *LIST_FAMILIES) and isinstance(value, Mapping) and "preset" in value:
            part = Experiment.from_json(preset(value["preset"]).experiment).to_json()[name]
            extra = {field: given for field, given in value.items() if field != "preset"}
            if extra and not isinstance(part, Mapping):
                raise BadInput(
                    Text(
                        "“{name}” takes the preset “{preset}” without further fields.",
                        name=name,
                        preset=value["preset"],
                    ),
                    Text("The preset has no single entry there that they could change."),
                    Text("Write “{name}” out.", name=name),
                )
            document[name] = {**part, **extra} if isinstance(part, Mapping) else part
    return document


def entry_differences(entry: Entry, *, typed: bool) -> dict[str, Any]:
    """What an entry differs in from its own defaults, with its key; `typed` echoes a synonym."""
    key = entry._typed_key if typed and entry._typed_key else entry.key
    changed: dict[str, Any] = {"key": key} if key else {}
    defaults = type(entry)()
    for name in type(entry).model_fields:
        value, default = getattr(entry, name), getattr(defaults, name)
        typed_inside = typed and isinstance(value, Entry) and value._typed_key
        if value != default or typed_inside:
            changed[name] = _value_differences(value, typed=typed)
    return changed


def _value_differences(value: Any, *, typed: bool) -> Any:
    if isinstance(value, Entry):
        inner = entry_differences(value, typed=typed)
        return inner["key"] if set(inner) == {"key"} else inner
    if isinstance(value, tuple):
        return [_value_differences(item, typed=typed) for item in value]
    return value


@cache
def default_experiment() -> Experiment:
    """`Experiment()`, made once, since it is asked for with every run. All share it: read it only."""
    return Experiment()


def _differences(experiment: Experiment, *, typed: bool) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, default in default_experiment():
        value = getattr(experiment, name)
        if isinstance(value, Entry):
            if value != default or (typed and value._typed_key):
                changed[name] = entry_differences(value, typed=typed)
        elif name in LIST_FAMILIES and value:
            changed[name] = [entry_differences(item, typed=typed) for item in value]
        elif value != default:
            changed[name] = value
    return changed


def _flatten(differences: Mapping[str, Any]) -> dict[str, str]:
    """Differences as dotted paths: `optimizer=sgd`, `optimizer.lr=0.1`, `regularizers.0.strength`."""
    flat: dict[str, str] = {}

    def entry(path: str, fields: Mapping[str, Any], with_key: bool = True) -> None:
        if with_key:
            flat[path] = fields["key"]
        for name, value in fields.items():
            if name == "key":
                continue
            if isinstance(value, Mapping) and "key" in value:
                entry(f"{path}.{name}", value)
            else:
                flat[f"{path}.{name}"] = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))

    for name, value in differences.items():
        if name in LIST_FAMILIES:
            flat[name] = ",".join(item["key"] for item in value)
            for place, item in enumerate(value):
                entry(f"{name}.{place}", item, with_key=False)
        elif isinstance(value, Mapping):
            entry(name, value)
        else:
            flat[name] = value if isinstance(value, str) else json.dumps(value)
    return flat


def unknown_field(name: str) -> BadInput:
    """The error for a field that an experiment does not have."""
    known = list(Experiment.model_fields)
    near = difflib.get_close_matches(name[:80], known, n=1)
    return BadInput(
        Text("An experiment has no field “{name}”.", name=name[:80]),
        Text("A setting without effect would be misleading."),
        Text("Did you mean “{near}”? Its fields: {known}.", near=near[0], known=", ".join(known))
        if near
        else Text("Its fields: {known}.", known=", ".join(known)),
    )


def _bad_field(cls: type[Experiment], error: ValidationError) -> BadInput:
    problem = error.errors()[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if name not in cls.model_fields:
        return unknown_field(name)
    parameter = parameter_of(name, cls.model_fields[name])
    usual = parameter.usual
    why = Text(usual.reason) if usual and usual.reason else Text("It must be {range}.", range=parameter.range_text)
    if problem["type"] == "value_error":
        why = Text(str(problem.get("ctx", {}).get("error", "")))
    if usual:
        fix = Text(
            "Use a value {range}; {low:g} to {high:g} is usual.",
            range=parameter.range_text,
            low=usual.low,
            high=usual.high,
        )
    elif parameter.choices:
        fix = Text("Use one of {choices}.", choices=", ".join(str(choice) for choice in parameter.choices))
    elif name in LIST_FAMILIES:
        why, fix = Text("It holds a few entries."), Text("Use a list of at most {n} entries.", n=MAX_ENTRIES)
    else:
        why, fix = Text("It is a short text."), Text("Use at most {n} letters.", n=MAX_LETTERS[name])
    return BadInput(Text("{name} is {value}.", name=parameter.words, value=shown(problem["input"])), why, fix)
