"""Stories: practice races whose captions are claims. The numbers in a caption are what its paths come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from core.landscape.practice import Practice, usual_optimizers
from core.text import Text

Measure = Literal[
    "loss",  # after the last update
    "x",
    "y",
    "first_step",  # length of the first update along x
    "updates_to_leave",  # until |y| is above 0.5
    "updates_to_arrive",  # until the loss is below 0.01
]


@dataclass(frozen=True)
class Number:
    """A number in a caption: a measure of one path, as it is written there."""

    place: int
    measure: Measure
    written: str


@dataclass(frozen=True)
class Story:
    """One picture of the story bar. `caption` names its numbers in braces."""

    key: str
    title: str
    caption: str
    race: dict[str, Any]
    numbers: dict[str, Number]

    @property
    def practice(self) -> Practice:
        """The race it shows."""
        return Practice.from_json(self.race)

    @property
    def text(self) -> Text:
        """The caption with its numbers."""
        return Text(self.caption, **{name: number.written.replace("-", "−") for name, number in self.numbers.items()})


def stories() -> tuple[Story, ...]:
    """The stories in their order; the page opens with the first."""
    return _STORIES


def _sgd(lr: float) -> dict[str, Any]:
    return {"key": "sgd", "lr": lr}


def _momentum(lr: float, momentum: float) -> dict[str, Any]:
    return {"key": "momentum", "lr": lr, "momentum": momentum}


def _rmsprop(lr: float) -> dict[str, Any]:
    return {"key": "rmsprop", "lr": lr, "alpha": 0.9}


def _at(lr: float, *keys: str) -> list[dict[str, Any]]:
    return [{"key": key, "lr": lr} for key in keys]


def _valley(*optimizers: dict[str, Any], steps: int = 20) -> dict[str, Any]:
    return {"surface": "quadratic", "optimizers": list(optimizers), "steps": steps}


_LEAVING = {"rmsprop": "2", "adam": "6", "adagrad": "7", "adadelta": "30", "momentum": "34", "sgd": "73"}

_STORIES = (
    Story(
        "four_rules",
        "Four rules in one valley",
        "After 20 updates at rate 0.4: RMSProp is at loss {rmsprop}, momentum at {momentum}; SGD zig-zags and is at "
        "{sgd}; AdaGrad has slowed down at x = {adagrad}.",
        _valley(*usual_optimizers()),
        {
            "sgd": Number(0, "loss", "0.089"),
            "momentum": Number(1, "loss", "0.0004"),
            "adagrad": Number(2, "x", "-2.38"),
            "rmsprop": Number(3, "loss", "0.00001"),
        },
    ),
    Story(
        "too_large",
        "A rate too large for one direction",
        "At 0.4 SGD zig-zags across the valley and ends at {small}. At 0.6 each update across is 1.4 times as far as "
        "the one before: after 20 updates y = {large}.",
        _valley(_sgd(0.4), _sgd(0.6)),
        {"small": Number(0, "loss", "0.089"), "large": Number(1, "y", "-1673")},
    ),
    Story(
        "momentum",
        "Momentum makes the same rate usable",
        "At 0.6 SGD diverges. With momentum 0.5 the zig and the zag cancel: at the same rate it arrives, loss {loss}.",
        _valley(_sgd(0.6), _momentum(0.6, 0.5)),
        {"loss": Number(1, "loss", "0.00002")},
    ),
    Story(
        "forgetting",
        "RMSProp forgets, AdaGrad does not",
        "AdaGrad adds up all squared gradients, so its steps only shrink: at rate 0.4 it slows down at x = {slow}. "
        "With rate 2 it arrives after {soon} updates. RMSProp, which forgets, needs no larger rate.",
        _valley({"key": "adagrad", "lr": 0.4}, {"key": "adagrad", "lr": 2.0}, _rmsprop(0.4)),
        {"slow": Number(0, "x", "-2.38"), "soon": Number(1, "updates_to_arrive", "7")},
    ),
    Story(
        "no_rate",
        "AdaDelta has no rate, and a slow start",
        "Within 500 updates ε decides how far it gets: with 1e-6 it is at x = {small}; with 1e-4 it comes below loss "
        "0.01 after {middle} updates; with 1e-2 after {large}, and then it jumps about.",
        _valley(*({"key": "adadelta", "eps": eps} for eps in (1e-6, 1e-4, 1e-2)), steps=500),
        {
            "small": Number(0, "x", "-2.54"),
            "middle": Number(1, "updates_to_arrive", "191"),
            "large": Number(2, "updates_to_arrive", "32"),
        },
    ),
    Story(
        "correction",
        "Adam's correction for its start",
        "Adam's averages start at 0. Corrected, the first step is the rate itself, {corrected}; without the correction "
        "it is {uncorrected}, because the average of squares rises more slowly.",
        _valley(*_at(0.4, "adam", "adam_uncorrected"), steps=100),
        {"corrected": Number(0, "first_step", "0.4"), "uncorrected": Number(1, "first_step", "1.26")},
    ),
    Story(
        "saddle",
        "Who leaves the saddle first?",
        "All start a millionth off the ridge, rate 0.1. Updates until |y| is above 0.5: RMSProp {rmsprop}, Adam "
        "{adam}, AdaGrad {adagrad}, AdaDelta {adadelta}, momentum {momentum}, SGD {sgd}.",
        {
            "surface": "saddle",
            "optimizers": [
                _rmsprop(0.1), *_at(0.1, "adam", "adagrad"), {"key": "adadelta"}, *_at(0.1, "momentum", "sgd"),
            ],
            "steps": 100,
        },
        {
            name: Number(place, "updates_to_leave", updates)
            for place, (name, updates) in enumerate(_LEAVING.items())
        },
    ),
    Story(
        "plateau",
        "Across the plateau",
        "On the flat part gradients are a few hundredths. Adam divides by their size and is below loss 0.01 after "
        "{adam} updates, momentum sums them and needs {momentum}, AdaGrad {adagrad}; SGD is not there after 200.",
        {"surface": "plateau", "optimizers": _at(0.1, "sgd", "momentum", "adagrad", "adam"), "steps": 200},
        {
            "momentum": Number(1, "updates_to_arrive", "43"),
            "adagrad": Number(2, "updates_to_arrive", "148"),
            "adam": Number(3, "updates_to_arrive", "28"),
        },
    ),
    Story(
        "flat_and_sharp",
        "A large rate cannot stay in the sharp valley",
        "Both start in the sharp valley, whose curvature is 40.5. A rate below 2/40.5 = 0.049 stays: 0.02 ends at x = "
        "{sharp}. A rate of 0.1 is thrown out and comes to rest in the flat one, at x = {flat}.",
        {"surface": "two_valleys", "optimizers": [_sgd(0.02), _sgd(0.1)], "steps": 200},
        {"sharp": Number(0, "x", "0.588"), "flat": Number(1, "x", "-1.61")},
    ),
)  # fmt: skip
