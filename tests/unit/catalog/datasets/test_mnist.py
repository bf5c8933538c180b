from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.catalog.datasets.mnist import FashionMNIST, _pair
from core.errors import BadInput
from tests.unit.catalog.datasets.conftest import idx_bytes, tiny_mnist

NO_DEBIAN = "Debian's Fashion-MNIST is not installed; get it with: apt install dataset-fashion-mnist"


def test_fashion_mnist_is_read_from_the_folder_of_debians_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    debian = tmp_path / "fashion-mnist"
    debian.mkdir()
    monkeypatch.setattr(FashionMNIST, "debian", debian)
    data = tmp_path / "data"
    assert FashionMNIST().available(data) is not None
    for name, content in tiny_mnist().items():
        (debian / name).write_bytes(content)
    assert FashionMNIST().available(data) is None
    samples = FashionMNIST().load(data)
    assert samples.inputs.shape == (60, 1, 28, 28)
    assert not data.exists()


@pytest.mark.skipif(FashionMNIST().installed() is None, reason=NO_DEBIAN)
def test_debians_files_are_all_of_fashion_mnist() -> None:
    samples = FashionMNIST().load(Path("unused"))
    facts = FashionMNIST().facts()
    assert samples.bytes == facts.bytes
    assert samples.parts is not None
    test = samples.parts["test"]
    assert np.bincount(samples.targets[: facts.num_train_pool]).tolist() == [6000] * 10
    assert np.bincount(samples.targets[test]).tolist() == [1000] * 10
    assert samples.targets[:5].tolist() == [9, 0, 0, 3, 0]


@pytest.mark.parametrize(
    ("images", "labels"),
    [((3, 28, 28), [0, 1]), ((2, 28, 27), [0, 1]), ((2, 28, 28), [0, 10]), ((0, 28, 28), [])],
)
def test_images_and_labels_that_do_not_fit_together_are_refused(
    tmp_path: Path, images: tuple[int, ...], labels: list[int]
) -> None:
    (tmp_path / "images.gz").write_bytes(idx_bytes(np.zeros(images, np.uint8)))
    (tmp_path / "labels.gz").write_bytes(idx_bytes(np.array(labels, np.uint8)))
    with pytest.raises(BadInput, match="fit together"):
        _pair(tmp_path / "images.gz", tmp_path / "labels.gz", 100)
