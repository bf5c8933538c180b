"""NumPy's `.npz`: inputs and targets as arrays whose headers are checked before anything is read by them."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.lib import format as npy

from core.text import Text
from core.uploads.archive import Archive
from core.uploads.limits import MAX_CLASSES, MAX_FEATURES, MAX_SIDE, Decoded, distinct_names, refused, shown_name

INPUTS = ("inputs", "x", "images", "data", "features", "x_train")
TARGETS = ("targets", "y", "labels", "target", "classes", "y_train")
MAX_HEADER = 10_000
MAX_ITEM_BYTES = 400


def arrays_of(name: str, archive: Archive) -> Decoded:
    """The two arrays of inputs and targets."""
    members = {member.name[:-4].lower(): member for member in archive.members if member.name.endswith(".npy")}
    first, second = (next((key for key in keys if key in members), None) for keys in (INPUTS, TARGETS))
    if first is None or second is None:
        raise refused(
            name,
            Text("It holds the arrays {found}.", found=", ".join(map(shown_name, list(members)[:8])) or "–"),
            Text("Name one of them “inputs” (or x, images) and the other “targets” (or y, labels)."),
        )
    inputs = array_of(name, archive.read(members[first]))
    targets = array_of(name, archive.read(members[second]))
    if 0 in (inputs.ndim, targets.ndim, inputs.size) or not len(inputs) == len(targets) == targets.size:
        raise refused(
            name,
            Text(
                "The inputs have the shape {inputs} and the targets {targets}.",
                inputs=_shape(inputs),
                targets=_shape(targets),
            ),
            Text("There must be as many targets as inputs, one a sample."),
        )
    if inputs.dtype.kind == "U":
        raise refused(name, Text("The inputs are text."), Text("Write them as numbers."))
    values, class_names = targets_of(targets.reshape(-1))
    if inputs.ndim <= 2:
        table = inputs.reshape(len(inputs), -1)
        if not 0 < table.shape[1] <= MAX_FEATURES:
            raise refused(
                name,
                Text("A sample has {num:,} numbers.", num=table.shape[1]),
                Text("Use 1 to {most:,} of them; give images as rows × columns.", most=MAX_FEATURES),
            )
        names = tuple(f"x{place + 1}" for place in range(table.shape[1]))
        with np.errstate(over="ignore"):
            return Decoded(table.astype(np.float32), values, class_names, names)
    return Decoded(_images(name, inputs), values, class_names)


def array_of(name: str, content: bytes) -> np.ndarray:
    """The array of a `.npy` file; no object, nothing unpickled, and exactly as many bytes as its header says."""
    file = io.BytesIO(content)
    try:
        version = npy.read_magic(file)
        read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
        shape, is_fortran, dtype = read(file, max_header_size=MAX_HEADER)
    except Exception:  # The header is a Python literal that may say anything.
        raise _bad_array(name, Text("Its header cannot be read.")) from None
    if dtype.kind not in "buifU" or dtype.itemsize > MAX_ITEM_BYTES or dtype.hasobject:
        raise _bad_array(name, Text("It holds values of the kind “{kind}”.", kind=str(dtype)[:40]))
    rest = content[file.tell() :]
    if len(shape) > 4 or any(side < 0 for side in shape) or math.prod(shape) * dtype.itemsize != len(rest):
        raise _bad_array(
            name, Text("Its header speaks of the shape {shape}, and that is not what follows.", shape=str(shape)[:80])
        )
    try:
        flat = np.frombuffer(rest, dtype)
        return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)
    except (ValueError, TypeError):
        raise _bad_array(name, Text("Its header cannot be read.")) from None


def targets_of(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Classes (N,) with their names, or values (N, 1) without: numbers with fractions, or more than classes can be."""
    kinds, classes = np.unique(values, return_inverse=True)
    has_fractions = values.dtype.kind == "f" and not (np.isfinite(kinds).all() and (kinds == np.round(kinds)).all())
    if has_fractions or (values.dtype.kind != "U" and len(kinds) > MAX_CLASSES):
        with np.errstate(over="ignore"):
            return values.astype(np.float32)[:, None], ()
    names = [f"{kind:g}" if values.dtype.kind == "f" else str(kind) for kind in kinds]
    return classes.astype(np.int64), distinct_names(names)


def _images(name: str, inputs: np.ndarray) -> np.ndarray:
    """uint8 (N, C, H, W) from (N, H, W), (N, H, W, C) or (N, C, H, W) with values up to 1 or up to 255."""
    if inputs.ndim == 3:
        inputs = inputs[:, None]
    elif inputs.shape[3] in (1, 3) and inputs.shape[1] not in (1, 3):
        inputs = np.moveaxis(inputs, 3, 1)
    if inputs.shape[1] not in (1, 3) or not all(0 < side <= MAX_SIDE for side in inputs.shape[2:]):
        raise refused(
            name,
            Text("A sample has the shape {shape}.", shape=_shape(inputs[0]) if len(inputs) else "–"),
            Text("Images have 1 or 3 channels and at most {side} × {side} pixels.", side=MAX_SIDE),
        )
    low, high = (float(inputs.min()), float(inputs.max())) if inputs.size else (0.0, 0.0)
    if not 0 <= low <= high <= 255:
        raise refused(
            name,
            Text("The pixels reach from {low:g} to {high:g}.", low=low, high=high),
            Text("Use values from 0 to 1, or from 0 to 255."),
        )
    factor = 255 if inputs.dtype.kind in "bf" and high <= 1 else 1
    return np.ascontiguousarray((inputs * factor).round().astype(np.uint8))


def _shape(array: np.ndarray) -> str:
    return " × ".join(map(str, array.shape)) or "1"


def _bad_array(name: str, why: Text) -> Exception:
    return refused(name, why, Text("Save plain arrays of numbers with numpy.savez."))
