"""The terminal: progress and errors on stderr, tables on stdout, and what Ctrl-C does."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import IO, Any

from core.errors import CoreError
from core.language import best_language, translator
from core.text import Text

QUIET_S = 2.0
"""What takes longer says how far it is."""


def language() -> str:
    """The language of the terminal, as the environment tells it."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return best_language(next((os.environ[name] for name in names if os.environ.get(name)), "").split(".")[0])


def say(text: Text) -> None:
    """A line on stderr."""
    sys.stderr.write(f"{text.render(translator(language()))}\n")


def tell(error: CoreError) -> None:
    """What happened, why, and how to put it right, a line each."""
    for part in (error.what, error.why, error.fix):
        say(part)


class Progress:
    """Says on stderr what is being done, from two seconds on: one changing line, or one now and then."""

    def __init__(self, doing: Text) -> None:
        self._shown_at = time.monotonic()
        self._every_s = QUIET_S
        self._in_place = sys.stderr.isatty()
        self._doing = doing
        self._said: Text | None = None
        self._timer = threading.Timer(QUIET_S, self._first)
        self._timer.daemon = True
        self._timer.start()

    def _first(self) -> None:
        self._write(self._doing)

    def show(self, doing: Text) -> None:
        """Say what is being done now, when it is time."""
        self._timer.cancel()
        now = time.monotonic()
        is_new = self._in_place or doing != self._said
        if is_new and now - self._shown_at >= self._every_s:
            self._shown_at, self._every_s = now, 0.5 if self._in_place else 5.0
            self._write(doing)

    def _write(self, doing: Text) -> None:
        self._said = doing
        text = doing.render(translator(language()))
        sys.stderr.write(f"\r\x1b[K{text}" if self._in_place else f"{text}\n")
        sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing more will be said."""
        self._timer.cancel()
        if self._in_place:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


class Interruptions:
    """Ctrl-C and SIGTERM: the first one raises KeyboardInterrupt, so that the state is saved; others change nothing."""

    def __init__(self) -> None:
        self._raises = True
        self._holds = self._came = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interruptions:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._received)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def ignore(self) -> None:
        """The answer is there or the state is being saved: an interruption would only lose it."""
        self._raises = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is done within is finished first: then an interruption that came meanwhile raises KeyboardInterrupt."""
        self._holds = True
        try:
            yield
        finally:
            self._holds = False
        if self._came:
            self._came = False
            raise KeyboardInterrupt

    def _received(self, number: int, frame: FrameType | None) -> None:
        if self._raises:
            self._raises = False
            self._came = self._holds
            if not self._holds:
                raise KeyboardInterrupt


def show_fields(value: Mapping[str, Any], out: IO[str]) -> None:
    """One field a line; notes and events of a run stand apart."""
    for name, item in value.items():
        if name not in ("events", "notes"):
            out.write(f"{name:<18} {_cell(item)}\n")
    for note in value.get("notes", ()):
        out.write(f"{note}\n")


def show_runs(value: Sequence[Mapping[str, Any]], out: IO[str]) -> None:
    """One run a line."""
    columns = ("run", "created", "state", "steps", "epochs", "train_error", "validation_error", "test_error", "name")
    rows = [columns, *([_cell(_marked(report, name)) for name in columns] for report in value)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns))]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        out.write(f"{line.rstrip()}\n")


def _marked(report: Mapping[str, Any], name: str) -> Any:
    """A field as the table shows it: a test error says what it is worth, and that it is sealed as long as it is."""
    if name != "test_error" or report["test_seal"] == "opened":
        return report[name]
    if report["test_seal"] == "sealed":
        return "sealed"
    return f"{_cell(report[name])} (contaminated, look {report['test_look']})"


def _cell(item: Any) -> str:
    if isinstance(item, float):
        return f"{item:.6g}"
    return "–" if item is None else str(item)
