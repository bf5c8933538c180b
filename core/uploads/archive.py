"""A zip file looked through before anything in it is read: `zipfile` takes overlapping, lying and escaping members."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.text import Text
from core.uploads.limits import (
    MAX_MEMBER_BYTES,
    MAX_MEMBERS,
    MAX_RATIO,
    MAX_UNPACKED_BYTES,
    refused,
)

MAGIC = b"PK\x03\x04"
EMPTY_ARCHIVE = b"PK\x05\x06"
LOCAL_HEADER_BYTES = 30
ENCODINGS = ("utf-8", "gb2312")
"""Of names that are not marked as UTF-8, as macOS and Windows in China write them; others hardly ever fit all names."""


@dataclass(frozen=True)
class Member:
    """A file in the archive: the parts of its path, and how many bytes it holds."""

    parts: tuple[str, ...]
    info: zipfile.ZipInfo

    @property
    def name(self) -> str:
        """Its path as people write it."""
        return "/".join(self.parts)


class Archive:
    """The plain files of a zip; BadInput where one of them could not be read safely."""

    def __init__(self, name: str, content: bytes) -> None:
        self._name = name
        try:
            self._zip = _opened(content)
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, OverflowError):
            raise self._damaged(Text("it cannot be unpacked")) from None
        if len(infos) > MAX_MEMBERS:
            raise refused(
                name,
                Text("It holds {num:,} files; {most:,} can be read.", num=len(infos), most=MAX_MEMBERS),
                Text("Leave some out."),
            )
        self._check_places(infos, content)
        self.members = [Member(self._parts(info), info) for info in infos if not info.is_dir() and self._is_seen(info)]
        unpacked = sum(member.info.file_size for member in self.members)
        if unpacked > MAX_UNPACKED_BYTES:
            raise self._too_large(unpacked)

    def read(self, member: Member) -> bytes:
        """The bytes of a member, as many as it says."""
        size = member.info.file_size
        if size > MAX_MEMBER_BYTES:
            raise self._too_large(size)
        try:
            with self._zip.open(member.info) as file:
                content = file.read(size + 1)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
            raise self._damaged(Text("it cannot be unpacked")) from None
        if len(content) != size:
            raise self._damaged(Text("a file is shorter or longer than it says"))
        return content

    # -- checks --------------------------------------------------------------------------------------------------

    def _check_places(self, infos: list[zipfile.ZipInfo], content: bytes) -> None:
        """Members lie behind each other from the first byte on, and none is packed impossibly small."""
        ordered = sorted(infos, key=lambda info: info.header_offset)
        end = 0
        for info in ordered:
            if info.flag_bits & 1:
                raise refused(
                    self._name, Text("It is encrypted."), Text("Pack the files without a password, and try again.")
                )
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise refused(
                    self._name, Text("It is packed in an unusual way."), Text("Pack the files as an ordinary zip.")
                )
            if info.header_offset < end or (end == 0 and info.header_offset != 0):
                raise self._damaged(Text("its files overlap, or something stands before them"))
            end = info.header_offset + LOCAL_HEADER_BYTES + info.compress_size
            if end > len(content):
                raise self._damaged(Text("a file reaches beyond its end"))
            if info.file_size > MAX_RATIO * max(info.compress_size, 64):
                raise refused(
                    self._name,
                    Text("A file in it unpacks to more than {ratio:,} times its size.", ratio=MAX_RATIO),
                    Text("Pack ordinary images or arrays, and try again."),
                )

    def _parts(self, info: zipfile.ZipInfo) -> tuple[str, ...]:
        path = info.filename.replace("\\", "/")
        parts = PurePosixPath(path).parts
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        if is_link or not parts or path.startswith("/") or ".." in parts or ":" in parts[0]:
            raise refused(
                self._name,
                Text("A file in it, “{member}”, leads out of the archive.", member=info.filename[:80]),
                Text("Pack a folder of images anew, without links."),
            )
        return parts

    @staticmethod
    def _is_seen(info: zipfile.ZipInfo) -> bool:
        """Whether people have put it there: systems add hidden files and folders of their own."""
        parts = info.filename.replace("\\", "/").split("/")
        return not any((part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in parts)

    def _damaged(self, why: Text) -> Exception:
        return refused(self._name, Text("It is damaged: {reason}.", reason=why), Text("Pack it anew."))

    def _too_large(self, size: int) -> Exception:
        return refused(
            self._name,
            Text(
                "It unpacks to {size:.0f} MB; {most:.0f} MB can be read.",
                size=size / 1e6,
                most=MAX_UNPACKED_BYTES / 1e6,
            ),
            Text("Use smaller images, or fewer."),
        )


def _opened(content: bytes) -> zipfile.ZipFile:
    """The zip with its names as their writer meant them; by itself `zipfile` reads unmarked ones by code page 437."""
    for encoding in ENCODINGS:
        try:
            return zipfile.ZipFile(io.BytesIO(content), metadata_encoding=encoding)
        except UnicodeDecodeError:
            continue
    return zipfile.ZipFile(io.BytesIO(content))
