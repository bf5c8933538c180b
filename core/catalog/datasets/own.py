"""Own data: what people bring in a file becomes an entry of the catalogue, in every process that opens its data folder.

Each set is a class of its own, made from the record that lies beside its arrays; its key holds the hash of both, so an
experiment names exactly these samples, and another machine says that it has not got them.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self, cast

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.catalog.datasets.cache import read_cached, replacing, write_cached
from core.catalog.datasets.dataset import DataFacts, DataSet, Progress, Samples, Scale, no_progress, num_test_of
from core.catalog.datasets.features import Features
from core.catalog.datasets.tables import Scaling
from core.catalog.entry import Entry
from core.catalog.registry import entries, entry_class, forget, register
from core.errors import BadInput
from core.text import Text

FOLDER, ABOUT = "own_data", "about.json"
PREFIX = "own_"
Name = Annotated[str, Field(max_length=60, pattern=r"^[^{}]+$")]


class About(BaseModel):
    """What is known of a set without its arrays. Names hold no braces: they stand where templates stand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Annotated[str, Field(pattern=r"^own_[0-9a-f]{16}$")]
    title: Name
    input_shape: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=1, max_length=3)]
    num_samples: Annotated[int, Field(ge=1)]
    class_names: tuple[Name, ...] = ()
    feature_names: tuple[Name, ...] = ()
    smallest_class: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _has_names(self) -> Self:
        if len(self.input_shape) == 1 and len(self.feature_names) != self.input_shape[0]:
            raise ValueError("Every column has a name.")
        return self


class OwnData(DataSet):
    """A set that somebody has brought. Subclasses, one a set, are made by `own_class`."""

    about: ClassVar[About]
    why: ClassVar[str] = "Your own samples: what no book can have tried before you."
    choose: ClassVar[str] = "To ask your own question; look at classes and split on the page Data first."
    see: ClassVar[str] = "learns"
    source: ClassVar[str] = "A file that was brought into this program"

    def facts(self) -> DataFacts:
        about = self.about
        value_bytes = 1 if self.input_kind == "image" else 4
        return DataFacts(
            input_shape=about.input_shape,
            num_outputs=len(about.class_names) or 1,
            class_names=about.class_names,
            num_train_pool=about.num_samples - num_test_of(about.num_samples),
            num_validation=None,
            num_test=num_test_of(about.num_samples),
            bytes=about.num_samples * (value_bytes * int(np.prod(about.input_shape)) + 8),
            feature_names=about.feature_names,
            smallest_class=about.smallest_class,
        )

    def scale(self) -> Scale:
        """How the stored values become a network's inputs."""
        raise NotImplementedError

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        arrays = read_cached(own_folder(folder) / self.key)
        if arrays is None:
            raise BadInput(
                Text("The samples of {title} cannot be read.", title=Text(self.title)),
                Text("Their files are missing or have changed since they were brought here."),
                Text("Bring the same file again, or choose other data."),
            )
        return Samples(arrays["inputs"], arrays["targets"], self.scale())


class OwnImages(OwnData):
    """Images in bytes. Nobody has said whether a mirror image keeps its class."""

    input_kind: ClassVar[Literal["image", "sequence", "points", "features"]] = "image"
    are_signs: ClassVar[bool | None] = None
    formula: ClassVar[str] = r"x \in \{0, \dots, 255\}^{C \times H \times W} / 255"

    def scale(self) -> Scale:
        return Scale(factor=1 / 255)


class OwnTable(Features, OwnData):
    """Rows of numbers."""

    formula: ClassVar[str] = r"x \in \mathbb{R}^{F}, \quad x' = \frac{x - \mu}{s}"

    scaling: Scaling = "standardized"

    def scale(self) -> Scale:
        return Scale() if self.scaling == "raw" else Scale(kind=self.scaling)


def own_folder(folder: Path) -> Path:
    """Where own data lie inside the data folder, a folder each."""
    return folder / FOLDER


def own_class(about: About) -> type[OwnData]:
    """The entry of a set."""
    base = OwnTable if len(about.input_shape) == 1 else OwnImages
    task = "classification" if about.class_names else "regression"
    members = {"key": about.key, "title": about.title, "about": about, "task": task}
    return cast(type[OwnData], type(about.key, (base,), {"__module__": __name__, "__doc__": base.__doc__, **members}))


def key_of(title: str, inputs: np.ndarray, targets: np.ndarray, names: tuple[str, ...]) -> str:
    """The key of a set: a hash of all that it holds."""
    digest = hashlib.sha256(json.dumps([title, names, inputs.shape, str(inputs.dtype)]).encode())
    digest.update(np.ascontiguousarray(inputs).tobytes())
    digest.update(np.ascontiguousarray(targets).tobytes())
    return f"{PREFIX}{digest.hexdigest()[:16]}"


def keep(folder: Path, about: About, inputs: np.ndarray, targets: np.ndarray) -> None:
    """Write a set into the data folder; the record comes last, so that a set half written is none."""
    place = own_folder(folder) / about.key
    write_cached(place, {"inputs": inputs, "targets": targets})
    with replacing(place / ABOUT) as file:
        file.write(about.model_dump_json(indent=1).encode())


def known(folder: Path) -> list[About]:
    """The sets of a data folder; what is no record is passed over."""
    found = []
    for path in sorted(own_folder(folder).glob(f"{PREFIX}*/{ABOUT}")):
        try:
            about = About.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue
        if about.key == path.parent.name:
            found.append(about)
    return found


def register_own(folder: Path) -> list[str]:
    """Make the sets of a data folder choosable; returns the keys of those that were not yet."""
    return [register(own_class(about)).key for about in known(folder) if about.key not in entries("datasets")]


def own_sets() -> list[type[OwnData]]:
    """The sets that can be chosen now, in the order in which they became choosable."""
    return [cls for cls in entries("datasets").values() if issubclass(cls, OwnData)]


_removing = threading.Lock()


@contextmanager
def nothing_removed(*chosen: Entry) -> Iterator[None]:
    """No set is removed by anybody else within; BadInput where one of these has been since it was chosen.

    So whoever removes one sees all runs that have learned from it, and no run is stored whose data are gone.
    """
    with _removing:
        for dataset in chosen:
            entry_class(dataset.family, dataset.key)
        yield


def forget_own(keys: list[str]) -> None:
    """Let sets be choosable no more."""
    for key in keys:
        forget("datasets", key)
