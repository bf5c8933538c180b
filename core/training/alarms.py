"""Alarms: what the sizes of gradients and the state of units say about a network, in words, each by a written rule.

The same rules judge a network before training and a live run, whose gradients are recorded at every update.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from core.text import Text

if TYPE_CHECKING:
    from core.training.units import Units

T = TypeVar("T")

VANISHING = -3.0
"""The first layer's gradient is this power of ten of the last hidden layer's, or less."""
EXPLODING = 3.0
"""The length of the whole gradient, or the first layer's over the last's, is this power of ten or more."""
DEAD, SATURATED = 0.5, 0.5
"""From these shares of a layer on, its units are called dead, its values saturated."""

RULES = {
    "vanishing": Text(
        "Vanishing: the first layer's gradient is at most {limit} of the last hidden layer's.", limit="10⁻³"
    ),
    "exploding": Text(
        "Exploding: the whole gradient is at least {limit} long, or the first layer's is {limit} times the last hidden "
        "layer's.",
        limit="10³",
    ),
    "dead": Text(
        "Dead units: at least half of the units of a hidden layer give exactly 0 for each of the samples looked at."
    ),
    "saturated": Text(
        "Saturation: at least half of the values of a hidden layer lie within 2.5 % of the ends of the activation's "
        "range, where its slope is below a tenth of its largest."
    ),
}


@dataclass(frozen=True)
class Alarm:
    """One thing that is wrong: `key` is one of RULES; `numbers` are what the rule looked at, label and value."""

    key: str
    text: Text
    numbers: tuple[tuple[Text, Text], ...]

    @property
    def rule(self) -> Text:
        """The rule behind it."""
        return RULES[self.key]

    def to_meta(self) -> dict[str, Any]:
        """What a live page shows of it."""
        return {"text": self.text, "rule": self.rule, "numbers": [list(row) for row in self.numbers]}


def alarms(sizes: Mapping[str, float], units: Mapping[str, Units]) -> tuple[Alarm, ...]:
    """What is to be said of a network, nothing where all is well.

    `sizes` are the layers' gradient norms as log10 (−inf: exactly 0), from the input to the output; `units` the state
    of the hidden layers, empty where it is not known.
    """
    found = [of_gradients(sizes), _dead(units), _saturated(units)]
    return tuple(alarm for alarm in found if alarm is not None)


def sizes_of(row: Mapping[str, T]) -> dict[str, T]:
    """The layers' gradient norms in a recorded row, or in a block of them, from the input to the output."""
    prefix = "gradient_norm/"
    return {
        name.removeprefix(prefix): value
        for name, value in row.items()
        if name.startswith(prefix) and name != f"{prefix}total"
    }


def of_gradients(sizes: Mapping[str, float]) -> Alarm | None:
    """Whether gradients vanish or explode."""
    if len(sizes) < 2 or not all(size < math.inf for size in sizes.values()):
        return None
    if [name for name, size in sizes.items() if size > -math.inf] in [[name] for name in list(sizes)[:-1]]:
        return None  # A hidden layer that learns by itself: no gradient was asked for of any other.
    first, last = ends(list(sizes))
    if sizes[last] == -math.inf:
        last = list(sizes)[-1]  # No hidden layer learns, and the output layer still may.
    total = 0.5 * math.log10(sum(10 ** (2 * min(size, 150.0)) for size in sizes.values()) or 5e-324)
    share = sizes[first] - sizes[last] if sizes[last] > -math.inf else math.nan
    names = {"first": layer_text(first), "last": layer_text(last)}
    numbers = (
        (Text("gradient of {layer}", layer=names["first"]), power(sizes[first])),
        (Text("gradient of {layer}", layer=names["last"]), power(sizes[last])),
        (Text("length of the whole gradient"), power(total)),
    )
    if share >= EXPLODING:
        return Alarm(
            "exploding", Text("Exploding: {first} gets {share} times {last}.", **names, share=power(share)), numbers
        )
    if total >= EXPLODING:
        return Alarm("exploding", Text("Exploding: the gradient is {size} long.", size=power(total)), numbers)
    if share <= VANISHING:
        return Alarm(
            "vanishing", Text("Vanishing: {first} gets {share} of {last}.", **names, share=power(share)), numbers
        )
    return None


def ends(layers: Sequence[str]) -> tuple[str, str]:
    """The first layer and the last hidden one; of a single hidden layer, that and the output."""
    return layers[0], layers[-2] if len(layers) > 2 else layers[-1]


def _dead(units: Mapping[str, Units]) -> Alarm | None:
    if not units:
        return None
    layer = max(units, key=lambda name: units[name].dead)
    share = units[layer].dead
    if share < DEAD:
        return None
    return Alarm(
        "dead",
        Text("Dead units: {percent:.0f} % of {layer} give 0 for every sample.", percent=100 * share, **_of(layer)),
        ((Text("dead units of {layer}", **_of(layer)), Text("{percent:.0f} %", percent=100 * share)),),
    )


def _saturated(units: Mapping[str, Units]) -> Alarm | None:
    shares = {layer: found.saturated for layer, found in units.items() if found.saturated is not None}
    if not shares:
        return None
    layer = max(shares, key=lambda name: shares[name])
    share = shares[layer]
    if share < SATURATED:
        return None
    return Alarm(
        "saturated",
        Text("Saturated: {percent:.0f} % of the values of {layer}.", percent=100 * share, **_of(layer)),
        ((Text("saturated values of {layer}", **_of(layer)), Text("{percent:.0f} %", percent=100 * share)),),
    )


# -- words ------------------------------------------------------------------------------------------------------------


def _of(layer: str) -> dict[str, Text]:
    return {"layer": layer_text(layer)}


def layer_text(layer: str) -> Text:
    """A layer in a sentence: `hidden.3` is layer 3."""
    kind, _, number = layer.partition(".")
    if kind == "hidden" and number:
        return Text("layer {number}", number=number)
    return Text("the output layer") if layer == "output" else Text("{name}", name=layer)


def power(exponent: float) -> Text:
    """10 to this power as people write it: 0.004, 310, 3·10⁻⁹; exactly 0 for −inf."""
    if exponent == -math.inf:
        return Text("exactly 0")
    if -3 < exponent < 4:
        return Text("{value:.2g}" if exponent < 2 else "{value:,.0f}", value=10.0**exponent)
    whole = math.floor(exponent)
    digit = round(10 ** (exponent - whole))
    if digit == 10:
        digit, whole = 1, whole + 1
    raised = _raised(whole)
    return Text("{digit}·10{power}", digit=digit, power=raised) if digit > 1 else Text("10{power}", power=raised)


def three_digits(value: float) -> str:
    """A number as people write it: 2.3, 1.53·10⁶, 10⁻⁸."""
    digits, _, exponent = f"{value:.3g}".partition("e")
    if not exponent:
        return digits
    return f"{digits}·10{_raised(int(exponent))}".removeprefix("1·")


def _raised(exponent: int) -> str:
    return f"{exponent}".translate(_SUPERSCRIPT)


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
