"""Own data brought in: decoded in a child process, checked, kept in the data folder and made choosable."""

from __future__ import annotations

import io
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path

import numpy as np

from core.catalog.datasets.dataset import Samples
from core.catalog.datasets.own import (
    ABOUT,
    About,
    OwnData,
    forget_own,
    keep,
    key_of,
    own_class,
    own_folder,
    own_sets,
    register_own,
)
from core.catalog.registry import entries, register
from core.compatibility import check
from core.errors import BadInput, Refused
from core.experiment import Experiment
from core.store.folder import unwritable
from core.text import Text
from core.training.splits import drawn_test
from core.uploads.child import decode_apart
from core.uploads.limits import MAX_FILE_BYTES, Decoded, Tell, refused, shown_name, untold

MOST_SETS = 50
"""So many sets a data folder keeps."""
ARRIVING = ".arriving."
"""How the names of folders begin in which a file is being decoded."""


class Arriving:
    """A file that is being decoded: `share` of it is (0 to 1); `key` will hold the key of its set, or a CoreError."""

    key: Future[str]

    def __init__(self, name: str) -> None:
        self.name, self.share = name, 0.0
        self._is_cancelled = threading.Event()

    def cancel(self) -> None:
        """Break it off."""
        self._is_cancelled.set()

    def tell(self, share: float) -> None:
        """Hear how far it is; Refused when it is broken off."""
        self.share = share
        if self._is_cancelled.is_set():
            raise broken_off(self.name)


class OwnDataSets:
    """The own data of one data folder, choosable as long as this is open; only where `is_writing` may sets change."""

    def __init__(self, folder: Path, *, is_writing: bool) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        """Held while the sets change."""
        self._is_closed = threading.Event()
        self._keys = register_own(folder)
        if is_writing:
            self._sweep()

    def close(self) -> None:
        """Let them be choosable no more; what is being decoded is broken off."""
        with self._lock:
            self._is_closed.set()
            forget_own(self._keys)
            self._keys = []

    def add(self, name: str, content: bytes, tell: Tell = untold) -> str:
        """Decode a file and keep what it holds; returns the key of the set. BadInput says why a file cannot be used."""

        def told(share: float) -> None:
            self._check_open(name)
            tell(share)

        _check_room()
        try:
            own_folder(self._folder).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=ARRIVING, dir=own_folder(self._folder)) as arriving:
                data = decode_apart(name, content, Path(arriving), told)
            cls = _class_of(name, data)
            with self._lock:
                self._check_open(name)
                if cls.key not in entries("datasets"):
                    _check_room()
                    keep(self._folder, cls.about, data.inputs, data.targets)
                    self._keys.append(register(cls).key)
        except OSError as error:
            raise unwritable(self._folder, error) from error
        return cls.key

    def _check_open(self, name: str) -> None:
        if self._is_closed.is_set():
            raise broken_off(name)

    def _sweep(self) -> None:
        """Delete what a killed process or a full disk left half done: a folder without a record is no set."""
        for place in own_folder(self._folder).glob("*/"):
            if not (place / ABOUT).is_file():
                shutil.rmtree(place, ignore_errors=True)

    def remove(self, key: str) -> None:
        """Delete a set. Whoever calls this has made sure that no run needs it."""
        with self._lock:
            place = own_folder(self._folder) / key
            if key not in {cls.key for cls in own_sets()}:
                raise BadInput(
                    Text("There is no own data “{key}”.", key=key[:40]),
                    Text("Only data that were brought here can be removed."),
                    Text("Choose one of: {known}.", known=", ".join(cls.key for cls in own_sets()) or "–"),
                )
            forget_own([key])
            self._keys = [known for known in self._keys if known != key]
            # The record goes first: what is left of the rest is no set.
            for file in sorted(place.iterdir(), key=lambda file: file.name != ABOUT):
                file.unlink()
            place.rmdir()


def broken_off(name: str) -> Refused:
    """Why a file has become no set although nothing is wrong with it."""
    return Refused(
        Text("Reading “{name}” was broken off.", name=shown_name(name)),
        Text("It was cancelled, or the program is being closed."),
        Text("Bring it again."),
    )


def _check_room() -> None:
    if len(own_sets()) >= MOST_SETS:
        raise Refused(
            Text("{most} sets of own data are kept already.", most=MOST_SETS),
            Text("More would fill the disk and the list of data sets."),
            Text("Remove one first."),
        )


def _class_of(name: str, data: Decoded) -> type[OwnData]:
    """The entry of decoded data; BadInput where they cannot be split."""
    title = shown_name(Path(name).stem) or "data"
    names = (*data.class_names, *data.feature_names)
    about = About(
        key=key_of(title, data.inputs, data.targets, names),
        title=title,
        input_shape=data.inputs.shape[1:],
        num_samples=len(data.targets),
        class_names=data.class_names,
        feature_names=data.feature_names,
    )
    dataset = own_class(about)()
    if data.class_names:
        samples = Samples(data.inputs, data.targets, dataset.scale())
        pool = np.setdiff1d(np.arange(len(data.targets)), drawn_test(samples, dataset))
        smallest = int(np.bincount(data.targets[pool], minlength=len(data.class_names)).min())
        about = about.model_copy(update={"smallest_class": smallest})
        dataset = own_class(about)()
    try:
        check(Experiment(dataset=dataset, architecture="logistic"))
    except BadInput as error:
        raise refused(name, Text("It cannot be split: {reason}", reason=error.what), error.fix) from None
    return type(dataset)


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Files of a folder, each with its path in it, as one zip; BadInput when they are too many bytes."""
    file, size = io.BytesIO(), 0
    with zipfile.ZipFile(file, "w") as archive:
        for path, content in files:
            size += len(content)
            if size > MAX_FILE_BYTES:
                raise refused(
                    path.split("/")[0],
                    Text("Its files have more than {most:.0f} MB.", most=MAX_FILE_BYTES / 2**20),
                    Text("Use smaller images, or fewer."),
                )
            archive.writestr(path, content)
    return file.getvalue()
