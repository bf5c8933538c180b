"""The messages of the live socket: JSON texts, one object each, told apart by "type".

From the page (at most 4 096 bytes each):

- `hello` {"token", "lang", "measure"}: the first message; "measure" asks for the time stamps of rows
- `subscribe` {"run", "lineage", "rows", "brief"}: lineage and rows as received before, or null; also after a pause or a
  lost socket; "brief": only what `core.live.hub.BRIEF` names, twice a second, for many runs on one page
- `unsubscribe` {"run"}; a hidden tab unsubscribes with `pause` {} from all its runs
- `command` {"number", "run", "kind", "values"}; kinds and values: `VALUES_OF`
- `seek` {"number", "run", "step"}: what a run that is over was like after an update; a later one takes its place

To the page:

- `welcome` {"time": server's clock, seconds}
- `history` {run, attempt, lineage, rows, version, series: {group: {column: {steps, values}}}, meta, first_event,
  events, pictures}: replaces what the page has of the run
- `more` {run, …, first_rows, blocks: {group: {steps, columns, stamps}}, meta, first_event, events, pictures}: follows
  what the page has; meta and pictures hold what changed, and are ignored by a page whose version is not older
- `moment` {"number", step, pictures, status, rows: {group: row}}: of `core.live.meta.Moment`; may come several times
- `unknown` {"run"}; `received` {"number"}; `refused` {"number", "what", "why", "fix"}

An array is {"dtype", "shape", "data": base64 of its little-endian bytes}, so NaN and ±Inf survive.
"""

from __future__ import annotations

import json
import math
from binascii import b2a_base64
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from core.errors import CoreError
from core.live.hub import Reading
from core.live.meta import Moment, Pace
from core.text import Text, Translate

MAX_MESSAGE_BYTES = 4096

RunId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,79}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Hello(_Message):
    """The first message of a page."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=512)]
    lang: Annotated[str, Field(pattern=r"^[A-Za-z_\-]{1,16}$")] = "en"
    measure: bool = False


class Subscribe(_Message):
    """Ask for a run from a position on."""

    type: Literal["subscribe"]
    run: RunId
    lineage: Annotated[str, Field(max_length=64)] | None = None
    rows: Annotated[dict[Literal["update", "evaluation", "curvature"], Count], Field(max_length=3)] | None = None
    brief: bool = False


class Unsubscribe(_Message):
    """Ask for no more of a run."""

    type: Literal["unsubscribe"]
    run: RunId


class Pause(_Message):
    """Ask for nothing until the next subscribe."""

    type: Literal["pause"]


class _NoValues(_Message):
    pass


class _Extend(_Message):
    epochs: Annotated[int, Field(ge=1, le=1_000_000)]


Path = Annotated[str, Field(pattern=r"^[a-z_]{1,40}(\.[A-Za-z0-9_]{1,40}){0,7}$")]


def _is_finite(value: Any) -> Any:
    json.dumps(value, allow_nan=False)
    return value


Changes = Annotated[dict[Path, Annotated[Any, AfterValidator(_is_finite)]], Field(min_length=1, max_length=32)]


class _Set(RootModel[Changes]):
    """Settings by dotted path (`optimizer.lr`), and `lr` for short; the service says what may change and to what."""

    model_config = ConfigDict(strict=True, frozen=True)

    @model_validator(mode="after")
    def _rate(self) -> _Set:
        if "lr" in self.root:
            rate = _Rate(lr=self.root["lr"]).lr
            return self.model_copy(update={"root": {**self.root, "lr": rate}})
        return self


class _Rate(_Message):
    lr: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Pace(_Message):
    pace: Pace


class _Curvature(_Message):
    """Measure the curvature after every so many updates, 0: no more."""

    every: Annotated[int, Field(ge=0, le=1_000_000)]


class _Fork(_Message):
    """A branch of a run of a comparison: after `step`, with `changes` by dotted path or none."""

    run: RunId
    step: Count
    changes: Annotated[dict[Path, Annotated[Any, AfterValidator(_is_finite)]], Field(max_length=32)] = {}
    name: Annotated[str, Field(max_length=200)] = ""
    pace: Pace = "10s"


class _Target(_Message):
    """The validation error that the variants of a comparison are to reach, a fraction."""

    target: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]


VALUES_OF: dict[str, type[BaseModel]] = {
    "start": _NoValues,
    "pause": _NoValues,
    "resume": _NoValues,
    "step": _NoValues,
    "stop": _NoValues,
    "extend": _Extend,
    "set": _Set,
    "pace": _Pace,
    "curvature": _Curvature,
    "fork": _Fork,
    "target": _Target,
}


class Command(_Message):
    """Ask for a run to be handled differently."""

    type: Literal["command"]
    number: Count
    run: RunId
    kind: Literal["start", "pause", "resume", "step", "stop", "extend", "set", "pace", "curvature", "fork", "target"]
    values: dict[str, Any] = {}


class Seek(_Message):
    """Ask what a run that is over was like after an update."""

    type: Literal["seek"]
    number: Count
    run: RunId
    step: Count


Message = Hello | Subscribe | Unsubscribe | Pause | Command | Seek
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="type")])


class BadMessage(Exception):
    """A text from a page that is not one of the messages."""


def parse(text: str) -> Message:
    """The message in a text; raises BadMessage."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise BadMessage("too long")
    try:
        message = _MESSAGE.validate_json(text)
        if isinstance(message, Command):
            values = VALUES_OF[message.kind].model_validate(message.values)
            return message.model_copy(update={"values": values.model_dump()})
        return message
    except (ValidationError, ValueError, RecursionError) as error:
        raise BadMessage(type(error).__name__) from None


def plain(value: Any, translate: Translate) -> Any:
    """A JSON value: texts in the reader's language, arrays packed, numbers that are not finite as null."""
    if isinstance(value, Text):
        return value.render(translate)
    if isinstance(value, Mapping):
        return {str(name): plain(part, translate) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, translate) for part in value]
    if isinstance(value, np.ndarray):
        return packed(value)
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


_ON_THE_WIRE = {
    np.dtype(held): (sent, np.dtype(sent).newbyteorder("<"))
    for held, sent in {"?": "uint8", "u1": "uint8", "i4": "int32", "f4": "float32", "f8": "float64"}.items()
}
"""The name and the type in which an array is sent, by its own type."""


def packed(array: np.ndarray) -> dict[str, Any]:
    """An array for the wire; wider types become those that a browser has (int64 as float64, exact up to 2**53)."""
    name, little = _ON_THE_WIRE.get(array.dtype, _ON_THE_WIRE[np.dtype(np.float64)])
    data = b2a_base64(array.astype(little, copy=False).tobytes(), newline=False).decode("ascii")
    return {"dtype": name, "shape": list(array.shape), "data": data}


def has_text(value: Any) -> bool:
    """Whether a value reads differently in another language."""
    if isinstance(value, Mapping):
        return any(has_text(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(has_text(part) for part in value)
    return isinstance(value, Text)


def encode(reading: Reading, translate: Translate, *, measure: bool) -> str:
    """The message `history` or `more` that carries a reading."""
    message: dict[str, Any] = {
        "type": "more" if reading.histories is None else "history",
        "run": reading.run,
        "attempt": reading.attempt,
        "lineage": reading.position.lineage,
        "rows": dict(reading.position.rows),
        "version": reading.position.version,
        "meta": plain(reading.meta, translate),
        "first_event": reading.first_event,
        "events": plain(reading.events, translate),
        "pictures": plain(reading.pictures, translate),
    }
    if reading.histories is not None:
        message["series"] = {
            group: {
                name: {"steps": _packed_steps(steps), "values": packed(values)}
                for name, (steps, values) in history.columns.items()
            }
            for group, history in reading.histories.items()
        }
    else:
        message["first_rows"] = {group: rows.first for group, rows in reading.blocks.items()}
        message["blocks"] = {
            group: {
                "steps": _packed_steps(rows.steps),
                "columns": {name: packed(values) for name, values in rows.columns.items()},
                "stamps": packed(rows.stamps) if measure else None,
            }
            for group, rows in reading.blocks.items()
            if len(rows.steps)
        }
    return _dumped(message)


def welcome(time_s: float) -> str:
    """The answer to a good `hello`."""
    return _dumped({"type": "welcome", "time": time_s})


def unknown(run: str) -> str:
    """There is no such run."""
    return _dumped({"type": "unknown", "run": run})


def received(number: int) -> str:
    """The command was taken; that it was applied is told by the run's `applied`."""
    return _dumped({"type": "received", "number": number})


def moment(number: int, there: Moment, translate: Translate) -> str:
    """What is there of the moment that was asked for."""
    return _dumped({"type": "moment", "number": number, **plain(vars(there), translate)})


def refused(number: int, error: CoreError, translate: Translate) -> str:
    """The command was not taken, and why."""
    parts = {name: getattr(error, name).render(translate) for name in ("what", "why", "fix")}
    return _dumped({"type": "refused", "number": number, **parts})


def _packed_steps(steps: np.ndarray) -> dict[str, Any]:
    return packed(steps.astype(np.int32) if len(steps) == 0 or steps[-1] < 2**31 else steps)


def _dumped(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
