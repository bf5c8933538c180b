"""The seal: whether a run came to what was stated where it was prepared, bit for bit or within the bounds stated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, model_validator

from core.experiment import Experiment
from core.exports.tables import differing, experiment_of
from core.lessons.question import Part, Unusable, is_in_percent
from core.store.records import Event, RunRecord
from core.studies.setting_words import setting_title
from core.text import Text
from core.training.trend import uncertainty_of

LETTERS = 16
"""So many letters of a fingerprint tell experiments apart, and so many of a hash the bits of weights."""
MOST_NAMED = 4

HASH = r"^[0-9a-f]{16,64}$"
Hash = Annotated[str, Field(pattern=HASH)]
Share = Annotated[float, Field(ge=0, le=1e6)]


class Expected(Part):
    """What a run came to where it was prepared: of which experiment, and between which bounds its validation error is.

    `weights` (the first letters of their SHA-256), `torch` and `device` say which bits there were, and where.
    """

    fingerprint: Hash
    low: Share
    high: Share
    weights: Hash | None = None
    torch: Annotated[str, Field(max_length=40, pattern=r"^[\w.+-]*$")] = ""
    device: Annotated[str, Field(max_length=20, pattern=r"^[\w:]*$")] = ""

    @model_validator(mode="after")
    def _is_a_range(self) -> Expected:
        if self.low > self.high:
            raise Unusable(Text("High {high:g} must not be below low {low:g}.", high=self.high, low=self.low))
        return self

    def is_of(self, fingerprint: str) -> bool:
        """Whether it was measured of the experiment with this fingerprint."""
        return fingerprint.startswith(self.fingerprint)

    def to_url(self) -> str:
        """As one parameter of a link: fingerprint, low, high, and where there are bits weights, torch, device."""
        numbers = f"{self.fingerprint},{self.low!r},{self.high!r}"
        return f"{numbers},{self.weights},{self.torch},{self.device}" if self.weights else numbers

    @classmethod
    def from_url(cls, written: str) -> Expected:
        """What `to_url` wrote. ValueError, Unusable."""
        fingerprint, low, high, *bits = written.split(",")
        if len(bits) not in (0, 3):
            raise Unusable(
                Text("Behind the numbers stand the weights, the version of torch and the device, or nothing.")
            )
        named = dict(zip(("weights", "torch", "device"), bits, strict=True)) if bits else {}
        return cls.model_validate({"fingerprint": fingerprint, "low": float(low), "high": float(high), **named})


@dataclass(frozen=True)
class Seal:
    """What is said of a run that is over; `holds`: it came to what was expected."""

    holds: bool
    text: Text


def expected_of(run: RunRecord) -> Expected | None:
    """What a finished run came to, within its uncertainty, to be stated in a link; None without a number."""
    error, num = run.answer.get("validation_error"), run.answer.get("num_validation")
    if run.state != "finished" or error is None or not num or not math.isfinite(error):
        return None
    uncertainty = uncertainty_of(error, num, is_share=is_in_percent(experiment_of(run)))
    return Expected(
        fingerprint=run.fingerprint[:LETTERS],
        low=max(0.0, round(error - uncertainty, 4)),
        high=round(error + uncertainty, 4),
        weights=run.weights_sha256[:LETTERS] if run.weights_sha256 else None,
        torch=_torch_of(run),
        device=run.facts.device or "",
    )


def seal(expected: Expected, prepared: Experiment | None, run: RunRecord, events: Sequence[Event]) -> Seal | None:
    """What a run that was finished says about what was expected; None for one that was not.

    `prepared` is the experiment that was to be run, where it is known; `events` are those of the run.
    """
    if run.state not in ("finished", "diverged"):
        return None
    other = _other_experiment(expected, prepared, run, events)
    if other is None and expected.weights and (run.weights_sha256 or "").startswith(expected.weights):
        return Seal(True, Text("Your machine reproduced the lecture's result, bit for bit."))
    error = run.answer.get("validation_error")
    is_share = is_in_percent(experiment_of(run))
    numbers = {"range": _range(expected, is_share), "error": _number(error, is_share)}
    why = other or _other_place(expected, run)
    if other is not None or error is None or not expected.low <= error <= expected.high:
        return Seal(False, Text("Validation error {error} here, {range} in the lecture. {why}", **numbers, why=why))
    reproduced = Text(
        "Your machine reproduced the lecture's result: validation error {error}, within {range} as stated.", **numbers
    )
    return Seal(
        True, Text("{result} The bits differ: {why}", result=reproduced, why=why) if expected.weights else reproduced
    )


def _other_experiment(
    expected: Expected, prepared: Experiment | None, run: RunRecord, events: Sequence[Event]
) -> Text | None:
    """In what the run is of another experiment, None where it is not."""
    if not expected.is_of(run.fingerprint):
        columns = differing([prepared, experiment_of(run)]) if prepared is not None else {}
        names = list(dict.fromkeys(setting_title(path) for path in columns))
        if not names:
            return Text("It is another experiment.")
        return Text("Other settings: {names}.", names=_joined(names))
    if any(event.recipe for event in events):
        return Text("The run was changed while it went on.")
    return None


def _other_place(expected: Expected, run: RunRecord) -> Text:
    """Why the same experiment may give other bits here."""
    device, torch = run.facts.device or "", _torch_of(run)
    if expected.device and device and expected.device != device:
        return Text("It was computed on {there}, here on {here}.", there=expected.device, here=device)
    if expected.torch and torch and expected.torch != torch:
        return Text("It was computed with torch {there}, here with {here}.", there=expected.torch, here=torch)
    return Text(
        "Another processor adds the same numbers in another order, and another version of this program may draw others."
    )


def _torch_of(run: RunRecord) -> str:
    return (run.facts.environment or {}).get("conditions", {}).get("torch", "")


def _range(expected: Expected, is_share: bool) -> Text:
    if is_share:
        return Text("{low:.1f}–{high:.1f} %", low=100 * expected.low, high=100 * expected.high)
    return Text("{low:.3g}–{high:.3g}", low=expected.low, high=expected.high)


def _number(error: float | None, is_share: bool) -> Text:
    if error is None or not math.isfinite(error):
        return Text("unknown")
    return Text("{percent:.1f} %", percent=100 * error) if is_share else Text("{value:.3g}", value=error)


def _joined(names: Sequence[Text]) -> Text:
    joined = names[0]
    for name in names[1:MOST_NAMED]:
        joined = Text("{before}, {name}", before=joined, name=name)
    return Text("{before}, ..", before=joined) if len(names) > MOST_NAMED else joined
