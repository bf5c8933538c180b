"""JSON from outside: read with limits on size and depth; what cannot be read is named with its place."""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import Any, NoReturn

from core.errors import BadInput, shown
from core.text import Text

MAX_BYTES = 2**20
"""A document above this size is no experiment."""
MAX_DEPTH = 20
EXAMPLE = '{"optimizer": {"key": "adam", "lr": 0.001}}'


def read_value(value: Any) -> Any:
    """What a text stands for: the JSON value that it writes, else the text itself; any other value as it is."""
    if not isinstance(value, str):
        return value
    try:
        return read_json(value)
    except BadInput:
        return value


def read_json(content: str | bytes) -> Any:
    """The value of a JSON text (bytes: UTF-8); BadInput says where it stops being JSON.

    A field given twice, NaN and Infinity are refused, as is what is larger than MAX_BYTES or deeper than MAX_DEPTH.
    """
    if len(content) > MAX_BYTES:
        raise BadInput(
            Text("This is larger than {size} MB.", size=MAX_BYTES // 2**20),
            Text("An experiment takes a few hundred bytes."),
            Text("Check that the right file is named."),
        )
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
        value = json.loads(text, object_pairs_hook=_fields, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise BadInput(
            Text("This is not text."),
            Text("Byte {place} is not UTF-8.", place=error.start),
            Text("Save it as UTF-8 text with one JSON object."),
        ) from None
    except json.JSONDecodeError as error:
        raise BadInput(
            Text("This is not JSON."),
            Text("Line {line}, column {column}: {problem}.", line=error.lineno, column=error.colno, problem=error.msg),
            Text("Write for example {example}, or {{}} for the default experiment.", example=EXAMPLE),
        ) from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        # Python reads no whole number of more than 4 300 digits.
        raise BadInput(
            Text("This is not JSON."),
            Text("A number is too long: {problem}.", problem=str(error)),
            Text("Write fewer digits."),
        ) from None
    if _depth(value) > MAX_DEPTH:
        raise _too_deep()
    return value


def read_json_file(name: str) -> Any:
    """The JSON value of a file, or of standard input for the name "-"; BadInput names the file."""
    try:
        return read_json(_read_bytes(name))
    except BadInput as error:
        raise BadInput(Text("{file}: {what}", file=name[:500], what=error.what), error.why, error.fix) from None


def _read_bytes(name: str) -> bytes:
    """At most a byte more than may be: a device without end is read no further."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        if os.path.isdir(name):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with open(name, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise BadInput(
            Text("The file cannot be read."),
            Text("The system says: {reason}.", reason=getattr(error, "strerror", None) or str(error)),
            Text("Name a JSON file that holds an experiment."),
        ) from None


def _too_deep() -> BadInput:
    return BadInput(
        Text("This is nested deeper than {depth} levels.", depth=MAX_DEPTH),
        Text("An experiment has at most a few levels."),
        Text("Check the brackets."),
    )


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of an object; of two with one name, one would be without effect."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInput(
            Text("The field {name} is given twice.", name=shown(twice)),
            Text("Only one of the two could have an effect."),
            Text("Remove one of them."),
        )
    return fields


def _no_number(name: str) -> NoReturn:
    raise BadInput(
        Text("{name} stands where a number is expected.", name=name),
        Text("JSON has no such number, and no setting can have it."),
        Text("Write a number, or leave the field out for its default."),
    )


def _depth(value: Any) -> int:
    """How deep objects and lists are nested, without recursion."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return depth
