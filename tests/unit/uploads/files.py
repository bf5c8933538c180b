"""Files as people bring them, good ones and broken ones, made on the spot."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from PIL import Image

NUM_EACH = 12


def image(shade: int = 0, side: int = 8, form: str = "PNG", mode: str = "L") -> bytes:
    """An image of one grey level with a brighter pixel in the corner."""
    picture = Image.new(mode, (side, side), shade if mode == "L" else (shade,) * len(mode))
    picture.putpixel((0, 0), 255 if mode == "L" else (255,) * len(mode))
    file = io.BytesIO()
    picture.save(file, form)
    return file.getvalue()


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Files by path as a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return file.getvalue()


def images(folders: str = "cats dogs", num: int = NUM_EACH, **kind) -> bytes:
    """A zip with a folder of images for each class."""
    return zipped(
        {f"{name}/{place}.png": image(20 * place, **kind) for name in folders.split() for place in range(num)}
    )


def npz(**arrays: Any) -> bytes:
    """Arrays as numpy.savez writes them."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def npy(header: str | bytes, body: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """A .npy file with this header."""
    text = header if isinstance(header, bytes) else header.encode()
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(text)) + text + body


def table(num: int = 24, header: bool = True, delimiter: str = ",") -> bytes:
    """A CSV table with two columns and a class."""
    rows = [["height", "width", "label"]] if header else []
    rows += [[str(place), str(place / 2), "odd" if place % 2 else "even"] for place in range(num)]
    return "\n".join(delimiter.join(row) for row in rows).encode()


TARGETS = np.arange(24) % 2
GOOD: dict[str, bytes] = {
    "cats.zip": images(),
    "colour.zip": images(mode="RGB", side=40),
    "arrays.npz": npz(inputs=np.random.default_rng(0).random((24, 3)), targets=TARGETS),
    "pictures.npz": npz(images=np.full((24, 6, 6), 7, np.uint8), labels=TARGETS),
    "table.csv": table(),
}


def malformed() -> Iterator[tuple[str, bytes]]:
    """Files that cannot be used, each with what is wrong with it."""
    yield from _texts()
    yield from _arrays()
    yield from _archives()
    yield from _pictures()
    yield from _damaged()


def _texts() -> Iterator[tuple[str, bytes]]:
    row = b"1,2,a\n"
    yield "empty", b""
    yield "a single byte", b"a"
    yield "spaces", b"   \n \n"
    yield "a pickle", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94."
    yield "an old pickle", b"cos\nsystem\n(S'echo'\ntR."
    yield "a program", b"\x7fELF" + bytes(range(256))
    yield "a page", b"<html><script>alert(1)</script></html>"
    yield "random bytes", np.random.default_rng(0).bytes(4000)
    yield "one column", b"a\n" + b"1\n" * 30
    yield "a header alone", b"a,b,c\n"
    yield "few lines", row * 5
    yield "one class", row * 40
    yield "a class too small", row * 40 + b"1,2,b\n"
    yield "ragged", row * 30 + b"1,2\n" + row
    yield "text in a column", row * 30 + b"x,2,a\n"
    yield "formula cells", b"=1+1,2,a\n" + row * 30
    yield "an empty cell", row * 30 + b",2,a\n"
    yield "an empty class", row * 30 + b"1,2,\n"
    yield "infinity", b"1,2,a\n1,inf,b\n" * 30
    yield "not a number", b"1,2,a\n1,nan,b\n" * 30
    yield "huge numbers", b"1,2,a\n1,1e300,b\n" * 30
    yield "underscores", b"1,2,a\n1,1_0,b\n" * 30
    yield "a NUL", row * 30 + b"1,\0,a\n"
    yield "an endless cell", b"1,2," + b"a" * 20_000 + b"\n" + row * 30
    yield "an open quotation", b'1,2,"a\n' + row * 5000
    yield "too many columns", b"\n".join(b",".join([b"1"] * 2100) for _ in range(30))
    yield "too many classes", b"".join(f"1,2,c{place % 150}\n".encode() for place in range(1500))
    yield "numbers all alike", b"1,2,0.5\n" * 40
    yield "numbers with nan", b"1,2,0.5\n1,3,nan\n" * 20
    yield "json", b'{"inputs": [[1, 2], [3, 4]], "targets": [0, 1]}'
    yield "a lone npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", bytes(24))
    yield "utf-16", "1,2,a\n".encode("utf-16") * 30
    yield "a 7z", b"7z\xbc\xaf\x27\x1c" + bytes(200)
    yield "a gzip", b"\x1f\x8b\x08" + bytes(200)
    yield "a tar", b"cats/1.png" + bytes(502)
    yield "a picture alone", image()


HEADERS = (
    "",
    "{",
    "[]",
    "{'descr': '|O', 'fortran_order': False, 'shape': (24, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (24, 4), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (24.0, 3), }",
    "{'descr': '<f8', 'fortran_order': 1, 'shape': (24, 3), }",
    "{'descr': '<f8', 'shape': (24, 3), }",
    "{'descr': '<c16', 'fortran_order': False, 'shape': (12, 3), }",
    "{'descr': '<M8[s]', 'fortran_order': False, 'shape': (24, 3), }",
    "{'descr': '<V8', 'fortran_order': False, 'shape': (24, 3), }",
    "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (24, 3), }",
    "{'descr': '<U100000', 'fortran_order': False, 'shape': (1, 1), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (24, 3, 1, 1, 1), }",
    "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (24, 3), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (2**40,), }",
    "{'descr': 'no such', 'fortran_order': False, 'shape': (24, 3), }",
    "(" * 5000,
    "{'descr': '<f8', 'fortran_order': False, 'shape': (24, 3), " + " " * 20_000 + "}",
)


def _arrays() -> Iterator[tuple[str, bytes]]:
    targets = npy("{'descr': '<i8', 'fortran_order': False, 'shape': (24,), }", TARGETS.astype("<i8").tobytes())
    for place, header in enumerate(HEADERS):
        yield f"header {place}", zipped({"inputs.npy": npy(header, bytes(24 * 3 * 8)), "targets.npy": targets})
    good = "{'descr': '<f8', 'fortran_order': False, 'shape': (24, 3), }"
    for version in ((3, 0), (9, 9), (2, 0)):
        yield f"version {version}", zipped({"inputs.npy": npy(good, bytes(576), version), "targets.npy": targets})
    yield "no magic", zipped({"inputs.npy": b"NUMPY" + bytes(600), "targets.npy": targets})
    yield "a short body", zipped({"inputs.npy": npy(good, bytes(100)), "targets.npy": targets})
    yield "a long body", zipped({"inputs.npy": npy(good, bytes(600)), "targets.npy": targets})
    yield "an empty array file", zipped({"inputs.npy": b"", "targets.npy": targets})
    random = np.random.default_rng(0)
    inputs = random.random((24, 3))
    yield "other names", npz(first=inputs, second=TARGETS)
    yield "no targets", npz(inputs=inputs)
    yield "lengths differ", npz(inputs=inputs, targets=TARGETS[:20])
    yield "targets of two columns", npz(inputs=inputs, targets=np.zeros((24, 2)))
    yield "a number for inputs", npz(inputs=np.float64(3), targets=TARGETS)
    yield "text for inputs", npz(inputs=np.array(["a"] * 24), targets=TARGETS)
    yield "no columns", npz(inputs=np.zeros((24, 0)), targets=TARGETS)
    yield "too many features", npz(inputs=np.zeros((24, 2100)), targets=TARGETS)
    yield "five dimensions", npz(inputs=np.zeros((24, 1, 2, 2, 2)), targets=TARGETS)
    yield "images too large", npz(inputs=np.zeros((24, 65, 65), np.uint8), targets=TARGETS)
    yield "four channels", npz(inputs=np.zeros((24, 4, 8, 8), np.uint8), targets=TARGETS)
    yield "pixels below 0", npz(inputs=-np.ones((24, 8, 8)), targets=TARGETS)
    yield "pixels above 255", npz(inputs=np.full((24, 8, 8), 300.0), targets=TARGETS)
    yield "pixels that are none", npz(inputs=np.full((24, 8, 8), np.nan), targets=TARGETS)
    yield "no pixels", npz(inputs=np.zeros((24, 0, 8)), targets=TARGETS)
    yield "nan inputs", npz(inputs=np.full((24, 3), np.nan), targets=TARGETS)
    yield "infinite inputs", npz(inputs=np.full((24, 3), np.inf), targets=TARGETS)
    yield "inputs beyond float32", npz(inputs=np.full((24, 3), 1e300), targets=TARGETS)
    yield "nan targets", npz(inputs=inputs, targets=np.full(24, np.nan))
    yield "infinite targets", npz(inputs=inputs, targets=np.full(24, np.inf))
    yield "one class of arrays", npz(inputs=inputs, targets=np.zeros(24, int))
    yield "classes too small", npz(inputs=inputs, targets=np.arange(24))
    yield "nothing in it", npz(inputs=np.zeros((0, 3)), targets=np.zeros(0))


def _archives() -> Iterator[tuple[str, bytes]]:
    png = image()
    yield "an empty zip", zipped({})
    yield "a zip of text", zipped({"read me.txt": b"hello"})
    yield "images without folders", zipped({f"{place}.png": png for place in range(30)})
    yield "one folder", images("cats")
    yield "a small folder", zipped({**{f"a/{n}.png": png for n in range(20)}, "b/1.png": png})
    for path in (
        "../evil.png", "/etc/evil.png", "a/../../evil.png", "C:/evil.png", "..\\evil.png", "a\\..\\..\\evil.png",
        "//host/evil.png", "a/../b.png",
    ):  # fmt: skip
        yield f"the path {path}", zipped({path: png, **{f"a/{n}.png": png for n in range(20)}})
    link = zipfile.ZipInfo("a/link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    yield "a link", file.getvalue()
    yield "a bomb", zipped({"a/bomb.png": bytes(30_000_000), "b/1.png": png})
    yield "an array bomb", zipped({"inputs.npy": bytes(30_000_000), "targets.npy": b""})
    yield "odd packing", zipped({"a/1.png": png, "b/1.png": png}, zipfile.ZIP_BZIP2)
    yield "odd packing too", zipped({"a/1.png": png, "b/1.png": png}, zipfile.ZIP_LZMA)
    plain = zipped({f"{name}/{n}.png": png for name in "ab" for n in range(12)}, zipfile.ZIP_STORED)
    yield "something before it", b"GIF89a" + plain
    yield "a picture before it", png + plain
    central = plain.rindex(b"PK\x01\x02")
    first = plain.index(b"PK\x01\x02")
    yield "overlapping files", plain[: central + 42] + plain[first + 42 : first + 46] + plain[central + 46 :]
    yield "encrypted", _with(plain, first + 8, b"\x01")
    yield "a file longer than it says", _with(plain, first + 24, struct.pack("<I", 10))
    yield "a file shorter than it says", _with(plain, first + 24, struct.pack("<I", 5000))
    yield "a wrong checksum", _with(plain, first + 16, b"\0\0\0\0")
    yield "a start beyond the end", _with(plain, first + 42, struct.pack("<I", 10**6))
    yield "a list of files that is too long", _with(plain, len(plain) - 10, struct.pack("<I", 10**7))


def _with(content: bytes, place: int, new: bytes) -> bytes:
    return content[:place] + new + content[place + len(new) :]


def _pictures() -> Iterator[tuple[str, bytes]]:
    good = {f"{name}/{n}.png": image(n) for name in "ab" for n in range(12)}
    png, jpeg, gif, bmp = (image(form=form) for form in ("PNG", "JPEG", "GIF", "BMP"))
    broken: dict[str, bytes] = {
        "nothing": b"",
        "text": b"no picture",
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "tiff": image(form="TIFF"),
        "ico": image(form="ICO", side=16),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
        "half a png": png[: len(png) // 2],
        "half a jpeg": jpeg[: len(jpeg) // 2],
        "half a gif": gif[: len(gif) // 2],
        "half a bmp": bmp[:60],
        "a png of 4 billion pixels": _with(png, 16, struct.pack(">II", 65_535, 65_535)),
        "a png of no pixels": _with(png, 16, struct.pack(">II", 0, 0)),
        "a bmp of 4 billion pixels": _with(bmp, 18, struct.pack("<II", 65_535, 65_535)),
        "a pickle": b"\x80\x04\x95",
    }
    for what, content in broken.items():
        yield f"{what} among images", zipped({**good, "a/odd.png": content})


def _damaged() -> Iterator[tuple[str, bytes]]:
    """Good files cut off, at many places."""
    for name, content in GOOD.items():
        if name.endswith(".csv"):
            continue  # The beginning of a table is a smaller table.
        for place in range(1, 25):
            yield f"{name} cut at {place}/25", content[: len(content) * place // 25]
