"""Reader of idx files, the format of MNIST and its like: a type, the dimensions, then bytes; gzip around it."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from core.errors import BadInput
from core.text import Text

UNSIGNED_BYTE = 0x08


def read_idx(path: Path, num_dimensions: int, limit_bytes: int) -> np.ndarray:
    """The array in a gzipped idx file of unsigned bytes (not writable).

    limit_bytes: more than this is refused before it is read, whatever the header says. Raises BadInput when the file is
    not what it should be.
    """
    try:
        with gzip.open(path) as file:
            zero, kind, dimensions = struct.unpack(">HBB", file.read(4))
            if (zero, kind, dimensions) != (0, UNSIGNED_BYTE, num_dimensions):
                raise _unreadable(
                    path, Text("It does not begin like an idx file of {num} dimensions.", num=num_dimensions)
                )
            shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
            num_bytes = math.prod(shape)
            if num_bytes > limit_bytes:
                raise _unreadable(
                    path, Text("It announces {num} bytes; {limit} are known.", num=num_bytes, limit=limit_bytes)
                )
            content = file.read(num_bytes + 1)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise _unreadable(path, Text("It is damaged or incomplete: {reason}.", reason=str(error))) from error
    if len(content) != num_bytes:
        raise _unreadable(path, Text("It announces {num} bytes and holds another number.", num=num_bytes))
    return np.frombuffer(content, np.uint8).reshape(shape)


def _unreadable(path: Path, why: Text) -> BadInput:
    return BadInput(
        Text("{name} cannot be read.", name=path.name),
        why,
        Text("Remove {path} or install it again.", path=str(path)),
    )
