"""Deleting a run's folder together with its rows, so that a crash leaves either the whole run or none of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from core.errors import CoreError
from core.store.folder import DataFolder
from core.store.ids import is_id

_DELETED = ".deleted-"


def delete_run(folder: DataFolder, run: str, delete_rows: Callable[[], None]) -> None:
    """Delete a run's folder and, by `delete_rows`, its rows; works while the disk is full.

    The folder's name is changed first: by it `finish_deletions` knows what a crash has left.
    """
    place, away = folder.run(run), folder.runs / f"{_DELETED}{run}"
    if place.exists():
        place.rename(away)
    try:
        delete_rows()
    except CoreError as error:
        if error.exit_code != CoreError.exit_code or not away.exists():
            _move_back(away, place)
            raise
        # The disk is so full that only the snapshots' room can help.
        shutil.rmtree(away, ignore_errors=True)
        delete_rows()
    shutil.rmtree(away, ignore_errors=True)


def finish_deletions(folder: DataFolder, has_rows: Callable[[str], bool]) -> None:
    """Undo or finish the deletions in whose midst a process ended."""
    for away in folder.runs.glob(f"{_DELETED}*"):
        run = away.name.removeprefix(_DELETED)
        if is_id(run) and has_rows(run):
            _move_back(away, folder.run(run))
        else:
            shutil.rmtree(away, ignore_errors=True)


def _move_back(away: Path, place: Path) -> None:
    if away.exists() and not place.exists():
        away.rename(place)
