"""The data folder: where it is, what lies where in it, and the write lock that one process at a time holds."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from core.errors import BadInput, CoreError, Refused
from core.store.ids import checked_id
from core.text import Text

ENVIRONMENT_VARIABLE = "SADDLEPOINT_DATA"
DATABASE_VARIABLE = "SADDLEPOINT_DATABASE"
_RESERVE_BYTES = 4 * 2**20


@dataclass(frozen=True)
class DataFolder:
    """Everything this program writes lies under `path` (absolute)."""

    path: Path

    @classmethod
    def find(cls, argument: str | os.PathLike[str] | None = None) -> DataFolder:
        """`argument` (from `--data`), else $SADDLEPOINT_DATA, else the platform's user-data folder. Makes nothing."""
        chosen = os.fspath(argument) if argument else os.environ.get(ENVIRONMENT_VARIABLE)
        if chosen:
            try:
                path = Path(chosen).expanduser().resolve()
                usable = path.is_dir() or not path.exists()
            except (OSError, ValueError, RuntimeError):
                path, usable = Path(), False
            if not usable:
                raise BadInput(
                    Text("“{folder}” cannot be the data folder.", folder=chosen),
                    Text("It is not the name of a folder."),
                    Text("Give a folder with --data DIR or {variable}.", variable=ENVIRONMENT_VARIABLE),
                )
            return cls(path)
        from platformdirs import user_data_path

        return cls(user_data_path("saddlepoint", appauthor=False).resolve())

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.path / "saddlepoint.sqlite3"

    @property
    def database_url(self) -> str:
        """$SADDLEPOINT_DATABASE (a PostgreSQL URL), else the SQLite file in this folder."""
        return os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{self.database}"

    @property
    def optuna(self) -> Path:
        """The SQLite file in which Optuna keeps the searches, where they are not kept in PostgreSQL."""
        return self.path / "optuna.db"

    @property
    def runs(self) -> Path:
        """One folder a run."""
        return self.path / "runs"

    def run(self, run: str) -> Path:
        """The folder of one run; BadInput when `run` has not the form of an id."""
        return self.runs / checked_id(run)

    def snapshots(self, run: str) -> Path:
        """The folder of one run's snapshots."""
        return self.run(run) / "snapshots"

    @property
    def datasets(self) -> Path:
        """Downloaded and converted data sets; may be deleted at any time."""
        return self.path / "datasets"

    @property
    def own_data(self) -> Path:
        """Data sets that people have brought, a folder each."""
        return self.path / "own_data"

    @property
    def lessons(self) -> Path:
        """Lessons that were written here, a file each."""
        return self.path / "lessons"

    @property
    def room(self) -> Path:
        """Who has joined in class mode, and with which code; only the owner of the folder can read it."""
        return self.path / "room.json"

    @property
    def logs(self) -> Path:
        """Log files with the tracebacks that readers are spared."""
        return self.path / "logs"

    @property
    def reserve(self) -> Path:
        """A few megabytes kept so that runs can be deleted while the disk is full."""
        return self.path / "reserve"

    def prepare(self) -> Self:
        """Make the folder and its parts; CoreError when it cannot be written."""
        try:
            for part in (self.path, self.runs, self.datasets, self.logs):
                part.mkdir(parents=True, exist_ok=True)
            probe = self.path / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise unwritable(self.path, error) from error
        return self

    def fill_reserve(self) -> None:
        """Keep the reserve's room unless it is kept; not on a disk with little of it, where that would do harm."""
        with suppress(OSError):
            if self._reserved_bytes < _RESERVE_BYTES and shutil.disk_usage(self.path).free > 2 * _RESERVE_BYTES:
                with self.reserve.open("wb") as file:
                    if sys.platform == "linux":  # Room is had without anything being written.
                        os.posix_fallocate(file.fileno(), 0, _RESERVE_BYTES)
                    else:
                        file.write(bytes(_RESERVE_BYTES))

    @property
    def _reserved_bytes(self) -> int:
        try:
            return self.reserve.stat().st_size
        except FileNotFoundError:
            return 0

    def release_reserve(self) -> bool:
        """Give the reserve's room back to the disk; False when there was none."""
        with suppress(OSError):
            had = self.reserve.stat().st_size > 0
            os.truncate(self.reserve, 0)
            return had
        return False


def unwritable(path: Path, error: OSError) -> CoreError:
    """The error for a folder that cannot be written."""
    return CoreError(
        Text("The data folder {folder} cannot be written.", folder=str(path)),
        Text("The system says: {reason}.", reason=error.strerror or str(error)),
        Text("Free some room, change its permissions, or choose another folder with --data DIR."),
    )


@dataclass(frozen=True)
class Holder:
    """Who holds the write lock: process id, start (UTC) and command line."""

    pid: int
    start: datetime
    command: str

    def write(self, path: Path) -> None:
        """Store it beside the lock, whole or not at all."""
        stored = {"pid": self.pid, "start": self.start.isoformat(), "command": self.command}
        temporary = path.with_name(f"{path.name}.{self.pid}")
        temporary.write_text(json.dumps(stored), encoding="utf-8")
        temporary.replace(path)

    @classmethod
    def read(cls, path: Path) -> Holder | None:
        """What the holder wrote; None when it is missing, unreadable or left behind by a process that ended."""
        import psutil

        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            holder = cls(int(stored["pid"]), datetime.fromisoformat(stored["start"]), str(stored["command"]))
            process_start = psutil.Process(holder.pid).create_time()
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None
        # A later process may have got the same pid; one second of play for clocks that were adjusted.
        return holder if process_start <= holder.start.timestamp() + 1 else None


class WriteLock:
    """The right to write into a data folder. It ends with `release()` or with the process, however that dies."""

    def __init__(self, folder: DataFolder, lock: FileLock) -> None:
        self.folder = folder
        self._lock = lock

    @classmethod
    def acquire(cls, folder: DataFolder, timeout_s: float = 1.0) -> WriteLock:
        """Take the lock (at most 2 s are waited); Refused names the process that has it. Makes the folder."""
        folder.prepare()
        deadline = time.monotonic() + min(timeout_s, 2.0)
        lock = FileLock(cls.file(folder), thread_local=False)
        try:
            lock.acquire(timeout=max(0.0, min(timeout_s, 2.0) - 0.3), poll_interval=0.05)
            cls._leave_note(folder)
        except Timeout:
            raise in_use(folder, cls._holder(folder, deadline)) from None
        except OSError as error:
            lock.release()
            raise unwritable(folder.path, error) from error
        return cls(folder, lock)

    @staticmethod
    def file(folder: DataFolder) -> Path:
        """The file that is locked; it is there once a process has written into the folder."""
        return folder.path / "write.lock"

    @staticmethod
    def _note(folder: DataFolder) -> Path:
        return folder.path / "write.lock.json"

    @classmethod
    def _leave_note(cls, folder: DataFolder) -> None:
        holder = Holder(os.getpid(), datetime.now(UTC), command_line())
        try:
            holder.write(cls._note(folder))
        except OSError:
            # On a full disk the reserve makes room, so that the program can start and runs be deleted.
            if not folder.release_reserve():
                raise
            holder.write(cls._note(folder))

    @classmethod
    def _holder(cls, folder: DataFolder, deadline: float) -> Holder | None:
        """The holder's note; one that took the lock just now gets until the deadline to write it."""
        while (holder := Holder.read(cls._note(folder))) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        return holder

    @classmethod
    def is_taken(cls, folder: DataFolder) -> bool:
        """Whether a living process says that it writes here; asked without the lock, by those who only read."""
        return Holder.read(cls._note(folder)) is not None

    def release(self) -> None:
        """Let others write. A second call does nothing."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._note(self.folder).unlink(missing_ok=True)
            self._lock.release()

    @property
    def held(self) -> bool:
        """Whether this process still has it."""
        return self._lock.is_locked

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


def command_line() -> str:
    """The command of this process, as the holder's note shows it."""
    return " ".join([Path(sys.executable).name, *sys.argv])[:500]


def in_use(folder: DataFolder, holder: Holder | None) -> Refused:
    """The error for a folder that another process writes."""
    why = (
        Text(
            "Process {pid} has written it since {start} UTC: {command}",
            pid=holder.pid,
            start=f"{holder.start.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            command=holder.command,
        )
        if holder
        else Text("A process that left no note of its number holds the write lock.")
    )
    return Refused(
        Text("The data folder {folder} is in use.", folder=str(folder.path)),
        why,
        Text("End that process first, or choose another folder with --data DIR."),
    )
