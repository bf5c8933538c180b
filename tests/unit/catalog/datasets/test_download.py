"""The download path, end to end: a local server, tiny files in the published formats, the real reader."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from core.catalog.datasets import download
from core.catalog.datasets.cifar10 import CIFAR10
from core.catalog.datasets.download import MIRROR, Published, Unavailable
from core.catalog.datasets.mnist import MNIST, FashionMNIST, IdxImages
from core.text import Text

NAMES = list(MNIST.sizes)


def ask_at(monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]) -> None:
    """MNIST is looked for at these addresses."""
    elsewhere = Published(addresses, MNIST().published().md5)
    monkeypatch.setattr(MNIST, "published", lambda _: elsewhere)


def left_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def assert_refused(folder: Path, *, because: str) -> Unavailable:
    """Loading MNIST fails with a reason and with data sets that work, and leaves nothing behind."""
    with pytest.raises(Unavailable) as caught:
        MNIST().load(folder)
    assert because in str(caught.value.why)
    assert "digits" in str(caught.value.fix)
    assert "moons" in str(caught.value.fix)
    assert "cifar10" not in str(caught.value.fix)
    assert left_in(folder) == []
    assert MNIST().available(folder) is not None
    return caught.value


def test_mnist_arrives_from_a_server_and_is_then_read_without_one(mnist_online, tmp_path: Path) -> None:
    assert "downloaded once" in str(MNIST().available(tmp_path))
    samples = MNIST().load(tmp_path)
    assert samples.inputs.shape == (60, 1, 28, 28)
    assert samples.targets.tolist() == [*(i % 10 for i in range(40)), *(i % 10 for i in range(20))]
    assert samples.parts is not None
    assert samples.parts["test"].tolist() == list(range(40, 60))
    assert MNIST().available(tmp_path) is None
    mnist_online.files.clear()
    assert np.array_equal(MNIST().load(tmp_path).inputs, samples.inputs)
    assert len(mnist_online.requests) == 4


def test_mnist_and_fashion_mnist_do_not_share_their_files(mnist_online, tmp_path: Path) -> None:
    MNIST().load(tmp_path)
    assert FashionMNIST().available(tmp_path) is not None
    FashionMNIST().load(tmp_path)
    assert len(mnist_online.requests) == 8


def test_progress_rises_to_one_and_says_what_is_done(mnist_online, tmp_path: Path) -> None:
    heard: list[tuple[float, Text]] = []
    MNIST().load(tmp_path, 0, lambda fraction, doing: heard.append((fraction, doing)))
    fractions = [fraction for fraction, _ in heard]
    assert fractions == sorted(fractions)
    assert fractions[0] > 0
    assert fractions[-1] == 1
    assert str(heard[0][1]) == "Downloading MNIST"


def test_a_wrong_checksum_is_said_and_nothing_is_kept(mnist_online, tmp_path: Path) -> None:
    name = f"/{NAMES[1]}"
    mnist_online.files[name] = mnist_online.files[name][:-1] + b"?"
    assert_refused(tmp_path, because="checksum differs")


def test_a_download_that_breaks_off_is_said_and_nothing_is_kept(mnist_online, tmp_path: Path) -> None:
    name = NAMES[0]
    mnist_online.cut.add(f"/{name}")
    assert_refused(tmp_path, because=f"of {MNIST.sizes[NAMES[0]]} bytes")


def test_a_missing_file_is_said_and_nothing_is_kept(mnist_online, tmp_path: Path) -> None:
    del mnist_online.files[f"/{NAMES[2]}"]
    assert_refused(tmp_path, because="404")


def test_a_file_far_larger_than_published_is_not_read_to_its_end(mnist_online, tmp_path: Path) -> None:
    mnist_online.files[f"/{NAMES[0]}"] = bytes(20 * MNIST.sizes[NAMES[0]])
    assert_refused(tmp_path, because="more than was published")


def test_offline_the_error_names_the_data_sets_that_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ask_at(monkeypatch, (f"http://127.0.0.1:{closed.getsockname()[1]}/",))
        monkeypatch.setenv("no_proxy", "*")
        error = assert_refused(tmp_path, because="cannot be reached")
    assert error.exit_code == 2
    assert str(error.what) == "MNIST could not be downloaded; nothing was kept."


def test_a_second_address_is_tried_when_the_first_fails(
    mnist_online, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_at(monkeypatch, (f"{mnist_online.address}gone/", mnist_online.address))
    assert len(MNIST().load(tmp_path).inputs) == 60


def test_a_mirror_of_ones_own_is_asked_instead(mnist_online, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mnist_online.files = {f"/school/mnist{name}": content for name, content in mnist_online.files.items()}
    ask_at(monkeypatch, ("http://127.0.0.1:1/",))
    monkeypatch.setenv(MIRROR, f"{mnist_online.address}school")
    assert len(MNIST().load(tmp_path).inputs) == 60


def test_a_cancelled_download_leaves_nothing(mnist_online, tmp_path: Path) -> None:
    class Cancelled(Exception):
        """What a job raises from its progress."""

    def cancel(fraction: float, doing: Text) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        MNIST().load(tmp_path, 0, cancel)
    assert left_in(tmp_path) == []


def test_what_a_killed_process_left_is_removed(mnist_online, tmp_path: Path) -> None:
    half = tmp_path / "datasets" / ".mnist.arriving" / "half"
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    MNIST().load(tmp_path)
    assert not half.parent.exists()


def test_a_folder_that_cannot_be_written_is_said(mnist_online, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(Unavailable, match="data folder cannot be written"):
        MNIST().load(blocked)


def test_a_server_that_says_nothing_is_given_up(mnist_online, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT_S", 0.05)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        ask_at(monkeypatch, (f"http://127.0.0.1:{silent.getsockname()[1]}/",))
        assert_refused(tmp_path, because="timed out")


def test_a_mirror_that_is_no_address_is_said(mnist_online, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MIRROR, "the cupboard")
    assert_refused(tmp_path, because="cannot be reached")


@pytest.mark.parametrize("cls", [MNIST, FashionMNIST])
def test_addresses_and_checksums_are_the_ones_torchvision_lists(cls: type[IdxImages]) -> None:
    theirs = getattr(datasets, cls.__name__)
    published = cls().published()
    assert list(published.addresses) == theirs.mirrors
    assert [(name, published.md5[name]) for name in cls.sizes] == theirs.resources
    assert [name.split(" - ")[0] for name in theirs.classes] == list(cls.class_names)


def test_cifar_10_lies_beside_the_archive_that_torchvision_lists() -> None:
    published = CIFAR10().published()
    assert datasets.CIFAR10.url.startswith(published.addresses)
    assert set(published.md5) == set(CIFAR10.sizes)


def test_without_a_working_torchvision_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torchvision", None)
    assert_refused(tmp_path, because="torchvision, which lists addresses and checksums, cannot be loaded")


def test_downloaded_files_are_compared_with_what_was_published_not_with_what_came(
    mnist_online, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = Published(MNIST().published().addresses, dict.fromkeys(NAMES, "0" * 32))
    monkeypatch.setattr(MNIST, "published", lambda _: published)
    assert_refused(tmp_path, because="checksum differs")
