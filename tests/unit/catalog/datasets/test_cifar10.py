from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.catalog.datasets.cifar10 import ARCHIVE, CIFAR10, MEMBERS
from core.errors import BadInput
from tests.unit.catalog.datasets.conftest import cifar_bytes, tiny_cifar


def decoded(folder: Path, content: bytes) -> dict[str, np.ndarray]:
    (folder / ARCHIVE).write_bytes(content)
    return CIFAR10().decode(folder)


def test_cifar_10_arrives_from_a_server_with_its_official_test_split(cifar_online, tmp_path: Path) -> None:
    samples = CIFAR10().load(tmp_path)
    assert samples.inputs.shape == (120, 3, 32, 32)
    assert samples.parts is not None
    assert samples.parts["test"].tolist() == list(range(100, 120))
    cifar_online.files.clear()
    assert np.array_equal(CIFAR10().load(tmp_path).inputs, samples.inputs)


def test_a_record_is_a_label_and_a_red_a_green_and_a_blue_plane(tmp_path: Path) -> None:
    record = bytes([7, *([10] * 1024), *([20] * 1024), *([30] * 1024)])
    arrays = decoded(tmp_path, cifar_bytes(dict.fromkeys(MEMBERS, record)))
    assert arrays["targets"].tolist() == [7] * 6
    assert arrays["inputs"][0].mean(axis=(1, 2)).tolist() == [10, 20, 30]
    first_row = bytes([0, *range(32), *([0] * 3040)])
    arrays = decoded(tmp_path, cifar_bytes(dict.fromkeys(MEMBERS, first_row)))
    assert arrays["inputs"][0, 0, 0].tolist() == list(range(32))


def test_nothing_is_extracted_to_disk_whatever_else_the_archive_holds(tmp_path: Path) -> None:
    decoded(tmp_path, cifar_bytes({"../escaped": b"x", **tiny_cifar()}))
    assert [path.name for path in tmp_path.iterdir()] == [ARCHIVE]
    assert not (tmp_path.parent / "escaped").exists()


@pytest.mark.parametrize(
    ("member", "why"),
    [(b"", "impossible size"), (bytes(3072), "impossible size"), (bytes(10_001 * 3073), "impossible size"),
     (bytes([10]) + bytes(3072), "label above 9"), (None, "missing")],
)  # fmt: skip
def test_an_archive_that_is_not_what_it_should_be_is_refused(tmp_path: Path, member: bytes | None, why: str) -> None:
    members = tiny_cifar(10)
    del members[MEMBERS[2]]
    if member is not None:
        members[MEMBERS[2]] = member
    with pytest.raises(BadInput, match=why):
        decoded(tmp_path, cifar_bytes(members))


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    content = cifar_bytes(tiny_cifar())
    for damaged in (content[: len(content) // 2], b"no archive at all"):
        with pytest.raises(BadInput, match="damaged or incomplete"):
            decoded(tmp_path, damaged)
