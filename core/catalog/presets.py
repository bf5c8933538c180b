"""Presets: named experiments whose captions are claims, each checked by a test on three seeds."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import BadInput
from core.text import Text

Measure = Literal[
    "untrained_error",  # validation error before the first update
    "train_error",  # of the weights the run ends with
    "validation_error",
    "train_loss",
    "validation_loss",
    "lowest_error",  # lowest validation error of all evaluations
    "lowest_epoch",  # the epoch it was measured at
    "epochs_done",
    "updates_to_10",  # updates until an evaluation finds at most 10 % of the validation samples wrong
    "gradient_ratio",  # the first layer's gradient norm over the last layer's before training, its log10
    "gradient_times",  # the same as a number
    "small_weights",  # share of weights below 0.001 in size at the end
    "updates_until_diverged",  # infinite for a run that did not diverge
]
Unit = Literal["", "%", "power of ten"]


@dataclass(frozen=True)
class Claim:
    """A number in a caption: the measure lies from `low` to `high` (None: open) on every seed.

    Errors of classes are in percent (`unit` "%"), a `power of ten` is claimed by its exponent.
    """

    measure: Measure
    low: float | None
    high: float | None
    unit: Unit = "%"

    def holds(self, value: float) -> bool:
        """Whether a measured value lies in the range."""
        return in_range(value, self.low, self.high)

    @property
    def text(self) -> Text:
        """The range as it stands in the caption."""
        return range_text(self.low, self.high, self.unit)


def in_range(value: float, low: float | None, high: float | None) -> bool:
    """Whether a value lies from `low` to `high` (None: open)."""
    return (low is None or value >= low) and (high is None or value <= high)


def range_text(low: float | None, high: float | None, unit: Unit) -> Text:
    """A range in words: “2–9 %”, “below 85 %”, “10⁻⁸–10⁻⁶”."""
    least, most = (None if end is None else _end(end, unit) for end in (low, high))
    if least is None:
        return Text("below {high}", high=most)
    if most is None:
        return Text("above {low}", low=least)
    if least == most:
        return least
    shared = Text("{low:g}–{high:g} %", low=low, high=high)
    return shared if unit == "%" else Text("{low}–{high}", low=least, high=most)


def _end(value: float, unit: Unit) -> Text:
    if unit == "%":
        return Text("{value:g} %", value=value)
    if unit == "":
        return Text("{value:g}", value=value)
    return Text("10{exponent}", exponent=f"{value:g}".translate(_SUPERSCRIPT))


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Preset:
    """A starting point named after what happens.

    `experiment` is what differs from the default experiment. `caption` is a template whose fields are the measures of
    `claims`; tests/presets runs the preset on three seeds and holds every claim against what it measures. Seeds are
    varied always, split seeds too unless the caption speaks of "these points" (`same_samples`). Groups: `start` stands
    on the first screen, `compare` belongs beside one of those, `see` shows an entry of the catalogue.
    """

    key: str
    title: str
    caption: str
    experiment: dict[str, Any] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    group: Literal["start", "compare", "see"] = "see"
    same_samples: bool = False

    @property
    def first(self) -> bool:
        """Whether it stands on the first screen."""
        return self.group == "start"

    @property
    def text(self) -> Text:
        """The caption with its numbers."""
        return Text(self.caption, **{claim.measure: claim.text for claim in self.claims})


_presets: dict[str, Preset] = {}


def add(new: Preset) -> Preset:
    """Register a preset; its key must be new, and its caption must say what it claims."""
    if new.key in _presets:
        raise TypeError(f"there is already a preset {new.key!r}")
    unsaid = [claim.measure for claim in new.claims if f"{{{claim.measure}}}" not in new.caption]
    if unsaid or not new.claims:
        raise TypeError(f"preset {new.key!r}: the caption does not say {', '.join(unsaid) or 'any number'}")
    new.text.render()
    _presets[new.key] = new
    return new


def presets() -> dict[str, Preset]:
    """All presets by key, in reading order."""
    return dict(_presets)


def preset(key: object) -> Preset:
    """One preset; BadInput names the nearest keys."""
    if isinstance(key, str) and key in _presets:
        return _presets[key]
    near = difflib.get_close_matches(str(key)[:80], list(_presets), n=3)
    raise BadInput(
        Text("There is no preset “{key}”.", key=str(key)[:80]),
        Text("Only presets of the catalogue can be named."),
        Text("Nearest: {near}. All: {known}.", near=", ".join(near) or "–", known=", ".join(_presets)),
    )
