"""CIFAR-10 in its binary version: plain bytes, so that reading it can execute nothing."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from core.catalog.datasets.dataset import DataFacts
from core.catalog.datasets.download import Downloaded, Published
from core.catalog.registry import register
from core.errors import BadInput
from core.text import Text

ARCHIVE = "cifar-10-binary.tar.gz"
SHAPE = (3, 32, 32)
RECORD_BYTES = 1 + 3 * 32 * 32
NUM_IN_FILE = 10_000
MEMBERS = (*(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)), "cifar-10-batches-bin/test_batch.bin")


@register
class CIFAR10(Downloaded):
    """60 000 colour photographs of 32 × 32 pixels."""

    key: ClassVar[str] = "cifar10"
    title: ClassVar[str] = "CIFAR-10"
    see: ClassVar[str] = "photographs"
    why: ClassVar[str] = "Small photographs: colour, background and pose make it the smallest set on which depth pays."
    choose: ClassVar[str] = "For deep convolutional networks, best with a GPU; one epoch takes minutes without."
    formula: ClassVar[str] = r"x \in \{0, \dots, 255\}^{3 \times 32 \times 32} / 255, \quad y \in \{0, \dots, 9\}"
    source: ClassVar[str] = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images, section 3"
    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "image"
    more: ClassVar[bool] = True
    sizes: ClassVar[Mapping[str, int]] = {ARCHIVE: 170_052_171}

    def published(self) -> Published:
        # torchvision lists only the archive of pickles; this is its neighbour on the authors' page.
        return Published(("https://www.cs.toronto.edu/~kriz/",), {ARCHIVE: "c32a1d4ab5d03f1284b67883e8d87530"})

    def facts(self) -> DataFacts:
        return DataFacts(
            input_shape=SHAPE,
            num_outputs=10,
            class_names=(
                "airplane",
                "automobile",
                "bird",
                "cat",
                "deer",
                "dog",
                "frog",
                "horse",
                "ship",
                "truck",
            ),
            num_train_pool=50_000,
            num_validation=None,
            num_test=10_000,
            bytes=60_000 * (RECORD_BYTES - 1 + 8),
            download_bytes=sum(self.sizes.values()),
            smallest_class=5_000,
        )

    def decode(self, folder: Path) -> dict[str, np.ndarray]:
        parts = _records(folder / ARCHIVE)
        records = np.concatenate(parts)
        num_test = len(parts[-1])
        return {
            "inputs": np.ascontiguousarray(records[:, 1:]).reshape(-1, *SHAPE),
            "targets": records[:, 0].astype(np.int64),
            "test": np.arange(len(records) - num_test, len(records), dtype=np.int64),
        }


def _records(path: Path) -> list[np.ndarray]:
    """The records of the six members, each (n, 3073) uint8: a label, then the red, green and blue plane.

    Nothing is extracted to disk; members are read by name, and one that is too large is refused before it is read.
    """
    parts = []
    try:
        with tarfile.open(path, "r:gz") as archive:
            for name in MEMBERS:
                member = archive.getmember(name)
                if (
                    not member.isfile()
                    or member.size % RECORD_BYTES
                    or not 0 < member.size <= NUM_IN_FILE * RECORD_BYTES
                ):
                    raise _unreadable(path, Text("{name} in it has an impossible size.", name=name))
                file = archive.extractfile(member)
                assert file is not None
                records = np.frombuffer(file.read(), np.uint8).reshape(-1, RECORD_BYTES)
                if records[:, 0].max() > 9:
                    raise _unreadable(path, Text("{name} in it has a label above 9.", name=name))
                parts.append(records)
    except KeyError:
        raise _unreadable(path, Text("{name} is missing in it.", name=name)) from None
    except (OSError, EOFError, ValueError, tarfile.TarError, zlib.error) as error:
        raise _unreadable(path, Text("It is damaged or incomplete: {reason}.", reason=str(error))) from error
    return parts


def _unreadable(path: Path, why: Text) -> BadInput:
    return BadInput(
        Text("{name} cannot be read.", name=path.name),
        why,
        Text("Download it again, or choose another data set."),
    )
