"""Snapshots: the whole state of a run at one step, in one file that is there completely or not at all.

A snapshot is a safetensors file. Its metadata hold the state as JSON and the SHA-256 of the whole file (taken with 64
zeros in the hash's place), so a truncated, altered or exchanged file is always noticed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError, TensorSpec, serialize
from torch import Tensor

from core import strict_json
from core.errors import CoreError
from core.text import Text

FORMAT = 1
BUDGET_BYTES = 200 * 10**6
"""What the snapshots of one run may take."""

_NAME = re.compile(r"step-(\d{10})\.safetensors")
_NO_HASH = "0" * 64
# The metadata are JSON text inside JSON, so their quotes are escaped; the hash comes first in them.
_BEFORE_HASH = b'"snapshot":"{\\"sha256\\":\\"'


@dataclass(frozen=True)
class SnapshotFile:
    """A written snapshot: `sha256` is its hash as in the file."""

    step: int
    path: Path
    sha256: str
    num_bytes: int


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as read: tensors on the CPU by name, and the JSON state."""

    step: int
    tensors: dict[str, Tensor]
    state: dict[str, Any]
    sha256: str


@dataclass(frozen=True)
class Found:
    """The newest valid snapshot (None: there is none), and a sentence for each damaged one passed over."""

    snapshot: Snapshot | None
    damaged: tuple[Text, ...]


@dataclass(frozen=True)
class Surplus:
    """The steps whose snapshots are to go; `for_budget` are those that have to only for the byte budget."""

    steps: tuple[int, ...]
    for_budget: tuple[int, ...]
    over_budget_bytes: int
    """By how much the snapshots that never go exceed the budget."""


class DamagedSnapshot(CoreError):
    """A snapshot that is not, bit for bit, what was written."""


def snapshot_path(folder: Path, step: int) -> Path:
    """Where the snapshot of a step lies."""
    return folder / f"step-{step:010d}.safetensors"


def stored_steps(folder: Path) -> tuple[int, ...]:
    """The steps that have a snapshot file, increasing."""
    with suppress(FileNotFoundError):
        return tuple(sorted(int(match[1]) for name in os.listdir(folder) if (match := _NAME.fullmatch(name))))
    return ()


def write_snapshot(
    folder: Path, step: int, tensors: Mapping[str, Tensor], state: Mapping[str, Any], *, run: str
) -> SnapshotFile:
    """Write a snapshot so that a crash leaves the old file of that step or the new one, on the disk when this returns.

    tensors: any dtype and device, also views that share memory; their values are copied. state: any JSON value, NaN
    and ±Infinity included. CoreError when the disk does not take it.
    """
    head = {"sha256": _NO_HASH, "format": FORMAT, "run": run, "step": step}
    metadata = strict_json.dumps({**head, "state": dict(state)})
    content = bytearray(_serialized(tensors, {"snapshot": metadata}))
    sha256 = hashlib.sha256(content).hexdigest()
    place = content.index(_BEFORE_HASH) + len(_BEFORE_HASH)
    content[place : place + len(sha256)] = sha256.encode()
    path = snapshot_path(folder, step)
    temporary = folder / f".{path.stem}-{secrets.token_hex(8)}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(folder)
    except OSError as error:
        raise CoreError(
            Text("The snapshot of update {step} could not be written.", step=step),
            Text("The system says: {reason}.", reason=error.strerror or str(error)),
            Text("Free some room, for instance by deleting runs; the earlier snapshots are whole."),
        ) from error
    return SnapshotFile(step, path, sha256, len(content))


def read_snapshot(path: Path, *, run: str, sha256: str | None = None) -> Snapshot:
    """Read and verify a snapshot of a run; DamagedSnapshot when it is not what was written.

    `sha256` is the hash noted when it was written, where known: it also tells two versions of one step apart.
    """
    match = _NAME.fullmatch(path.name)
    step = int(match[1]) if match else -1
    try:
        content = bytearray(path.read_bytes())
    except OSError as error:
        raise _damaged(step, Text("It cannot be read: {reason}.", reason=error.strerror or str(error))) from error
    place = content.find(_BEFORE_HASH) + len(_BEFORE_HASH)
    found = bytes(content[place : place + 64])
    content[place : place + 64] = _NO_HASH.encode()
    if place < len(_BEFORE_HASH) or hashlib.sha256(content).hexdigest().encode() != found:
        raise _damaged(step, Text("Its content does not have the hash it was written with."))
    try:
        header_bytes = int.from_bytes(content[:8], "little")
        metadata = json.loads(content[8 : 8 + header_bytes])["__metadata__"]
        stored = strict_json.loads(metadata["snapshot"])
        tensors = safetensors.torch.load(bytes(content))
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise _damaged(step, Text("It has not the form of a snapshot.")) from error
    if stored.get("format") != FORMAT:
        raise _damaged(step, Text("Its form {form} is not known to this program.", form=str(stored.get("format"))))
    if (stored.get("run"), stored.get("step")) != (run, step):
        raise _damaged(step, Text("It belongs to another run or another update."))
    if sha256 is not None and found.decode() != sha256:
        raise _damaged(step, Text("It is not the one that was noted for this update."))
    return Snapshot(step, tensors, stored["state"], found.decode())


def latest_valid(
    folder: Path, at_or_before: int | None = None, *, run: str, noted: Mapping[int, str] | None = None
) -> Found:
    """The newest snapshot up to a step that is what was written, passing over damaged ones with a sentence for each.

    `noted` is the hash by step from the store's index: only those are taken.
    """
    damaged: list[Text] = []
    steps = set(stored_steps(folder)) if noted is None else set(noted)
    for step in sorted(steps, reverse=True):
        if at_or_before is not None and step > at_or_before:
            continue
        try:
            expected = noted[step] if noted is not None else None
            return Found(read_snapshot(snapshot_path(folder, step), run=run, sha256=expected), tuple(damaged))
        except DamagedSnapshot as error:
            damaged.append(Text("{what} {why} An earlier one is used.", what=error.what, why=error.why))
    return Found(None, tuple(damaged))


def is_root_two_power(step: int) -> bool:
    """Whether `step` is a rounded power of √2: 1, 2, 3, 4, 6, 8, 11, 16, 23, 32 …"""
    if step < 1:
        return False
    exponent = round(2 * math.log2(step))
    return any(round(2 ** (near / 2)) == step for near in (exponent - 1, exponent, exponent + 1))


def retained(steps: Sequence[int]) -> set[int]:
    """Of the steps with a snapshot: 0, the first one in each interval between powers of √2, and the last two."""
    kept: dict[int, int] = {}
    for step in sorted(steps, reverse=True):
        # floor(log₂(step²)) = floor(2·log₂(step)), exactly; 0 has a place of its own.
        kept[(step * step).bit_length()] = step
    return set(kept.values()) | set(sorted(steps)[-2:])


def stored_sizes(folder: Path) -> dict[int, int]:
    """The bytes of each snapshot file, by step."""
    return {step: snapshot_path(folder, step).stat().st_size for step in stored_steps(folder)}


def surplus(sizes: dict[int, int], *, best: int | None = None, budget_bytes: int = BUDGET_BYTES) -> Surplus:
    """Of snapshots of these `sizes` those that are not kept, then, above the budget, the middle ones.

    Step 0 goes last, as it can be built anew; the last two and the best never go.
    """
    steps = sorted(sizes)
    needed = {step for step in (*steps[-2:], best) if step in sizes}
    kept = retained(steps) | needed
    optional = [step for step in steps if step in kept - needed and step != 0]
    first = [0] if 0 in kept - needed else []
    total = sum(sizes[step] for step in kept)
    for_budget: list[int] = []
    while total > budget_bytes and (optional or first):
        step = optional.pop(len(optional) // 2) if optional else first.pop()
        for_budget.append(step)
        total -= sizes[step]
    goes = sorted({*steps} - kept | {*for_budget})
    return Surplus(tuple(goes), tuple(sorted(for_budget)), max(0, total - budget_bytes))


def remove(folder: Path, steps: Iterable[int]) -> None:
    """Remove the snapshots of these steps, where they are there."""
    for step in steps:
        with suppress(FileNotFoundError):
            snapshot_path(folder, step).unlink()


def remove_leftovers(folder: Path) -> int:
    """Remove files that a crash left half written; returns how many. Not while snapshots are written there."""
    leftovers = list(folder.glob(".*.partial"))
    for path in leftovers:
        with suppress(OSError):
            path.unlink()
    return len(leftovers)


def remove_after(folder: Path, step: int) -> tuple[int, ...]:
    """Remove the snapshots after a step, which a new attempt supersedes; returns their steps."""
    later = tuple(stored for stored in stored_steps(folder) if stored > step)
    remove(folder, later)
    return later


def _serialized(tensors: Mapping[str, Tensor], metadata: dict[str, str]) -> bytes:
    """As `safetensors.torch.save`, without its many calls of torch, each of which gives the interpreter away."""
    held = {name: (tensor if tensor.is_cpu else tensor.cpu()).contiguous() for name, tensor in tensors.items()}
    specs = {
        name: TensorSpec(
            dtype=str(tensor.dtype).removeprefix("torch."),
            shape=tensor.shape,
            data_ptr=tensor.data_ptr(),
            data_len=tensor.nbytes,
        )
        for name, tensor in held.items()
    }
    return serialize(specs, metadata)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows has no handle of a folder to flush.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(step: int, why: Text) -> DamagedSnapshot:
    return DamagedSnapshot(
        Text("The snapshot of update {step} is damaged.", step=step),
        why,
        Text("An earlier snapshot of the run can be used, or the run be started again."),
    )
