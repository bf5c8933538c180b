"""The verdict of a comparison in two sentences: where the variants end, and how fast they reach a target error.

The test is the paired bootstrap: the differences between two variants, seed by seed, are drawn again with replacement
10 000 times, and the middle 95 % of their means must lie on one side of 0 (Efron and Tibshirani, An Introduction to the
Bootstrap, 1993, chapter 13; percentile interval). Who is tested was chosen by what came out, so every pair has its
share of the 5 % (Bonferroni). And with every seed the one must be lower than the other: of few differences the
bootstrap alone errs more often than it says, so this is the stricter demand, and what the bootstrap adds is by how much
the one is lower. Fewer than five seeds name nobody, and of two variants fewer than six.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from core.seeding import seed32
from core.studies.error_words import PERCENT, PLAIN, Scale
from core.text import Text

NUM_RESAMPLES = 10_000
ERROR_RATE = 0.05
LEAST_SEEDS = 5
TARGETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.05, 0.02, 0.01)
"""Errors that may be the target, in the order in which they are tried."""


HOW_TESTED = Text(
    "The test: a paired bootstrap. The differences between two variants, seed by seed, are drawn again {resamples:,} "
    "times with replacement, and the middle {level:.0f} % of their means must lie on one side of 0. Every pair has its "
    "share of the other {rest:.0f} % (Bonferroni), and the better one must be better with every seed.",
    resamples=NUM_RESAMPLES,
    level=100 - 100 * ERROR_RATE,
    rest=100 * ERROR_RATE,
)
"""The test behind both sentences, for whoever asks."""

BRANCHES_ASIDE = Text("Branches have one seed each and take no part in it.")
"""What is said beside a verdict where runs have branched."""

MOST_NAMED = 4
"""So many variants are named in brackets; of more it is said how many."""
MOST_NAMED_APART = 8
"""Of more variants than these only the first is named."""

Name = Text | str


@dataclass(frozen=True)
class Trace:
    """How one run went: its variant, seed and state, and its validation errors (n,) by step (n,), steps rising.

    `end` is the error of the weights it ends with, which early stopping may have put back; NaN: that of the last step.
    """

    variant: int
    seed: int
    state: str
    steps: Sequence[int] | np.ndarray
    errors: Sequence[float] | np.ndarray
    end: float = math.nan

    @property
    def final(self) -> float:
        """The validation error it ends with; infinite for a run that diverged, NaN for one without any."""
        if self.state == "diverged":
            return math.inf
        if not math.isnan(self.end):
            return self.end
        return float(self.errors[-1]) if len(self.errors) else math.nan

    def steps_to(self, target: float) -> float:
        """Updates until an evaluation first found at most `target`; infinite where none did."""
        reached = np.flatnonzero(np.asarray(self.errors, dtype=float) <= target)
        return float(self.steps[reached[0]]) if reached.size else math.inf


@dataclass(frozen=True)
class Verdict:
    """Both sentences, the target of the second, and who is first, in English (None: nobody is named)."""

    end: Text
    speed: Text
    target: float | None
    best: str | None = None
    fastest: str | None = None

    @property
    def sentences(self) -> list[Text]:
        """The two sentences."""
        return [self.end, self.speed]


@dataclass
class _Side:
    """One variant: a value for each seed that all compared variants have."""

    name: Name
    values: np.ndarray

    @property
    def middle(self) -> float:
        return float(np.median(self.values))

    @property
    def low(self) -> float:
        return float(self.values.min())

    @property
    def high(self) -> float:
        return float(self.values.max())


@dataclass
class _Field:
    """The variants that can be compared, and the words about the others."""

    sides: list[_Side]
    num_seeds: int
    left_out: list[Text] = field(default_factory=list)


def paired_interval(differences: np.ndarray, level: float, *, purpose: str = "verdict") -> tuple[float, float]:
    """The middle `level` of the means of `differences` (n,) drawn again with replacement.

    The draws are seeded by n and `purpose` alone, so that the same runs always give the same verdict.
    """
    count = len(differences)
    rng = np.random.default_rng(seed32(0, "bootstrap", purpose, count))
    means = differences[rng.integers(0, count, (NUM_RESAMPLES, count))].mean(axis=1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def verdict(
    names: Sequence[Name], traces: Sequence[Trace], target: float | None = None, *, is_share: bool = True
) -> Verdict:
    """What the runs of a comparison show. `target`: the error of the second sentence; None chooses one.

    `is_share`: errors are shares of wrong answers, told in percent; else relative errors.
    """
    scale = PERCENT if is_share else PLAIN
    ends = _field(names, traces, lambda trace: trace.final)
    best = _first(ends)
    target = target if target is not None else _usual_target(names, traces)
    if target is None:
        speed, fastest = (
            Text("How fast they are cannot be compared: no usual target was reached by two variants with every seed."),
            None,
        )
    else:
        speed, fastest = _speed_sentence(names, traces, target, scale, ends.left_out)
    first, fast = (str(side.name) if side else None for side in (best, fastest))
    end = _end_sentence(ends, best, scale)
    if len(names) > MOST_NAMED_APART:
        end = _end_of_many(ends, best, scale)
        speed = speed if target is None else _speed_of_many(_field(names, traces, _steps_to(target)), target, scale)
    return Verdict(end, speed, target, first, fast)


# -- where they end --------------------------------------------------------------------------------------------------


def _end_sentence(ends: _Field, best: _Side | None, scale: Scale) -> Text:
    sides = sorted(ends.sides, key=lambda side: side.middle)
    if len(sides) < 2:
        said = Text("Too few variants have an end that could be compared.")
    elif best is not None:
        second = sides[1]
        num_pairs = len(sides) * (len(sides) - 1) // 2
        said = Text(
            "{name} ends lowest, at {middle} ({range}), {ahead} {second} at {other}: {seeds} seeds name it.",
            name=best.name,
            middle=scale.one(best.middle),
            range=scale.range(best.low, best.high),
            ahead=scale.ahead(*paired_interval(second.values - best.values, 1 - ERROR_RATE / num_pairs)),
            second=second.name,
            other=scale.one(second.middle),
            seeds=ends.num_seeds,
        )
    else:
        low, high = sides[0].middle, sides[-1].middle
        said = Text("They end at {range}: {doubt}.", range=scale.range(low, high), doubt=_doubt(ends, "winner"))
    return _with(said, ends.left_out)


def _end_of_many(ends: _Field, best: _Side | None, scale: Scale) -> Text:
    """Of more variants than can be named one by one: the lowest, and how many are of no use."""
    sides = sorted(ends.sides, key=lambda side: side.middle)
    if not sides:
        return Text("Too few variants have an end that could be compared.")
    said = Text(
        "Of {count} variants {name} ends lowest, at {middle}: {doubt}.",
        count=len(sides) + len(ends.left_out),
        name=sides[0].name,
        middle=scale.one(sides[0].middle),
        doubt=Text("{seeds} seeds name it", seeds=ends.num_seeds) if best else _doubt(ends, "winner"),
    )
    without = Text("{count} diverged, were ended early or have no results", count=len(ends.left_out))
    return _with(said, [without] if ends.left_out else [])


def _doubt(found: _Field, who: str) -> Text:
    """Why nobody is named."""
    if found.num_seeds == 1:
        return Text("one seed names no winner") if who == "winner" else Text("one seed names no faster one")
    ordered = sorted(found.sides, key=lambda side: side.middle)
    overlap = len(ordered) > 1 and ordered[0].high >= min(side.low for side in ordered[1:])
    seeds = found.num_seeds
    if overlap and max(side.low for side in ordered) > min(side.high for side in ordered):
        return (
            Text("the lowest ranges overlap; {seeds} seeds name no winner", seeds=seeds)
            if who == "winner"
            else Text("the fastest ones overlap; {seeds} seeds name no faster one", seeds=seeds)
        )
    if overlap and who == "winner":
        return Text("ranges overlap; {seeds} seeds name no winner", seeds=seeds)
    if overlap:
        return Text("ranges overlap; {seeds} seeds name no faster one", seeds=seeds)
    if seeds >= _least_seeds(len(found.sides)):
        return Text("{seeds} seeds do not settle it", seeds=seeds)
    values = {"seeds": seeds, "least": _least_seeds(len(found.sides))}
    if who == "winner":
        return Text("{seeds} seeds are too few to name a winner; it takes {least}", **values)
    return Text("{seeds} seeds are too few to name a faster one; it takes {least}", **values)


# -- how fast they get there -----------------------------------------------------------------------------------------


def _speed_sentence(
    names: Sequence[Name], traces: Sequence[Trace], target: float, scale: Scale, told: Sequence[Text]
) -> tuple[Text, _Side | None]:
    """How fast they get to the target, and who is first. `told`: why variants are left out, as was said before."""
    speeds = _field(names, traces, _steps_to(target))
    left_out = [note for note in speeds.left_out if note not in told]
    reached = [side for side in speeds.sides if math.isfinite(side.high)]
    if len(reached) < 2:
        text = Text("At {target}: {who}.", target=scale.target(target), who=_who_reached(reached, speeds))
        return _with(text, left_out), None
    ordered = sorted(reached, key=lambda side: side.middle)
    fastest, slowest = ordered[0], ordered[-1]
    racing = _Field(reached, speeds.num_seeds)
    first = _first(racing)
    if fastest.high < slowest.low:
        said = Text(
            "At {target}: {fastest} after update {soon}, {slowest} after {late}",
            target=scale.target(target),
            fastest=fastest.name,
            soon=_steps(fastest),
            slowest=slowest.name,
            late=_steps(slowest),
        )
        # The two were picked because they lie furthest apart: every pair has its share of the error rate.
        if not _is_lower(fastest, slowest, len(ordered) * (len(ordered) - 1) // 2):
            said = Text("{said}; {doubt}.", said=said, doubt=_doubt(racing, "faster"))
        elif first is None and len(ordered) > 2:
            said = Text("{said}; those in between cannot be told apart.", said=said)
        else:
            said = Text("{said}.", said=said)
    else:
        low, high = min(side.low for side in ordered), max(side.high for side in ordered)
        steps = f"{low:.0f}–{high:.0f}" if low != high else f"{low:.0f}"
        said = Text(
            "At {target} after update {steps}: {doubt}.",
            target=scale.target(target),
            steps=steps,
            doubt=_doubt(racing, "faster"),
        )
    notes = [
        Text(
            "{name} gets there with {count} of {num} seeds",
            name=side.name,
            count=int(np.isfinite(side.values).sum()),
            num=len(side.values),
        )
        for side in speeds.sides
        if not math.isfinite(side.high)
    ]
    return _with(said, [*notes, *left_out]), first


def _speed_of_many(speeds: _Field, target: float, scale: Scale) -> Text:
    """Of more variants than can be named one by one: how many get there, and the first of them."""
    reached = sorted((side for side in speeds.sides if math.isfinite(side.high)), key=lambda side: side.middle)
    if not reached:
        return Text("At {target}: {who}.", target=scale.target(target), who=_who_reached(reached, speeds))
    return Text(
        "At {target}: {name} first, after update {steps}; {count} of {num} get there with every seed.",
        target=scale.target(target),
        name=reached[0].name,
        steps=_steps(reached[0]),
        count=len(reached),
        num=len(speeds.sides) + len(speeds.left_out),
    )


def _steps_to(target: float) -> Callable[[Trace], float]:
    return lambda trace: trace.steps_to(target)


def _who_reached(reached: list[_Side], speeds: _Field) -> Text:
    if not reached:
        return Text("no variant gets there with every seed")
    return Text(
        "only {name} gets there with every seed, after update {steps}", name=reached[0].name, steps=_steps(reached[0])
    )


def _usual_target(names: Sequence[Name], traces: Sequence[Trace]) -> float | None:
    """The first of the usual targets that at least two variants reach with every seed, not all of them at once."""
    for target in TARGETS:
        speeds = _field(names, traces, _steps_to(target))
        reached = [side for side in speeds.sides if math.isfinite(side.high)]
        if len(reached) >= 2 and any(side.high > 0 for side in reached):
            return target
    return None


# -- the test --------------------------------------------------------------------------------------------------------


def _first(found: _Field) -> _Side | None:
    """The variant that is lower than every other one; None where the seeds do not tell."""
    sides = sorted(found.sides, key=lambda side: side.middle)
    if len(sides) < 2 or found.num_seeds < _least_seeds(len(sides)) or not math.isfinite(sides[0].high):
        return None
    num_pairs = len(sides) * (len(sides) - 1) // 2
    return sides[0] if all(_is_lower(sides[0], other, num_pairs) for other in sides[1:]) else None


def _least_seeds(num_sides: int) -> int:
    """With so many seeds, one of equals is the lowest with every seed no more often than the error rate."""
    return max(LEAST_SEEDS, 1 + math.ceil(math.log(1 / ERROR_RATE) / math.log(max(2, num_sides))))


def _is_lower(one: _Side, other: _Side, num_tests: int) -> bool:
    """Whether `one` is lower than `other` with every seed, and by the paired bootstrap at its share of the error rate.

    Alone the bootstrap of five differences errs three times as often as its level says.
    """
    if len(one.values) < LEAST_SEEDS or len(one.values) != len(other.values) or not np.isfinite(one.values).all():
        return False
    differences = other.values - one.values
    if not (differences > 0).all():
        return False
    if not np.isfinite(differences).all():
        # A run that never got there, or diverged, is worse than any: only the signs can be drawn again.
        differences = np.sign(np.nan_to_num(differences, posinf=1.0))
    low, _ = paired_interval(differences, 1 - ERROR_RATE / num_tests)
    return low > 0


def _field(names: Sequence[Name], traces: Sequence[Trace], value: object) -> _Field:
    """The variants with a value for every seed, and why the others are left out.

    A variant with a run that somebody stopped, or that failed, is left out while others have gone to their ends.
    """
    has_whole = any(trace.state in ("finished", "diverged") for trace in traces)
    sides: list[_Side] = []
    left_out: list[Text] = []
    for place, name in enumerate(names):
        own = sorted((trace for trace in traces if trace.variant == place), key=lambda trace: trace.seed)
        values = np.array([value(trace) for trace in own], dtype=float)  # type: ignore[operator]
        if not own or np.isnan(values).any():
            left_out.append(Text("{name} has no results", name=name))
        elif has_whole and any(trace.state not in ("finished", "diverged") for trace in own):
            left_out.append(Text("{name} was ended early", name=name))
        elif (count := sum(trace.state == "diverged" for trace in own)) and np.isinf(values).all():
            left_out.append(
                Text("{name} diverged", name=name)
                if len(own) == 1
                else Text("{name} diverged with {count} of {num} seeds", name=name, count=count, num=len(own))
            )
        else:
            sides.append(_Side(name, values))
    return _Field(sides, min((len(side.values) for side in sides), default=0), left_out)


# -- words -----------------------------------------------------------------------------------------------------------


def _with(said: Text, notes: Sequence[Text]) -> Text:
    if not notes:
        return said
    if len(notes) > MOST_NAMED:
        notes = [*notes[:MOST_NAMED], Text("{count} more are not named", count=len(notes) - MOST_NAMED)]
    told = reduce(lambda before, note: Text("{before}; {note}", before=before, note=note), notes)
    return Text("{said} ({notes}.)", said=said, notes=told)


def _steps(side: _Side) -> str:
    return f"{side.low:.0f}" if side.low == side.high else f"{side.low:.0f}–{side.high:.0f}"
