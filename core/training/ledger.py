"""Ledgers: rolling hashes of the very batches that runs are fed, so that it can be shown that they were the same.

The batch that a run was fed is kept until its update is over and hashed then, outside the time of the update. Of runs
side by side one batch is hashed; another that equals it bit for bit has its hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from core.training.batch import Batch
from core.training.checkpoint import is_root_two_power

DIGEST_BYTES = 16
_AS_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


@dataclass(frozen=True)
class Mark:
    """Both hashes (hex) after a number of batches: of the samples' order, of the tensors that were fed."""

    order: str
    tensors: str


@dataclass(frozen=True)
class Fed:
    """What another process has hashed of the batches of a run, as a `Ledger` has it."""

    begun_at: int
    num_fed: int
    now: Mark
    marks: dict[int, Mark]

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads, without the marks."""
        return {"begun_at": self.begun_at, "num_fed": self.num_fed, **asdict(self.now)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Fed:
        """What `to_json` gave."""
        return cls(value["begun_at"], value["num_fed"], Mark(value["order"], value["tensors"]), {})


@dataclass(frozen=True)
class _Hashed:
    step: int
    batch: Batch
    order: bytes
    tensors: bytes


class Side:
    """Runs that are to be fed the same: the batch hashed last serves those that follow in the same step.

    Runs that begin at different updates are hashed from the last of these on.
    """

    def __init__(self) -> None:
        self.first_step = 0
        self._last: _Hashed | None = None

    def begin(self, step: int) -> None:
        """A run begins after so many updates."""
        if self._last is None:
            self.first_step = max(self.first_step, step)

    def hashed(self, step: int, batch: Batch) -> tuple[bytes, bytes]:
        """Digests of a batch: of its rows, and of its inputs and targets."""
        last = self._last
        if last is None or last.step != step:
            made = _Hashed(step, batch, _digest(batch.sample_ids), _digest(batch.inputs, batch.targets))
            self._last = made
            return made.order, made.tensors
        if batch is last.batch:
            return last.order, last.tensors
        order = last.order if _same(batch.sample_ids, last.batch.sample_ids) else _digest(batch.sample_ids)
        alike = _same(batch.inputs, last.batch.inputs) and _same(batch.targets, last.batch.targets)
        return order, last.tensors if alike else _digest(batch.inputs, batch.targets)


@dataclass
class Ledger:
    """What one run was fed that begins after update `begun_at`."""

    side: Side
    begun_at: int = 0
    num_fed: int = 0
    """Batches fed so far, counted from the run's first update."""
    marks: dict[int, Mark] = field(default_factory=dict)
    """Hashes by number of batches fed: at 1, 2, at powers of √2, and where somebody asked for one."""
    _fed: tuple[int, Batch] | None = None
    _told: Mark | None = None

    def __post_init__(self) -> None:
        self.num_fed = self.begun_at
        self.side.begin(self.begun_at)
        self._order = self._tensors = bytes(DIGEST_BYTES)

    @classmethod
    def going_on(cls, side: Side, fed: Fed) -> Ledger:
        """The ledger of a run that was fed so much in another process, which is gone."""
        ledger = cls(side, fed.begun_at)
        ledger.num_fed = fed.num_fed
        ledger._order, ledger._tensors = bytes.fromhex(fed.now.order), bytes.fromhex(fed.now.tensors)
        return ledger

    def watch(self, step: int, batch: Batch) -> None:
        """A run is fed `batch` in update `step`, counted from 0; called within the update."""
        self._fed = (step, batch)

    def settle(self) -> None:
        """The update is over: hash what was fed; on a GPU, which must copy it, only at steps 0, 1 and powers of two."""
        if self._fed is None:
            return
        (step, batch), self._fed = self._fed, None
        self.num_fed = step + 1
        if step < self.first_step:
            return
        if batch.inputs.is_cpu or step & (step - 1) == 0:
            order, tensors = self.side.hashed(step, batch)
            self._order, self._tensors = _chained(self._order, order), _chained(self._tensors, tensors)
        if is_root_two_power(self.num_fed):
            self.mark()

    def take(self, fed: Fed) -> None:
        """Know what was hashed elsewhere, where nobody sees the runs beside this one."""
        if fed.begun_at != self.begun_at:
            self.begun_at, self.marks = fed.begun_at, {}
        self.num_fed, self._told = fed.num_fed, fed.now
        self.marks |= fed.marks

    def mark(self) -> None:
        """Keep the present hashes."""
        self.marks[self.num_fed] = self.now

    @property
    def first_step(self) -> int:
        """The first update, counted from 0, whose batch is hashed."""
        return self.begun_at if self._told else max(self.begun_at, self.side.first_step)

    @property
    def now(self) -> Mark:
        """The present hashes."""
        return self._told or Mark(self._order.hex(), self._tensors.hex())

    def at(self, num_fed: int) -> Mark | None:
        """The hashes after so many batches, where they are known."""
        return self.now if num_fed == self.num_fed else self.marks.get(num_fed)


def common_counts(one: Ledger, other: Ledger) -> list[int]:
    """Numbers of batches after which the hashes of both are known, in rising order."""
    if one.first_step != other.first_step:
        return []
    counts = {*one.marks, one.num_fed} & {*other.marks, other.num_fed}
    return sorted(count for count in counts if count > one.first_step)


def tensor_hashes(tensors: dict[str, Tensor]) -> dict[str, str]:
    """SHA-256 (hex) over the bytes of each tensor, in the logical order of its elements."""
    return {name: hashlib.sha256(_bytes(tensor)).hexdigest() for name, tensor in tensors.items()}


def _chained(hashed: bytes, digest: bytes) -> bytes:
    """The hash of a chain with one more link."""
    return hashlib.blake2b(hashed + digest, digest_size=DIGEST_BYTES).digest()


def _digest(*tensors: Tensor) -> bytes:
    """SHA-256, for which processors have instructions: twice as fast as BLAKE2b there."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(_bytes(tensor))
    return digest.digest()


def _bytes(tensor: Tensor) -> memoryview:
    """The bytes of a tensor, not copied where they lie in logical order in the host's memory."""
    values = tensor.detach().cpu().contiguous().view(-1)
    return values.view(torch.uint8).numpy().data if values.numel() else memoryview(b"")


def _same(one: Tensor, other: Tensor) -> bool:
    """Whether two tensors agree bit for bit, NaN and the sign of zero included."""
    if one is other:
        return True
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    kind = _AS_INTEGERS[one.element_size()]
    return torch.equal(one.view(kind), other.view(kind))
