"""Decoding happens in a process of its own, with limits that hold."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import BadInput
from core.uploads import child
from core.uploads.child import decode_apart
from core.uploads.decode import decoded
from core.uploads.limits import MAX_FILE_BYTES
from tests.unit.uploads.files import GOOD, image, images, npy, zipped


def test_the_child_gives_what_decoding_here_gives(tmp_path: Path):
    content = GOOD["colour.zip"]
    here, apart = decoded("colour.zip", content), decode_apart("colour.zip", content, tmp_path)
    assert np.array_equal(here.inputs, apart.inputs)
    assert np.array_equal(here.targets, apart.targets)
    assert here.class_names == apart.class_names


def test_a_refusal_comes_back_in_its_own_words(tmp_path: Path):
    with pytest.raises(BadInput) as caught:
        decode_apart("cats.zip", images("cats", num=24), tmp_path)
    assert caught.value.why.template == "It holds {num:,} classes; 2 to {most} can be told apart here."
    assert caught.value.why.values["num"] == 1


def test_a_file_above_the_limit_is_refused_unread(tmp_path: Path):
    with pytest.raises(BadInput, match="more than 20 MB"):
        decode_apart("large.zip", bytes(MAX_FILE_BYTES + 1), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["ta\0ble.csv", "ta\ud800ble.csv", "a" * 10_000])
def test_a_name_that_no_command_line_takes_is_no_harm(tmp_path: Path, name: str):
    assert len(decode_apart(name, GOOD["table.csv"], tmp_path).targets) == 24


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no memory of a process")
def test_images_that_are_large_only_together_fit(tmp_path: Path):
    """Each takes 16 MB unpacked, and one is held at a time."""
    photograph = image(side=2000, mode="RGB")
    content = zipped({f"{name}/{place}.png": photograph for name in "ab" for place in range(12)})
    assert len(decode_apart("photographs.zip", content, tmp_path, memory_bytes=300_000_000).inputs) == 24


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no memory of a process")
def test_what_takes_too_much_memory_ends_the_child_and_nothing_else(tmp_path: Path):
    with pytest.raises(BadInput, match="more memory or time"):
        decode_apart("hungry.zip", GOOD["colour.zip"], tmp_path, memory_bytes=60_000_000)


def test_what_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(child, "CLOCK_S", 0.01)
    with pytest.raises(BadInput, match="more memory or time"):
        decode_apart("slow.zip", GOOD["cats.zip"], tmp_path)


def test_images_are_told_as_they_are_read(tmp_path: Path):
    shares: list[float] = []
    decoded("colour.zip", GOOD["colour.zip"], shares.append)
    assert shares == [place / 24 for place in range(24)]


def test_whoever_hears_how_far_it_is_can_break_it_off(tmp_path: Path):
    def enough(share: float) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        decode_apart("cats.zip", GOOD["cats.zip"], tmp_path, enough)


@pytest.mark.parametrize(("written", "share"), [("0.25", 0.25), ("7", 1.0), ("", 0.0), ("half", 0.0), (None, 0.0)])
def test_what_the_child_says_of_how_far_it_is_is_a_share_whatever_it_writes(tmp_path: Path, written, share):
    if written is not None:
        (tmp_path / "share").write_text(written)
    assert child._share(tmp_path / "share") == share


def test_what_the_child_writes_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A decoder that was taken over writes what it likes."""

    def taken_over(*_):
        (tmp_path / "inputs.npy").write_bytes(npy("{'descr': '|O', 'fortran_order': False, 'shape': (30,), }"))
        np.save(tmp_path / "targets.npy", np.arange(30))
        (tmp_path / "said.json").write_text('{"class_names": ["a", "b"], "feature_names": []}')
        return 0

    monkeypatch.setattr(child, "_run", taken_over)
    with pytest.raises(BadInput, match="kind"):
        decode_apart("odd.zip", GOOD["cats.zip"], tmp_path)
