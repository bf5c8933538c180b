"""Data sets that are downloaded once: fetch, compare the published checksum, decode, keep as arrays.

A download that breaks or differs leaves nothing behind. `SADDLEPOINT_MIRROR` names another address, for rooms without
internet: its folders are the data sets' keys; checksums stay the published ones.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from core.catalog.datasets.cache import data_set_folder, is_cached, read_cached, write_cached
from core.catalog.datasets.dataset import DataSet, Progress, Samples, Scale, no_progress
from core.catalog.registry import entries
from core.errors import BadInput
from core.text import Text

MIRROR = "SADDLEPOINT_MIRROR"
TIMEOUT_S = 20
CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class Published:
    """Where files were published, the address to try first in front, and the MD5 of each by name (against damage)."""

    addresses: tuple[str, ...]
    md5: Mapping[str, str]


class Unavailable(BadInput):
    """A data set that cannot be had here and now."""


class Downloaded(DataSet):
    """A data set of published files. Subclasses name the files and decode them."""

    sizes: ClassVar[Mapping[str, int]]
    """Bytes of each file by name, in the order in which `decode` wants them; for the progress and as a limit."""

    def published(self) -> Published:
        """Addresses and checksums; asked for only when something is downloaded."""
        raise NotImplementedError

    def decode(self, folder: Path) -> dict[str, np.ndarray]:
        """Arrays `inputs` (uint8), `targets` (int64) and `test` (row indices) from the files in `folder`."""
        raise NotImplementedError

    def installed(self) -> Path | None:
        """A folder outside the data folder that has the files, such as one a package manager made."""
        return None

    def available(self, folder: Path) -> Text | None:
        if self.installed() is not None or is_cached(data_set_folder(folder, self.key)):
            return None
        return Text("It has to be downloaded once, {size:.0f} MB.", size=self.facts().download_bytes / 1e6)

    def load(self, folder: Path, split_seed: int = 0, progress: Progress = no_progress) -> Samples:
        kept = data_set_folder(folder, self.key)
        installed = self.installed()
        arrays = self.decode(installed) if installed is not None else read_cached(kept)
        if arrays is None:
            arrays = self._download(folder, progress)
            # Without room for the cache the samples are there all the same; the next start downloads again.
            with contextlib.suppress(OSError):
                write_cached(kept, arrays)
        return Samples(arrays["inputs"], arrays["targets"], Scale(factor=1 / 255), {"test": arrays["test"]})

    def _download(self, folder: Path, progress: Progress) -> dict[str, np.ndarray]:
        arriving = folder / "datasets" / f".{self.key}.arriving"
        # What a killed process left here is of no use.
        shutil.rmtree(arriving, ignore_errors=True)
        try:
            arriving.mkdir(parents=True)
            published = self._published(folder)
            done, total = 0, sum(self.sizes.values())
            for name, num_bytes in self.sizes.items():
                heard = self._progress_from(done, total, progress)
                self._fetch(published, name, arriving / name, folder, heard)
                done += num_bytes
            progress(1.0, Text("Reading {title}", title=Text(self.title)))
            return self.decode(arriving)
        except OSError as error:
            raise self._unavailable(
                Text("The data folder cannot be written: {reason}.", reason=error.strerror or str(error)), folder
            ) from error
        finally:
            shutil.rmtree(arriving, ignore_errors=True)

    def _published(self, folder: Path) -> Published:
        try:
            return self.published()
        except (ImportError, RuntimeError) as error:
            # A torchvision of another build than torch fails on import with either.
            raise self._unavailable(
                Text(
                    "torchvision, which lists addresses and checksums, cannot be loaded: {reason}.", reason=str(error)
                ),
                folder,
            ) from error

    def _progress_from(self, done: int, total: int, progress: Progress) -> Callable[[int], None]:
        doing = Text("Downloading {title}", title=Text(self.title))
        return lambda num: progress(min(1.0, (done + num) / total), doing)

    def _fetch(self, published: Published, name: str, path: Path, folder: Path, heard: Callable[[int], None]) -> None:
        mirror = os.environ.get(MIRROR)
        addresses = (f"{mirror.rstrip('/')}/{self.key}/",) if mirror else published.addresses
        problems = []
        for address in addresses:
            problem = _fetched(f"{address}{name}", published.md5[name], 2 * self.sizes[name], path, heard)
            if problem is None:
                return
            problems.append(problem)
        raise self._unavailable(problems[0], folder)

    def _unavailable(self, why: Text, folder: Path) -> Unavailable:
        ready = [key for key, cls in entries("datasets").items() if _is_ready(cls, folder)]
        return Unavailable(
            Text("{title} could not be downloaded; nothing was kept.", title=Text(self.title)),
            why,
            Text("Try again with a network, or choose one that needs none: {ready}.", ready=", ".join(ready)),
        )


def _is_ready(cls: type, folder: Path) -> bool:
    dataset = cls()
    return isinstance(dataset, DataSet) and dataset.available(folder) is None


def _fetched(url: str, md5: str, most_bytes: int, path: Path, arrived: Callable[[int], None]) -> Text | None:
    """Write one file; None when its checksum is the published one, else why it is not there."""
    try:
        response = urllib.request.urlopen(url, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        return Text("{url} answers {code} {reason}.", url=url, code=error.code, reason=error.reason)
    except urllib.error.URLError as error:
        return Text("{url} cannot be reached: {reason}.", url=url, reason=str(error.reason))
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Text("{url} cannot be reached: {reason}.", url=url, reason=str(error) or type(error).__name__)
    digest = hashlib.md5(usedforsecurity=False)
    num, expected = 0, response.length
    with response, path.open("wb") as target:
        while True:
            try:
                chunk = response.read(CHUNK_BYTES)
            except (OSError, http.client.HTTPException) as error:
                return Text("{url} broke off: {reason}.", url=url, reason=str(error) or type(error).__name__)
            if not chunk:
                break
            num += len(chunk)
            if num > most_bytes:
                return Text("{url} sends more than was published.", url=url)
            digest.update(chunk)
            target.write(chunk)
            arrived(num)
    if expected is not None and num < expected:
        return Text("{url} broke off after {num} of {expected} bytes.", url=url, num=num, expected=expected)
    if digest.hexdigest() != md5:
        return Text("{url} sends another file than the published one: the checksum differs.", url=url)
    return None
