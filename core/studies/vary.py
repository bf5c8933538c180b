"""What a comparison varies, as it is typed: `optimizer=sgd,adam`, `batch_size=log(8,512)x4`; several are multiplied."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from core.errors import BadInput
from core.experiment import LIST_FAMILIES, Experiment
from core.json_input import read_json
from core.set_path import set_path
from core.text import Text

Scale = Literal["lin", "log"]

MOST_VALUES = 64
"""More are no comparison any more, whatever they are multiplied with."""
MOST_LISTED = 8
"""So many numbers of a range are listed one by one."""

_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_RANGE = re.compile(rf"(lin|log)\({_NUMBER},{_NUMBER}\)\s*[x×]\s*(\d+)")
_BEGINS_LIKE_A_RANGE = re.compile(r"(lin|log)\s*\(")
_OPENING, _CLOSING = "[{(", "]})"


@dataclass(frozen=True)
class Axis:
    """One thing that is varied: its dotted path and its values in their order. `scale`: of a range between two ends."""

    path: str
    values: tuple[Any, ...]
    scale: Scale | None = None

    def fitted(self, document: Mapping[str, Any]) -> Axis:
        """The same with whole numbers where the setting takes no others; BadInput when two of them are the same."""
        if self.scale is None:
            return self
        values = tuple(self._fitted(document, value) for value in self.values)
        if len(set(values)) < len(values):
            raise BadInput(
                Text("{path} would have the same value twice.", path=self.path),
                Text("It takes whole numbers, and these lie too close: {values}.", values=", ".join(map(str, values))),
                Text("Ask for fewer values, or for a wider range."),
            )
        return Axis(self.path, values, self.scale)

    def _fitted(self, document: Mapping[str, Any], value: float) -> float:
        try:
            Experiment.from_json(set_path(document, self.path, value)[0])
        except BadInput:
            if float(value).is_integer():
                raise
            Experiment.from_json(set_path(document, self.path, round(value))[0])
            return round(value)
        return value


def parse_axis(text: str) -> Axis:
    """The axis of `PATH=SPEC`; SPEC is `a,b,c`, `lin(low,high)xN` or `log(low,high)xN`. BadInput says what is wrong."""
    path, equals, spec = text.partition("=")
    path = path.strip()
    if not equals or not path:
        raise BadInput(
            Text("“{text}” varies nothing.", text=text[:200]),
            Text("What is varied has the form PATH=VALUES."),
            Text("Write for example optimizer=sgd,adam or optimizer.lr=log(0.001,1)x4."),
        )
    if scale := _BEGINS_LIKE_A_RANGE.match(spec.strip()):
        return Axis(path, _range_values(spec.strip()), "log" if scale[1] == "log" else "lin")
    values = tuple(_value(path, item) for item in _items(spec))
    for place, value in enumerate(values):
        if value in values[:place]:
            raise BadInput(
                Text("{path} has the value {value} twice.", path=path[:200], value=str(value)[:80]),
                Text("Two runs that are the same show nothing."),
                Text("Leave one of them out."),
            )
    return Axis(path, values)


def spec_of(values: Sequence[Any], document: Mapping[str, Any], path: str) -> str:
    """The SPEC of these values: as a range where they are one and too many to be read one by one, else as a list."""
    if len(values) > MOST_LISTED and all(isinstance(value, int | float) for value in values):
        for scale in ("log", "lin"):
            spec = f"{scale}({values[0]:.12g},{values[-1]:.12g})x{len(values)}"
            with contextlib.suppress(BadInput):
                if parse_axis(f"{path}={spec}").fitted(document).values == tuple(values):
                    return spec
    return ",".join(written(value) for value in values)


def written(value: Any) -> str:
    """A value as it is typed: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def product(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """All combinations as changes by path, the first axis varying slowest."""
    paths = [axis.path for axis in axes]
    for path in paths:
        if paths.count(path) > 1:
            raise BadInput(
                Text("{path} is varied twice.", path=path[:200]),
                Text("Only one of the two could have an effect."),
                Text("Put all its values into one list."),
            )
    combinations = itertools.product(*(axis.values for axis in axes))
    return [dict(zip(paths, values, strict=True)) for values in combinations]


def _range_values(spec: str) -> tuple[float, ...]:
    found = _RANGE.fullmatch(spec)
    count = int(found[4]) if found and len(found[4]) < 6 else 0
    if not found or not 2 <= count <= MOST_VALUES:
        raise BadInput(
            Text("“{spec}” is no range of values.", spec=spec[:200]),
            Text("A range has two ends and a number of values from 2 to {most}.", most=MOST_VALUES),
            Text("Write for example lin(0,0.5)x3 or log(0.001,1)x4."),
        )
    low, high = float(found[2]), float(found[3])
    if not math.isfinite(high - low):
        raise BadInput(
            Text("“{spec}” is no range of values.", spec=spec[:200]),
            Text("Its ends are too large for a number."),
            Text("Use ends that a computer can count with, such as 0.001 and 1."),
        )
    if found[1] == "log" and not (low > 0 and high > 0):
        raise BadInput(
            Text("“{spec}” is no range of values.", spec=spec[:200]),
            Text("On a logarithmic scale both ends lie above 0."),
            Text("Use lin(…), or an end above 0."),
        )
    import numpy as np

    spaced = np.linspace(low, high, count) if found[1] == "lin" else np.geomspace(low, high, count)
    # Twelve digits: 0.3, not 0.30000000000000004.
    rounded = [float(f"{value:.12g}") for value in spaced]
    return tuple(int(value) if value.is_integer() and abs(value) < 2**53 else value for value in rounded)


def _items(spec: str) -> list[str]:
    """The parts between commas that stand in no brackets and in no quotes."""
    items, depth, quoted, begin = [], 0, False, 0
    for place, letter in enumerate(spec):
        if letter == '"' and spec[place - 1 : place] != "\\":
            quoted = not quoted
        elif not quoted and letter in _OPENING:
            depth += 1
        elif not quoted and letter in _CLOSING:
            depth -= 1
        elif letter == "," and not quoted and depth == 0:
            items.append(spec[begin:place].strip())
            begin = place + 1
    return [*items, spec[begin:].strip()]


def _value(path: str, item: str) -> Any:
    if not item:
        if path in LIST_FAMILIES:
            return []
        raise BadInput(
            Text("{path} has an empty value.", path=path[:200]),
            Text("Between two commas stands a value."),
            Text("Leave the comma out; an empty list is written []."),
        )
    try:
        return read_json(item)
    except BadInput:
        return item
