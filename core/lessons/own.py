"""Lessons that were written here: a file each in a folder, in the form of the course's own."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import BadInput, CoreError, Refused
from core.lessons.lesson import LARGEST, Lesson, read_lesson_file, unusable
from core.text import Text

NAME = re.compile(r"own-[1-9]\d{0,4}")


def is_own(key: str) -> bool:
    """Whether a key is that of a lesson that was written here."""
    return NAME.fullmatch(key) is not None


class OwnLessons:
    """The lessons in a folder, which is made when the first one is kept.

    Whoever has not `may_write` reads only: it is for whoever gives lessons.
    """

    def __init__(self, folder: Path, *, may_write: bool = True) -> None:
        self.folder = folder
        self.may_write = may_write

    def all(self) -> dict[str, Lesson]:
        """The lessons by key, the oldest first; without files that somebody made unusable, see `problems`."""
        return {path.stem: lesson for path in self._paths() if isinstance(lesson := _read(path), Lesson)}

    def problems(self) -> list[BadInput]:
        """Why files of the folder cannot be used."""
        return [problem for path in self._paths() if isinstance(problem := _read(path), BadInput)]

    def free_key(self) -> str:
        """A key that no file has."""
        numbers = [int(path.stem.removeprefix("own-")) for path in self._paths()]
        return f"own-{max(numbers, default=0) + 1}"

    def put(self, lesson: Lesson) -> None:
        """Keep a lesson, in the place of what had its key. CoreError where it cannot be written."""
        self._check_may_write()
        path = self._path(lesson.key)
        beside = path.with_suffix(".new")
        content = lesson_toml(lesson).encode()
        if len(content) > LARGEST:
            raise unusable(lesson.key, Text("It has more than {most} KiB.", most=LARGEST // 1024))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(content)
            os.replace(beside, path)
        except OSError as error:
            raise _unwritable(error) from error

    def remove(self, key: str) -> None:
        """Let go of a lesson. CoreError where that cannot be."""
        self._check_may_write()
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(error) from error

    def _check_may_write(self) -> None:
        if not self.may_write:
            raise Refused(
                Text("Lessons cannot be written here."),
                Text("In a class only the teacher writes them."),
                Text("Ask your teacher."),
            )

    def _path(self, key: str) -> Path:
        assert is_own(key), key
        return self.folder / f"{key}.toml"

    def _paths(self) -> list[Path]:
        found = [path for path in self.folder.glob("own-*.toml") if is_own(path.stem)]
        return sorted(found, key=lambda path: int(path.stem.removeprefix("own-")))


def _read(path: Path) -> Lesson | BadInput | None:
    """A lesson, or why it is none; None for a file that has gone in this very moment."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return _read_once(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=256)
def _read_once(path: Path, changed_ns: int, size: int) -> Lesson | BadInput:
    try:
        return read_lesson_file(path)
    except BadInput as error:
        return error


def _unwritable(error: OSError) -> CoreError:
    return CoreError(
        Text("The lesson could not be kept."),
        Text("The data folder cannot be written: {reason}.", reason=error.strerror or str(error)),
        Text("Make room or give the right to write there, and do it again; nothing else is lost."),
    )


# -- writing ---------------------------------------------------------------------------------------------------------


def lesson_toml(lesson: Lesson) -> str:
    """A lesson as the text of its file; `read_lesson` gives the same lesson."""
    return "\n".join(_lines(lesson.model_dump(mode="json", exclude={"key"}, exclude_defaults=True), "")) + "\n"


def _lines(table: Mapping[str, Any], name: str) -> Iterator[str]:
    """Values first, as TOML wants them, then the tables within."""
    inner = {key: value for key, value in table.items() if _is_table(value)}
    yield from (f"{key} = {_value(value)}" for key, value in table.items() if key not in inner)
    for key, value in inner.items():
        path = f"{name}{key}"
        for one in value if isinstance(value, list) else [value]:
            yield ""
            yield f"[[{path}]]" if isinstance(value, list) else f"[{path}]"
            yield from _lines(one, f"{path}.")


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _value(value: Any) -> str:
    """A text, a number or a list of texts; JSON writes them as TOML does, but for one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
