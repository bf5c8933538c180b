"""The log file of the data folder: it holds the tracebacks that readers are spared."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

MAX_BYTES = 2_000_000
"""Above this size a new file is begun; one old file is kept."""


@contextmanager
def log_to(folder: Path) -> Iterator[Path]:
    """Log warnings and errors into a file of `folder`; yields its path, which is there from its first line on.

    Messages without a traceback are shown on stderr too; what has one is told to the reader by whoever catches it.
    """
    path = folder / "saddlepoint.log"
    file = _Lazy(path, maxBytes=MAX_BYTES, backupCount=1, encoding="utf-8", delay=True)
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"))
    screen = logging.StreamHandler(sys.stderr)
    screen.addFilter(lambda record: not record.exc_info)
    root = logging.getLogger()
    for handler in (file, screen):
        handler.setLevel(logging.WARNING)
        root.addHandler(handler)
    try:
        yield path
    finally:
        for handler in (file, screen):
            root.removeHandler(handler)
            handler.close()


class _Lazy(RotatingFileHandler):
    """Makes its folder when there is something to write; a full or read-only disk ends nothing."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
            super().emit(record)
        except OSError:
            return

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: the failure to log must not hide what was to be logged."""
