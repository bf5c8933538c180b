from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from core.catalog.datasets.idx import read_idx
from core.errors import BadInput

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(gzip.compress(content))
    return path


def idx(array: np.ndarray) -> bytes:
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def test_an_array_is_read_back(tmp_path: Path) -> None:
    assert np.array_equal(read_idx(written(tmp_path / "a.gz", idx(IMAGES)), 3, 24), IMAGES)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (idx(IMAGES)[:-1], "holds another number"),
        (idx(IMAGES) + b"x", "holds another number"),
        (idx(IMAGES[0]), "begin like an idx file"),
        (struct.pack(">HBB", 0, 13, 3) + bytes(24), "begin like an idx file"),
        (struct.pack(">HBB3I", 0, 8, 3, 60_000, 60_000, 60_000), "announces 216000000000000 bytes"),
        (b"\0\0", "damaged"),
        (b"", "damaged"),
    ],
)
def test_a_file_that_lies_is_refused_with_its_reason(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        read_idx(written(tmp_path / "a.gz", content), 3, 24)


def test_a_file_that_is_not_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(idx(IMAGES))
    with pytest.raises(BadInput, match="damaged"):
        read_idx(path, 3, 24)
    path.write_bytes(gzip.compress(idx(IMAGES))[:-9])
    with pytest.raises(BadInput, match="damaged"):
        read_idx(path, 3, 24)
