"""The files of the live charts, served from memory under names that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import math
import time
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PATTERNS = (
    "*_chart.js",
    *("live.css", "compare.css", "surface.css", "network.css", "saddle.css", "classroom.css", "gradients.css"),
    *("live/*.js", "compare/*.js", "surface/*.js", "network/*.js", "saddle/*.js", "classroom/*.js", "gradients/*.js"),
    *("blocks.css", "blocks/*.js"),
    *("generators.css", "generators/*.js"),
    *("folds.css", "folds/*.js"),
    *("search.css", "search/*.js"),
)
"""What a browser may ask for: the charts of the pages, the modules they import, and their looks."""

TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True)
class Asset:
    """A file's bytes, as they are and compressed."""

    content: bytes
    content_type: str

    @cached_property
    def compressed(self) -> bytes:
        """Compressed once, not for every listener."""
        return gzip.compress(self.content, 6)


class Assets:
    """The files of a folder that `PATTERNS` name, read anew when one of them was changed.

    Their version stands in the path, not in a query, because a module's relative imports inherit the path only. They
    are looked at again after `look_again_s` seconds: asking for the time of every file takes longer than most else.
    """

    def __init__(self, folder: Path, *, look_again_s: float = 0.0) -> None:
        self._folder = folder
        self._look_again_s, self._looked_at = look_again_s, -math.inf
        self._stamp: tuple[tuple[str, int, int], ...] = ()
        self._files: dict[str, Asset] = {}
        self._version = ""

    @property
    def version(self) -> str:
        """12 hexadecimal digits of the content of all files."""
        self._refresh()
        return self._version

    def get(self, name: str) -> Asset | None:
        """The file of that name; None for any other name."""
        self._refresh()
        return self._files.get(name)

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._looked_at < self._look_again_s:
            return
        self._looked_at, folder = now, self._folder
        paths = sorted(path for pattern in PATTERNS for path in folder.glob(pattern))
        stats = [path.stat() for path in paths]
        stamp = tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in zip(paths, stats, strict=True))
        if stamp == self._stamp:
            return
        files = {path.relative_to(folder).as_posix(): Asset(path.read_bytes(), TYPES[path.suffix]) for path in paths}
        digest = hashlib.sha256()
        for name, asset in files.items():
            digest.update(f"{name}\0{len(asset.content)}\0".encode() + asset.content)
        self._files, self._version, self._stamp = files, digest.hexdigest()[:12], stamp


@cache
def plotly_version() -> str:
    """The version of the installed plotly wheel, the `v` of the address of its plotly.min.js."""
    from importlib.metadata import version

    return version("plotly")


def plotly_js() -> Asset:
    """plotly.min.js of the installed wheel."""
    from importlib.resources import files

    return Asset(files("plotly").joinpath("package_data/plotly.min.js").read_bytes(), TYPES[".js"])
