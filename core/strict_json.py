"""Strict JSON that keeps NaN and ±Infinity: they travel as `{"$nonfinite": "nan"}`, which every reader accepts."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

MARK = "$nonfinite"


def _encoded(value: Any) -> Any:
    kind = type(value)  # Most values are of these; asking for abstract classes takes several times as long.
    if kind is float and math.isfinite(value):
        return value
    if value is None or kind is int or isinstance(value, str | bool):
        return value
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str) or name == MARK:
                raise TypeError(f"{name!r} cannot be the name of a JSON field")
        return {name: _encoded(item) for name, item in value.items()}
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        return number if math.isfinite(number) else {MARK: str(number)}
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _decoded(value: dict[str, Any]) -> Any:
    return float(value[MARK]) if MARK in value else value


def dumps(value: Any) -> str:
    """The JSON text of a value; numbers of NumPy count as numbers, tuples as lists. TypeError for anything else."""
    return json.dumps(_encoded(value), allow_nan=False, separators=(",", ":"))


def loads(text: str) -> Any:
    """The value that `dumps` wrote, NaN and ±Infinity included."""
    return json.loads(text, object_hook=_decoded)


def finite(value: Any) -> tuple[Any, list[str]]:
    """The value with None for NaN and ±Infinity, and the dotted names of the fields that had them."""
    names: list[str] = []

    def walk(part: Any, path: str) -> Any:
        if isinstance(part, dict):
            return {name: walk(item, f"{path}.{name}" if path else name) for name, item in part.items()}
        if isinstance(part, list | tuple):
            return [walk(item, f"{path}.{place}" if path else str(place)) for place, item in enumerate(part)]
        if isinstance(part, float) and not math.isfinite(part):
            names.append(path)
            return None
        return part

    return walk(value, ""), names
