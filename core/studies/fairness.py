"""Fairness: what the runs of a comparison have in common, computed from hashes; and what they have not, with why.

Compared are the runs of one seed, with the first of them: the first weights wherever the shapes agree, the batches and
their augmentation from the very tensors that were fed, the samples that errors are measured on, and where and how the
runs compute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.experiment import Experiment
from core.studies.fairness_words import ITEMS, by_design
from core.text import Text
from core.training.batch import Batch
from core.training.ledger import Fed, Ledger, Side, common_counts, tensor_hashes
from core.training.run import Run

MACHINE = ("device", "threads", "precision", "engine")


@dataclass(frozen=True)
class Item:
    """One thing that is to be the same: whether it is, what was found in words, and the hashes by run."""

    key: str
    is_matched: bool
    text: Text
    hashes: tuple[tuple[str, str], ...]
    """Name of a run and hash (hex): equal where the runs agree."""
    notes: tuple[Text, ...] = ()
    """What could not be compared, and why."""
    is_known: bool = True
    """False: it could not be compared, so nothing is shown; `is_matched` is False then."""

    def to_meta(self) -> dict[str, Any]:
        """For viewers: texts stay Text."""
        return {
            "name": self.key,
            "title": ITEMS[self.key],
            "why": self.text,
            "hash": self.hashes[0][1] if self.hashes else None,
            "hashes": [{"run": name, "hash": digest} for name, digest in self.hashes],
            "notes": list(self.notes),
            "is_known": self.is_known,
        }


@dataclass(frozen=True)
class Fairness:
    """All items, after `num_updates` updates of the run that has done the most."""

    items: tuple[Item, ...]
    num_updates: int

    def to_meta(self) -> dict[str, Any]:
        """{"matched": […], "unmatched": […], "num", "num_updates"}; what is not known is not matched."""
        return {
            "matched": [item.to_meta() for item in self.items if item.is_matched],
            "unmatched": [item.to_meta() for item in self.items if not item.is_matched],
            "num": len(self.items),
            "num_updates": self.num_updates,
        }


@dataclass
class _Watched:
    """What is known of one run."""

    name: str
    experiment: Experiment
    ledger: Ledger
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    first_weights: dict[str, str] = field(default_factory=dict)
    samples: str = ""
    machine: dict[str, str] = field(default_factory=dict)
    augments: bool = False
    """Whether its samples are augmented, or were once."""
    current: Experiment | None = None
    """What it computes now; `experiment` is what it began with."""

    @property
    def now(self) -> Experiment:
        """What it computes now."""
        return self.current or self.experiment

    def see(self, current: Experiment) -> None:
        """It computes `current` from now on."""
        self.current = current
        self.augments = self.augments or bool(current.augmentations)


class Referee:
    """Watches the runs of a comparison; `key` is a run's variant and seed. Called in the compute thread only."""

    def __init__(self, earlier: Mapping[str, Any] | None = None, *, num_variants: int = 2) -> None:
        """`earlier`: what was stored of the comparison when it was broken off, as `Fairness.to_meta` said it.

        What a single variant is fed is not watched: nobody stands beside it.
        """
        self._earlier, self._compares = earlier, num_variants > 1
        self._red: dict[str, Item] = {}
        self._runs: dict[tuple[int, int], _Watched] = {}
        self._sides: dict[int, Side] = {}

    def begin(self, key: tuple[int, int], name: str, run: Run) -> None:
        """Look at a run that has been built, before its first update; from now on watch what it is fed."""
        before = self._runs.get(key)
        # A run that joins again where it ended is fed what follows: its hashes go on.
        goes_on = before is not None and before.ledger.num_fed == run.step_count
        side = self._sides.setdefault(key[1], Side())
        state = run.parts.model.state_dict()
        is_new = run.step_count == 0
        hashes = run.parts.data.hashes
        watched = _Watched(
            name,
            run.experiment,
            before.ledger if before is not None and goes_on else Ledger(side, run.step_count),
            {name: tuple(tensor.shape) for name, tensor in state.items()} if is_new else {},
            tensor_hashes(state) if is_new else {},
            hashlib.sha256(f"{hashes['train']}{hashes['validation']}".encode()).hexdigest(),
            {name: str(getattr(run.conditions, name)) for name in MACHINE},
            bool(run.experiment.augmentations),
        )
        if before is not None and not is_new:
            watched.shapes, watched.first_weights = before.shapes, before.first_weights
            watched.augments = watched.augments or before.augments
        watched.see(run.current)
        self._runs[key] = watched

        def watch(step: int, batch: Batch) -> None:
            watched.see(run.current)
            watched.ledger.watch(step, batch)

        if self._compares:
            run.parts.loop.watch = watch

    def settle(self, key: tuple[int, int], fed: Fed | None = None) -> None:
        """An update of the run is over; `fed` was hashed where it trains, if that is another process."""
        ledger = self._runs[key].ledger
        ledger.settle() if fed is None else ledger.take(fed)

    def knows(self, key: tuple[int, int]) -> bool:
        """Whether the run has been built."""
        return key in self._runs

    def over(self, key: tuple[int, int]) -> None:
        """The run is over: those beside it are marked where it ended, so that they can be compared there."""
        for (_, seed), watched in self._runs.items():
            if seed == key[1]:
                watched.ledger.mark()

    def watch_of(self, key: tuple[int, int]) -> Callable[[int, Batch], None]:
        """What a run shows its batches to."""
        return self._runs[key].ledger.watch

    def report(self) -> Fairness:
        """How fair the comparison has been so far."""
        groups = [
            [self._runs[key] for key in sorted(self._runs) if key[1] == seed]
            for seed in sorted({seed for _, seed in self._runs})
        ]
        checks = {
            "first_weights": _first_weights,
            "batches": _batches,
            "augmentation": _augmentation,
            "evaluation": _evaluation,
            "machine": _machine,
        }
        if any(_gradients_per_update(run) > 1 for run in self._runs.values()):
            checks["gradients"] = _gradients
        items = tuple(
            self._with_earlier(_joined(key, [check(group) for group in groups])) for key, check in checks.items()
        )
        return Fairness(items, max((run.ledger.num_fed for run in self._runs.values()), default=0))

    def _with_earlier(self, item: Item) -> Item:
        """What differed once stays so, also after a break; first weights are those from before it.

        What was not known before a break stays so, unless the runs turn out to differ.
        """
        if not item.is_matched and item.is_known:
            self._red.setdefault(item.key, item)
        item = self._red.get(item.key, item)
        if self._earlier is None:
            return item
        for kind in ("matched", "unmatched"):
            for stored in self._earlier.get(kind, ()):
                if stored["name"] != item.key:
                    continue
                is_known = stored.get("is_known", True)
                differs_now = item.is_known and not item.is_matched and not is_known
                if (kind == "unmatched" and not differs_now) or item.key == "first_weights":
                    hashes = tuple((pair["run"], pair["hash"]) for pair in stored["hashes"])
                    notes = tuple(Text.from_json(note) for note in stored["notes"])
                    return Item(item.key, kind == "matched", Text.from_json(stored["why"]), hashes, notes, is_known)
        return item


@dataclass
class _Found:
    """What the runs of one seed have shown about one item."""

    is_matched: bool
    text: Text
    hashes: list[tuple[str, str]]
    notes: list[Text] = field(default_factory=list)
    is_known: bool = True


def _joined(key: str, found: Sequence[_Found]) -> Item:
    """The item over all seeds: matched where it is with every seed; a difference says more than what is not known."""
    if not found:
        return Item(key, True, ITEMS[key], ())
    worst = min(found, key=lambda one: (one.is_matched, not one.is_known))
    notes = dict.fromkeys(note for one in found for note in one.notes)
    hashes = tuple(pair for one in found for pair in one.hashes)
    return Item(key, worst.is_matched, worst.text, hashes, tuple(notes), worst.is_known)


def _first_weights(group: list[_Watched]) -> _Found:
    first, *others = group
    notes: list[Text] = []
    common = set(first.shapes)
    why = None
    for other in others:
        alike = {name for name, shape in other.shapes.items() if first.shapes.get(name) == shape}
        common &= alike
        notes += _not_comparable(first, other)
        different = sorted(name for name in alike if first.first_weights[name] != other.first_weights[name])
        if why is None and (different or (not alike and other.shapes)):
            words = by_design("first_weights", first.experiment, other.experiment)
            why = _named(first, other, words or _weights_text(different))
    hashes = [(run.name, _hash_of({name: run.first_weights[name] for name in sorted(common)})) for run in group]
    if not all(run.shapes for run in group):
        return _Found(False, Text("Not all of them were seen: a run was resumed."), hashes, notes)
    text = Text("{num} tensors are the same, bit for bit.", num=len(common))
    return _Found(why is None, why or text, hashes, notes)


def _weights_text(different: list[str]) -> Text:
    if not different:
        return Text("no tensor has the same shape in both")
    return Text("the tensor “{name}” begins with other values", name=different[0])


def _not_comparable(first: _Watched, other: _Watched) -> list[Text]:
    notes = []
    for name in sorted({*first.shapes, *other.shapes}):
        one, two = first.shapes.get(name), other.shapes.get(name)
        if one is None or two is None:
            owner = first if two is None else other
            notes.append(Text("“{tensor}” exists in “{name}” only.", tensor=name, name=owner.name))
        elif one != two:
            notes.append(
                Text(
                    "“{tensor}” has other shapes: {one} in “{first}”, {two} in “{other}”.",
                    tensor=name,
                    one="×".join(map(str, one)) or "1",
                    two="×".join(map(str, two)) or "1",
                    first=first.name,
                    other=other.name,
                )
            )
    return notes


def _batches(group: list[_Watched]) -> _Found:
    augments = any(run.augments for run in group)
    hashes = [(run.name, run.ledger.now.order) for run in group]
    for other in group[1:]:
        # Where nobody augments, the tensors that were fed are the samples themselves.
        step = _first_difference(group[0], other, ("order",) if augments else ("order", "tensors"))
        if step is not None:
            words = by_design("batches", group[0].now, other.now)
            fallback = Text(
                "other samples were fed, first in one of the updates {low} to {high}", low=step[0], high=step[1]
            )
            return _Found(False, _named(group[0], other, words or fallback), hashes)
    return _fed_alike(group, Text("The same samples in the same order in every update so far."), hashes)


def _gradients_per_update(run: _Watched) -> int:
    return run.now.optimizer.evaluations_per_step


def _gradients(group: list[_Watched]) -> _Found:
    first, *others = ((run, _gradients_per_update(run)) for run in group)
    hashes = [(run.name, f"{count:x}") for run, count in (first, *others)]
    for other, count in others:
        if count != first[1]:
            words = Text(
                "{one} against {two} in an update; over gradient evaluations both are charged for what they compute",
                one=first[1],
                two=count,
            )
            return _Found(False, _named(first[0], other, words), hashes)
    return _Found(True, Text("{count} gradients of its batch, at most, in every update.", count=first[1]), hashes)


def _augmentation(group: list[_Watched]) -> _Found:
    hashes = [(run.name, run.ledger.now.tensors) for run in group]
    if not any(run.augments for run in group):
        return _Found(True, Text("Nobody's samples are augmented."), hashes)
    for other in group[1:]:
        step = _first_difference(group[0], other, ("tensors",))
        if step is None and group[0].now.augmentations == other.now.augmentations:
            continue
        words = by_design("augmentation", group[0].now, other.now)
        if words is None and _first_difference(group[0], other, ("order",)) is not None:
            words = Text("the batches differ, so the same draws met other samples")
        if words is None:
            low, high = step or (1, 1)
            words = Text(
                "the samples were changed differently, first in one of the updates {low} to {high}", low=low, high=high
            )
        return _Found(False, _named(group[0], other, words), hashes)
    return _fed_alike(group, Text("The same tensors were fed in every update so far, bit for bit."), hashes)


def _fed_alike(group: list[_Watched], text: Text, hashes: list[tuple[str, str]]) -> _Found:
    """No difference was seen: matched, or not known where a run joined later and could not be compared."""
    notes = [
        Text("“{name}” joined at another update than “{first}”: not compared.", name=run.name, first=group[0].name)
        for run in group[1:]
        if run.ledger.first_step != group[0].ledger.first_step
    ]
    if notes:
        return _Found(False, Text("Not known: a run joined later."), hashes, notes, is_known=False)
    if len(group) == 1 and group[0].ledger.first_step:
        return _Found(False, Text("Not known: “{name}” went on alone.", name=group[0].name), hashes, is_known=False)
    return _Found(True, text, hashes)


def _evaluation(group: list[_Watched]) -> _Found:
    hashes = [(run.name, run.samples) for run in group]
    for other in group[1:]:
        if other.samples != group[0].samples:
            words = by_design("evaluation", group[0].experiment, other.experiment)
            fallback = Text("the training or validation samples are others")
            return _Found(False, _named(group[0], other, words or fallback), hashes)
    return _Found(True, Text("Errors are measured on the same training and validation samples."), hashes)


def _machine(group: list[_Watched]) -> _Found:
    hashes = [(run.name, _hash_of(run.machine)) for run in group]
    for other in group[1:]:
        for name in MACHINE:
            one, two = group[0].machine[name], other.machine[name]
            if one != two:
                words = Text("{setting}: {one} against {other}", setting=MACHINE_WORDS[name], one=one, other=two)
                return _Found(False, _named(group[0], other, words), hashes)
    machine = group[0].machine
    text = Text(
        "Device {device}, threads: {threads}, {precision}, engine {engine}.",
        **{name: machine[name] for name in MACHINE},
    )
    return _Found(True, text, hashes)


MACHINE_WORDS: dict[str, Text] = {
    "device": Text("device"),
    "threads": Text("threads"),
    "precision": Text("precision"),
    "engine": Text("engine"),
}


def _named(first: _Watched, other: _Watched, words: Text) -> Text:
    return Text("“{first}” and “{other}”: {words}.", first=first.name, other=other.name, words=words)


def _first_difference(first: _Watched, other: _Watched, kinds: Sequence[str]) -> tuple[int, int] | None:
    """The updates (counted from 1) among which two runs were first fed something else; None: they never were."""
    equal = first.ledger.first_step
    for count in common_counts(first.ledger, other.ledger):
        one, two = first.ledger.at(count), other.ledger.at(count)
        if any(getattr(one, kind) != getattr(two, kind) for kind in kinds):
            return equal + 1, count
        equal = count
    return None


def _hash_of(values: Mapping[str, str]) -> str:
    return hashlib.sha256("\n".join(f"{name}={value}" for name, value in values.items()).encode()).hexdigest()
