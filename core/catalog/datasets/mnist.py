"""MNIST and Fashion-MNIST: 60 000 training and 10 000 test images of 28 × 28 pixels in idx files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from core.catalog.datasets.dataset import DataFacts
from core.catalog.datasets.download import Downloaded, Published
from core.catalog.datasets.idx import read_idx
from core.catalog.registry import register
from core.errors import BadInput
from core.text import Text

NUM_TRAIN, NUM_TEST = 60_000, 10_000
SIDE = 28


class IdxImages(Downloaded):
    """Ten classes of grey images in four idx files: training images, training labels, test images, test labels."""

    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "image"
    formula: ClassVar[str] = r"x \in \{0, \dots, 255\}^{1 \times 28 \times 28} / 255, \quad y \in \{0, \dots, 9\}"
    class_names: ClassVar[tuple[str, ...]]
    smallest_class: ClassVar[int]
    """Training images of the rarest class."""
    torchvision_name: ClassVar[str]
    """The class of torchvision.datasets that lists addresses and checksums."""

    def published(self) -> Published:
        # Importing torchvision takes seconds.
        from torchvision import datasets

        listed = getattr(datasets, self.torchvision_name)
        return Published(tuple(listed.mirrors), dict(listed.resources))

    def facts(self) -> DataFacts:
        return DataFacts(
            input_shape=(1, SIDE, SIDE),
            num_outputs=10,
            class_names=self.class_names,
            num_train_pool=NUM_TRAIN,
            num_validation=None,
            num_test=NUM_TEST,
            bytes=(NUM_TRAIN + NUM_TEST) * (SIDE * SIDE + 8),
            download_bytes=sum(self.sizes.values()),
            smallest_class=self.smallest_class,
        )

    def decode(self, folder: Path) -> dict[str, np.ndarray]:
        train_images, train_labels, test_images, test_labels = (folder / name for name in self.sizes)
        images, labels = _pair(train_images, train_labels, NUM_TRAIN)
        test_images, test_labels = _pair(test_images, test_labels, NUM_TEST)
        return {
            "inputs": np.concatenate([images, test_images])[:, None],
            "targets": np.concatenate([labels, test_labels]).astype(np.int64),
            "test": np.arange(len(labels), len(labels) + len(test_labels), dtype=np.int64),
        }


def _pair(image_path: Path, label_path: Path, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 28, 28) and labels (n,) that fit together; n is at most `limit`."""
    images = read_idx(image_path, 3, limit * SIDE * SIDE)
    labels = read_idx(label_path, 1, limit)
    if images.shape != (len(labels), SIDE, SIDE) or not len(labels) or labels.max() > 9:
        raise BadInput(
            Text("{images} and {labels} do not fit together.", images=image_path.name, labels=label_path.name),
            Text("There must be one label from 0 to 9 for each image of 28 × 28 pixels."),
            Text("Remove both or install them again."),
        )
    return images, labels


@register
class MNIST(IdxImages):
    """70 000 handwritten digits."""

    key: ClassVar[str] = "mnist"
    more: ClassVar[bool] = True
    title: ClassVar[str] = "MNIST"
    see: ClassVar[str] = "mnist_3000"
    why: ClassVar[str] = (
        "The field's common ruler for a quarter of a century: every paper's number can be compared with yours."
    )
    choose: ClassVar[str] = "To compare with published results; MNIST-5000 is twelve times as quick."
    source: ClassVar[str] = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition, section III.A"
    class_names: ClassVar[tuple[str, ...]] = tuple("0123456789")
    are_signs: ClassVar[bool | None] = True
    smallest_class: ClassVar[int] = 5_421
    torchvision_name: ClassVar[str] = "MNIST"
    sizes: ClassVar[Mapping[str, int]] = {
        "train-images-idx3-ubyte.gz": 9_912_422,
        "train-labels-idx1-ubyte.gz": 28_881,
        "t10k-images-idx3-ubyte.gz": 1_648_877,
        "t10k-labels-idx1-ubyte.gz": 4_542,
    }


@register
class FashionMNIST(IdxImages):
    """70 000 pictures of clothes."""

    key: ClassVar[str] = "fashion_mnist"
    title: ClassVar[str] = "Fashion-MNIST"
    see: ClassVar[str] = "clothes"
    why: ClassVar[str] = (
        "As small as MNIST and much harder: differences between networks show in points, not in tenths."
    )
    choose: ClassVar[str] = "When MNIST is too easy, and to see that flips help clothes and hurt digits."
    source: ClassVar[str] = "Xiao, Rasul and Vollgraf 2017, Fashion-MNIST, section 2"
    class_names: ClassVar[tuple[str, ...]] = (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    )
    smallest_class: ClassVar[int] = 6_000
    torchvision_name: ClassVar[str] = "FashionMNIST"
    sizes: ClassVar[Mapping[str, int]] = {
        "train-images-idx3-ubyte.gz": 26_421_880,
        "train-labels-idx1-ubyte.gz": 29_515,
        "t10k-images-idx3-ubyte.gz": 4_422_102,
        "t10k-labels-idx1-ubyte.gz": 5_148,
    }
    debian: ClassVar[Path] = Path("/usr/share/datasets/fashion-mnist")
    """Where Debian's package dataset-fashion-mnist puts the same files."""

    def installed(self) -> Path | None:
        return self.debian if all((self.debian / name).is_file() for name in self.sizes) else None
