"""Decoding in a process of its own, with little memory and time: what a file does to a decoder stays there.

The child is started as `python -m core.uploads.child FOLDER NAME`. It reads FOLDER/upload, and writes inputs.npy,
targets.npy and said.json beside it: the names that belong to the arrays, or the three sentences of a refusal. Meanwhile
FOLDER/share says how far it is. Memory and processor time are limited where the system can limit them (not on Windows);
the time on the clock always.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import BadInput
from core.text import Text
from core.uploads.arrays import array_of
from core.uploads.decode import decoded
from core.uploads.limits import MAX_FILE_BYTES, MAX_UNPACKED_BYTES, Decoded, Tell, checked, refused, shown_name, untold

MEMORY_BYTES = 2 * 2**30
CPU_S = 60
CLOCK_S = 120
OUTPUT_BYTES = MAX_UNPACKED_BYTES + 2**20
LOOK_EVERY_S = 0.1
UPLOAD, SHARE, SAID = "upload", "share", "said.json"


def decode_apart(
    name: str, content: bytes, folder: Path, tell: Tell = untold, *, memory_bytes: int = MEMORY_BYTES
) -> Decoded:
    """The data of a file, decoded in a child process inside `folder`, an empty folder of ours. BadInput says why not.

    What the child writes is checked like anything that comes from outside. An error that `tell` raises ends the child.
    """
    if len(content) > MAX_FILE_BYTES:
        return decoded(name, content)  # which refuses it, unread
    (folder / UPLOAD).write_bytes(content)
    command = [sys.executable, "-m", "core.uploads.child", str(folder), shown_name(name), str(memory_bytes)]
    exit_status = _run(command, folder / SHARE, tell)
    said = _said(folder / SAID)
    if exit_status != 0 or said is None:
        raise _too_much(name)
    if "what" in said:
        raise BadInput(*(Text.from_json(said[part]) for part in ("what", "why", "fix")))
    inputs, targets = (array_of(name, (folder / f"{part}.npy").read_bytes()) for part in ("inputs", "targets"))
    return checked(name, Decoded(inputs, targets, tuple(said["class_names"]), tuple(said["feature_names"])))


def _run(command: list[str], share: Path, tell: Tell) -> int | None:
    """Run the child, and tell how far it is; its exit status, None where it was ended because it took too long."""
    environment = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT") if key in os.environ}
    ends = time.monotonic() + CLOCK_S
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        env={**environment, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while time.monotonic() < ends:
                try:
                    return process.wait(LOOK_EVERY_S)
                except subprocess.TimeoutExpired:
                    tell(_share(share))
        finally:
            process.kill()
    return None


def _share(path: Path) -> float:
    try:
        return min(max(float(path.read_text(encoding="ascii")), 0.0), 1.0)
    except (OSError, ValueError):  # not written yet, or just now
        return 0.0


def _said(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _too_much(name: str) -> BadInput:
    return refused(
        name,
        Text("Reading it took more memory or time than a file may take, or broke the reader."),
        Text("Use smaller or fewer images, saved anew; or save them as arrays in an .npz."),
    )


# -- the child -------------------------------------------------------------------------------------------------------


def limit(memory_bytes: int) -> None:
    """Take no more memory, time and room than this from now on."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, most in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, OUTPUT_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def main(folder: Path, name: str, memory_bytes: int) -> None:
    """Decode one file."""
    limit(memory_bytes)
    told = time.monotonic()

    def tell(share: float) -> None:
        nonlocal told
        if time.monotonic() > told + LOOK_EVERY_S:
            told = time.monotonic()
            (folder / SHARE).write_text(f"{share:.3f}", encoding="ascii")

    try:
        data = decoded(name, (folder / UPLOAD).read_bytes(), tell)
    except BadInput as error:
        said: dict[str, Any] = {part: getattr(error, part).to_json() for part in ("what", "why", "fix")}
    else:
        for part in ("inputs", "targets"):
            np.save(folder / f"{part}.npy", getattr(data, part), allow_pickle=False)
        said = {"class_names": list(data.class_names), "feature_names": list(data.feature_names)}
    (folder / SAID).write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
