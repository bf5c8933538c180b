from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.catalog.datasets.cache import is_cached, read_cached, replacing, write_cached

ARRAYS = {"inputs": np.arange(12, dtype=np.uint8).reshape(3, 4), "targets": np.arange(3)}


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    assert not is_cached(tmp_path)
    assert read_cached(tmp_path) is None
    write_cached(tmp_path, ARRAYS)
    assert is_cached(tmp_path)
    kept = read_cached(tmp_path)
    assert kept is not None
    assert all(np.array_equal(kept[name], array) and kept[name].dtype == array.dtype for name, array in ARRAYS.items())


def test_a_file_that_fails_half_way_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail_half_way() -> None:
        with replacing(path) as file:
            file.write(b"half of the new")
            raise KeyError

    with pytest.raises(KeyError):
        fail_half_way()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "missing", "manifest"])
def test_a_damaged_cache_is_no_cache(tmp_path: Path, damage: str) -> None:
    write_cached(tmp_path, ARRAYS)
    path = tmp_path / "inputs.npy"
    content = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(content[:-1])
    elif damage == "flipped":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "missing":
        path.unlink()
    else:
        (tmp_path / "manifest.json").write_text("[1, 2")
    assert read_cached(tmp_path) is None


def test_a_header_that_asks_for_much_memory_is_never_read(tmp_path: Path) -> None:
    write_cached(tmp_path, ARRAYS)
    path = tmp_path / "inputs.npy"
    path.write_bytes(path.read_bytes().replace(b"(3, 4)", b"(99999999999999, 4)"))
    assert read_cached(tmp_path) is None


def test_a_crash_before_the_manifest_leaves_no_cache(tmp_path: Path) -> None:
    write_cached(tmp_path, ARRAYS)
    hashes = json.loads((tmp_path / "manifest.json").read_text())
    np.save(tmp_path / "inputs.npy", ARRAYS["inputs"] + 1)
    assert set(hashes) == set(ARRAYS)
    assert read_cached(tmp_path) is None
