"""A zip of images, one folder a class, as an array of images of one size."""

from __future__ import annotations

import io
import struct
import warnings
from contextlib import closing
from typing import Any

import numpy as np

from core.text import Text
from core.uploads.archive import Archive, Member
from core.uploads.limits import MAX_PIXELS, MAX_SIDE, SIDE, Decoded, Tell, distinct_names, refused, shown_name, untold

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
GREY = ("1", "L", "I;16", "I;16B", "I;16L", "I", "F")


def images_of(name: str, archive: Archive, tell: Tell = untold) -> Decoded:
    """The images of all classes. An image's folder names its class, wherever that lies; other files are left out."""
    members = [member for member in archive.members if member.name.lower().endswith(ENDINGS)]
    if not members:
        raise refused(
            name,
            Text("It holds no images ({endings}).", endings=", ".join(ENDINGS)),
            Text("Pack a folder with one folder of images for each class."),
        )
    loose = next((member for member in members if len(member.parts) < 2), None)
    if loose is not None:
        raise refused(
            name,
            Text("The image “{member}” lies in no folder, so its class is not known.", member=shown_name(loose.name)),
            Text("Put the images of each class into a folder with the name of the class."),
        )
    folders = sorted({member.parts[-2] for member in members})
    classes = {folder: place for place, folder in enumerate(folders)}
    opened = [_opened(name, archive, member) for member in members]
    sizes = {image.size for image in opened}
    stays = len(sizes) == 1 and max(next(iter(sizes))) <= MAX_SIDE
    is_grey = all(image.mode in GREY for image in opened)
    pixels = []
    for place, (member, image) in enumerate(zip(members, opened, strict=True)):
        tell(place / len(members))
        pixels.append(_pixels(name, member, image, is_grey, None if stays else SIDE))
    targets = np.array([classes[member.parts[-2]] for member in members], np.int64)
    return Decoded(np.stack(pixels), targets, distinct_names(folders))


def _opened(name: str, archive: Archive, member: Member) -> Any:
    """The image with its header read, and nothing more."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # Its size is checked here, before a pixel is read.
    content = archive.read(member)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Exception as error:  # Decoders raise whatever their bytes lead them to.
        raise _unreadable(name, member, error) from None
    if not 0 < image.size[0] * image.size[1] <= MAX_PIXELS:
        raise refused(
            name,
            Text(
                "The image “{member}” has {width:,} × {height:,} pixels.",
                member=shown_name(member.name),
                width=image.size[0],
                height=image.size[1],
            ),
            Text("Use images of at most {most:.0f} million pixels.", most=MAX_PIXELS / 1e6),
        )
    return image


def _pixels(name: str, member: Member, image: Any, is_grey: bool, side: int | None) -> np.ndarray:
    """uint8 (C, H, W): as it is, or its middle square made `side` × `side`."""
    from PIL import Image, ImageOps

    try:
        # Closed, it holds no pixels any more: a file may hold thousands of large images.
        with closing(image), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
            if image.mode.startswith(("I", "F")):
                image = _eight_bits(image)
            if "A" in image.getbands() or "transparency" in image.info:
                behind = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(behind, image.convert("RGBA"))
            image = image.convert("L" if is_grey else "RGB")
            if side is not None:
                image = ImageOps.fit(image, (side, side), Image.Resampling.BOX)
    except MemoryError:
        raise  # It says nothing about the image.
    except Exception as error:
        raise _unreadable(name, member, error) from None
    array = np.asarray(image, np.uint8)
    return array[None] if array.ndim == 2 else np.ascontiguousarray(np.moveaxis(array, 2, 0))


def _eight_bits(image: Any) -> Any:
    """An image of 16 or 32 bits a pixel in 256 grey levels, over the range that it uses."""
    from PIL import Image

    values = np.nan_to_num(np.asarray(image, np.float64))
    width = np.ptp(values) or 1.0
    return Image.fromarray((255 * (values - values.min()) / width).astype(np.uint8))


def _unreadable(name: str, member: Member, error: BaseException) -> Exception:
    from PIL import UnidentifiedImageError

    fix = Text("Save it anew as PNG or JPEG, or leave it out.")
    if isinstance(error, UnidentifiedImageError):
        kinds = ", ".join(FORMATS)
        why = Text(
            "The file “{member}” holds no image of these kinds ({kinds}).", member=shown_name(member.name), kinds=kinds
        )
        return refused(name, why, fix)
    reason = str(error) if not isinstance(error, struct.error | IndexError | KeyError) else type(error).__name__
    return refused(
        name,
        Text("The image “{member}” cannot be read: {reason}.", member=shown_name(member.name), reason=reason[:120]),
        fix,
    )
