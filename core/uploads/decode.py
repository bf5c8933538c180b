"""From the bytes of a file to arrays: what it is is told from its content, whatever its name says."""

from __future__ import annotations

from core.errors import BadInput
from core.text import Text
from core.uploads.archive import EMPTY_ARCHIVE, MAGIC, Archive
from core.uploads.arrays import arrays_of
from core.uploads.images import images_of
from core.uploads.limits import MAX_FILE_BYTES, Decoded, Tell, checked, refused, untold
from core.uploads.tables import table_of


def decoded(name: str, content: bytes, tell: Tell = untold) -> Decoded:
    """The data of a file: a zip of images, an `.npz` or a CSV table. BadInput for everything else.

    Images are told as they are read; the others are there in a moment.
    """
    if not content:
        raise refused(name, Text("It is empty."), Text("Choose another file."))
    if len(content) > MAX_FILE_BYTES:
        raise refused(
            name,
            Text("It has more than {most:.0f} MB.", most=MAX_FILE_BYTES / 2**20),
            Text("Use smaller images, or fewer."),
        )
    if content.startswith(EMPTY_ARCHIVE):
        raise refused(name, Text("It is an archive with nothing in it."), Text("Choose another file."))
    if not content.startswith(MAGIC):
        try:
            return checked(name, table_of(name, content))
        except BadInput:
            if not name.lower().endswith((".npz", ".zip")):
                raise
        raise refused(
            name,
            Text("Its name says that it is an archive, and its content is none."),
            Text("Save arrays as an .npz with numpy.savez, and images as a zip with a folder for each class."),
        )
    archive = Archive(name, content)
    has_arrays = any(member.name.endswith(".npy") for member in archive.members)
    return checked(name, arrays_of(name, archive) if has_arrays else images_of(name, archive, tell))
