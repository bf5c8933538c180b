"""Arrays kept in the data folder, so that slow text and downloads are read once; each file is checked by its hash."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

MANIFEST = "manifest.json"


def data_set_folder(folder: Path, key: str) -> Path:
    """Where a data set keeps its files inside the data folder."""
    return folder / "datasets" / key


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` when the block ends well, and leaves nothing behind when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_cached(folder: Path) -> bool:
    """Whether arrays were written here (their hashes are checked when they are read)."""
    return (folder / MANIFEST).is_file()


def write_cached(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Keep arrays as .npy; the manifest with their hashes comes last, so a half-written cache is no cache."""
    hashes = {}
    for name, array in arrays.items():
        path = folder / f"{name}.npy"
        with replacing(path) as file:
            np.save(file, array)
        hashes[name] = sha256_of(path)
    with replacing(folder / MANIFEST) as file:
        file.write(json.dumps(hashes, indent=1).encode())


def read_cached(folder: Path) -> dict[str, np.ndarray] | None:
    """The arrays kept here; None when there are none or when one byte of them has changed."""
    try:
        hashes = json.loads((folder / MANIFEST).read_bytes())
        # The hash comes first: a damaged header must not make the reader ask for memory.
        if not all(sha256_of(folder / f"{name}.npy") == expected for name, expected in hashes.items()):
            return None
        return {name: np.load(folder / f"{name}.npy") for name in hashes}
    except (OSError, ValueError, AttributeError):
        return None
