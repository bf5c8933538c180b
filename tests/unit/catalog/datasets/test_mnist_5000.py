from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.catalog.datasets import mnist_5000
from core.catalog.datasets.cache import data_set_folder
from core.catalog.datasets.dataset import Samples
from core.catalog.datasets.mnist_5000 import MNIST5000
from core.text import Text


def bundled(label: int) -> dict[str, np.ndarray]:
    return {
        "inputs": np.full((5, 1, 28, 28), label, np.uint8),
        "targets": np.full(5, label, np.int64),
    }


def load(folder: Path) -> Samples:
    return MNIST5000().load(folder)


def test_the_slow_text_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mnist_5000, "bundled_images", lambda: bundled(3))
    load(tmp_path)
    monkeypatch.setattr(mnist_5000, "bundled_images", lambda: pytest.fail("the text was read again"))
    again = load(tmp_path)
    assert again.targets.tolist() == [3] * 5
    assert again.inputs.max() == 3


def test_a_changed_byte_in_the_cache_is_noticed_and_the_text_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist_5000, "bundled_images", lambda: bundled(3))
    load(tmp_path)
    path = data_set_folder(tmp_path, "mnist_5000") / "inputs.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    monkeypatch.setattr(mnist_5000, "bundled_images", lambda: bundled(4))
    assert load(tmp_path).targets.tolist() == [4] * 5
    assert load(tmp_path).inputs.max() == 4


def test_without_a_writable_folder_the_images_are_there_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist_5000, "bundled_images", lambda: bundled(3))
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    assert load(blocked).targets.tolist() == [3] * 5


def test_progress_ends_at_one(session_folder: Path) -> None:
    heard: list[tuple[float, Text]] = []
    samples = MNIST5000().load(session_folder / "data", 0, lambda fraction, doing: heard.append((fraction, doing)))
    assert heard[-1][0] == 1
    assert np.bincount(samples.targets).tolist() == [500] * 10
