"""A practice race: a surface, optimizers, a start and a number of updates; as JSON and as a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from core.catalog.optimizers.optimizer import Optimizer
from core.catalog.registry import parse
from core.catalog.surfaces.surface import Surface
from core.errors import BadInput, shown
from core.json_input import read_value
from core.text import Text

MOST_OPTIMIZERS = 12
MOST_STEPS = 10_000
MOST_SEED = 2**31 - 1
FAR = 1e6
"""Coordinates of a start are no larger."""

Coordinate = Annotated[float, Field(ge=-FAR, le=FAR, allow_inf_nan=False)]


def _optimizers(value: Any) -> tuple[Optimizer, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_OPTIMIZERS:
        raise BadInput(
            Text("The optimizers are {value}.", value=shown(value)),
            Text("From 1 to {most} of them race on a surface.", most=MOST_OPTIMIZERS),
            Text("Choose so many."),
        )
    return tuple(parse("optimizers", item) for item in value)  # type: ignore[misc]


def _start(value: Any) -> Any:
    """A start that may be typed: two numbers with a comma between them."""
    return [read_value(part.strip()) for part in value.split(",")] if isinstance(value, str) else value


class Practice(BaseModel):
    """What is drawn on a practice surface. `start` None: the surface's own. BadInput says what is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    surface: Annotated[Surface, BeforeValidator(lambda value: parse("surfaces", value))]
    optimizers: Annotated[tuple[Optimizer, ...], BeforeValidator(_optimizers)]
    start: Annotated[tuple[Coordinate, Coordinate] | None, BeforeValidator(_start)] = None
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS)] = 20
    seed: Annotated[int, Field(ge=0, le=MOST_SEED)] = 0

    @model_validator(mode="after")
    def _can_race(self) -> Self:
        self.surface.build()
        for optimizer in self.optimizers:
            if (why := why_not(optimizer)) is not None:
                raise BadInput(
                    Text("{title} cannot race on a surface.", title=Text(optimizer.title)),
                    why,
                    Text("Choose another optimizer."),
                )
        return self

    @property
    def begin(self) -> tuple[float, float]:
        """Where the optimizers start."""
        return self.start or self.surface.start

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """A race from a JSON object."""
        try:
            return cls(**value)
        except ValidationError as error:
            problem = error.errors()[0]
            name = str(problem["loc"][0])[:80] if problem["loc"] else ""
            raise BadInput(
                Text("{name} is {value}.", name=name, value=shown(problem.get("input"))),
                Text(
                    "A start is two numbers of at most {far:g}; there are 1 to {most:,} updates.",
                    far=FAR,
                    most=MOST_STEPS,
                ),
                Text("Choose numbers within these limits."),
            ) from None

    def to_json(self) -> dict[str, Any]:
        """Every field as JSON values; `from_json` gives the same race."""
        return {
            "surface": self.surface.model_dump(mode="json"),
            "optimizers": [optimizer.model_dump(mode="json") for optimizer in self.optimizers],
            "start": None if self.start is None else list(self.start),
            "steps": self.steps,
            "seed": self.seed,
        }

    # -- links -----------------------------------------------------------------------------------------------------

    def to_url(self) -> dict[str, str]:
        """Query parameters: `surface=saddle`, `race.0=sgd`, `race.0.lr=0.1`, …; what is as usual is left out."""
        query = {"surface": self.surface.key, **_fields("surface", self.surface)}
        for place, optimizer in enumerate(self.optimizers):
            query |= {f"race.{place}": optimizer.key, **_fields(f"race.{place}", optimizer)}
        if self.start is not None:
            query["start"] = ",".join(f"{number:.10g}" for number in self.start)
        return query | {"steps": str(self.steps)} | ({"seed": str(self.seed)} if self.seed else {})

    @classmethod
    def from_url(cls, query: Mapping[str, str]) -> tuple[Self | None, list[Text]]:
        """The race of a link; None, and why, where it is none. Without optimizers the usual four race."""
        if "surface" not in query:
            return None, []
        document: dict[str, Any] = {"surface": _entry(query, "surface"), "optimizers": []}
        for place in range(MOST_OPTIMIZERS):
            if f"race.{place}" in query:
                document["optimizers"].append(_entry(query, f"race.{place}"))
        document["optimizers"] = document["optimizers"] or usual_optimizers()
        document |= {name: read_value(query[name]) for name in ("steps", "seed") if name in query}
        if "start" in query:
            document["start"] = query["start"]
        try:
            return cls.from_json(document), []
        except BadInput as error:
            return None, [error.text]


def usual_optimizers(lr: float = 0.4) -> list[dict[str, Any]]:
    """The four that the page opens with."""
    return [
        {"key": "sgd", "lr": lr},
        {"key": "momentum", "lr": lr, "momentum": 0.5},
        {"key": "adagrad", "lr": lr},
        {"key": "rmsprop", "lr": lr, "alpha": 0.9},
    ]


def why_not(optimizer: Optimizer) -> Text | None:
    """Why an optimizer cannot race on a surface of two numbers; None where it can."""
    if optimizer.needs_matrix:
        return Text("It updates matrices of weights, and a point of a surface is none.")
    return None


def _fields(path: str, entry: Any) -> dict[str, str]:
    usual = type(entry)().model_dump(mode="json")
    given = entry.model_dump(mode="json")
    return {f"{path}.{name}": str(value) for name, value in given.items() if name != "key" and value != usual[name]}


def _entry(query: Mapping[str, str], path: str) -> dict[str, Any]:
    fields = {name.removeprefix(f"{path}."): text for name, text in query.items() if name.startswith(f"{path}.")}
    texts = {name for name, field in _text_fields(query[path]).items() if field}
    return {"key": query[path], **{name: text if name in texts else read_value(text) for name, text in fields.items()}}


def _text_fields(key: str) -> dict[str, bool]:
    from core.catalog.registry import entries

    cls = entries("surfaces").get(key)
    return {} if cls is None else {name: field.annotation is str for name, field in cls.model_fields.items()}
