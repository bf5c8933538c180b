"""Comparisons to begin with: each has a caption whose numbers are claims, checked by a test on three seeds."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.catalog.presets import Unit, in_range, range_text
from core.errors import BadInput
from core.studies.comparison import Comparison, Rates
from core.studies.variant import Variant
from core.text import Text, Translate, untranslated

Measure = Literal[
    "train_error",  # of the weights the run ends with, classes in percent
    "validation_error",
    "updates",  # done in all
    "updates_to_10",  # until an evaluation finds at most 10 % of the validation samples wrong
    "updates_to_2",  # until the loss of a batch is below 2
    "small_weights",  # percent of weights below 0.001 in size at the end
    "weight_length",  # of all weights at the end as one vector
    "weights",  # the weights themselves, which only `how="apart"` can claim something about
    "gradient_noise",  # of batches of the run's size at its first weights, percent of the full gradient's length
    "multiplications",  # forward in one update, in millions, to three figures
]
How = Literal["alone", "minus", "over", "apart"]


@dataclass(frozen=True)
class Claim:
    """What a caption says: on every seed the measure lies from `low` to `high` (None: open) for each of `variants`.

    `said` is the caption's field for the range; a claim without one backs the caption's words. `how` with `than`: the
    measure minus that of the variant `than`, or over it, or the largest difference between the two runs' weights.
    """

    said: str
    measure: Measure
    variants: tuple[str, ...]
    low: float | None
    high: float | None
    unit: Unit = "%"
    how: How = "alone"
    than: str = ""

    def holds(self, value: float) -> bool:
        """Whether a measured value lies in the range; powers of ten are claimed by their exponents."""
        if self.unit == "power of ten":
            value = math.log10(value) if value > 0 else -math.inf
        return in_range(value, self.low, self.high)

    @property
    def text(self) -> Text:
        """The range as it stands in the caption."""
        return range_text(self.low, self.high, self.unit)


@dataclass(frozen=True)
class ComparisonPreset:
    """A comparison named after what happens: `base` is what differs from the default experiment, `variants` by name.

    The caption's fields are those of its claims. tests/presets runs every variant on three seeds, which draw the split
    too, and holds each claim against what it measures.
    """

    key: str
    title: str
    caption: str
    base: Mapping[str, Any]
    variants: Mapping[str, Mapping[str, Any]]
    claims: tuple[Claim, ...]
    rates: Rates = "hand"
    seeds: int = 3
    first: bool = False
    """Offered before anything has been compared."""
    own_names: tuple[str, ...] = field(init=False)
    """The names that are not what a variant is called anyway: these are templates."""

    def __post_init__(self) -> None:
        usual = {name: Variant.from_json({"changes": dict(changes)}).name for name, changes in self.variants.items()}
        object.__setattr__(self, "own_names", tuple(name for name in usual if name != usual[name]))

    @property
    def text(self) -> Text:
        """The caption with its numbers."""
        return Text(self.caption, **{claim.said: claim.text for claim in self.claims if claim.said})

    def comparison(self, translate: Translate = untranslated) -> Comparison:
        """What is run, with its name in any language; `Variant.text` gives those of its variants in any."""
        variants = [{"name": name, "changes": dict(changes)} for name, changes in self.variants.items()]
        return Comparison.from_json(
            {
                "base": dict(self.base),
                "variants": variants,
                "rates": self.rates,
                "seeds": self.seeds,
                "name": translate(self.title),
            }
        )


_presets: dict[str, ComparisonPreset] = {}


def add(new: ComparisonPreset) -> ComparisonPreset:
    """Register a comparison; its key must be new, its claims about its own variants and said by its caption."""
    if new.key in _presets:
        raise TypeError(f"there is already a comparison {new.key!r}")
    for claim in new.claims:
        strangers = [name for name in (*claim.variants, claim.than) if name and name not in new.variants]
        if strangers or not claim.variants or (claim.how == "alone") == bool(claim.than):
            raise TypeError(f"comparison {new.key!r}: a claim about {claim.measure} names no variants, or {strangers}")
    unsaid = [claim.said for claim in new.claims if claim.said and f"{{{claim.said}}}" not in new.caption]
    if unsaid or not any(claim.said for claim in new.claims):
        raise TypeError(f"comparison {new.key!r}: the caption does not say {', '.join(unsaid) or 'any number'}")
    new.text.render()
    _presets[new.key] = new
    return new


def comparison_presets() -> dict[str, ComparisonPreset]:
    """All of them by key, in reading order."""
    return dict(_presets)


def is_prepared(name: str, changes: Mapping[str, Any]) -> bool:
    """Whether a variant is one of theirs, so that its name is a template and not what somebody typed."""
    return any(name in preset.own_names and preset.variants[name] == changes for preset in _presets.values())


def comparison_preset(key: object) -> ComparisonPreset:
    """One of them; BadInput names the nearest keys."""
    if isinstance(key, str) and key in _presets:
        return _presets[key]
    near = difflib.get_close_matches(str(key)[:80], list(_presets), n=3)
    raise BadInput(
        Text("There is no prepared comparison “{key}”.", key=str(key)[:80]),
        Text("Only the comparisons of the catalogue can be named."),
        Text("Nearest: {near}. All: {known}.", near=", ".join(near) or "–", known=", ".join(_presets)),
    )
