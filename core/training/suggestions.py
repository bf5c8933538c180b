"""Suggestions: what to try next beside a run, by its verdict, as changes of its experiment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from core.catalog.regularizers.early_stopping import EarlyStopping
from core.catalog.regularizers.regularizer import Regularizer
from core.catalog.regularizers.weights import L2
from core.catalog.schedules.schedule import Schedule
from core.compatibility import check
from core.errors import BadInput
from core.experiment import Experiment
from core.set_path import set_path
from core.text import Text

Change = tuple[str, Any]
"""A dotted path of the experiment and its new value, as `core.set_path.set_path` takes them."""

MOST = 4


@dataclass(frozen=True)
class Suggestion:
    """A next experiment: `changes` to the one at hand, and why."""

    id: str
    label: Text
    help: Text | None
    changes: tuple[Change, ...]

    def applied_to(self, experiment: Experiment) -> tuple[Experiment, list[Text]]:
        """The changed experiment, and notes about what the changes did beside what was asked."""
        document, notes = experiment.to_json(), []
        for path, value in self.changes:
            document, more = set_path(document, path, value)
            notes += more
        return Experiment.from_json(document), notes

    def to_meta(self) -> dict[str, Any]:
        """What the live page shows of it."""
        return {"id": self.id, "label": self.label, "help": self.help}


def suggestions(verdict: str, experiment: Experiment) -> tuple[Suggestion, ...]:
    """Three or four next experiments for a verdict, best first; none while a run simply learns.

    None for a run with a sealed fault either: what to do about it is for its reader to find.
    """
    if experiment.sealed:
        return ()
    # Asked for at every evaluation; a frozen model can be hashed, which its type does not say.
    return _suggestions(verdict, cast(Any, experiment))


@lru_cache(maxsize=64)
def _suggestions(verdict: str, experiment: Any) -> tuple[Suggestion, ...]:
    found: dict[str, Suggestion] = {}
    for build in _BY_VERDICT.get(verdict, ()):
        for item in build(experiment):
            changed = _changed(item, experiment)
            if changed is not None:
                # Two ways to the same experiment are offered once.
                found.setdefault(changed.fingerprint(), item)
    return tuple(found.values())[:MOST]


def suggestion(wanted: str, experiment: Experiment) -> Suggestion | None:
    """The suggestion with this id, whatever the verdict was when it was offered."""
    offered = (item for verdict in _BY_VERDICT for item in suggestions(verdict, experiment))
    return next((item for item in offered if item.id == wanted), None)


def _changed(suggestion: Suggestion, experiment: Experiment) -> Experiment | None:
    """What a suggestion makes of an experiment; None when that is impossible or the same."""
    try:
        changed, _ = suggestion.applied_to(experiment)
        check(changed)
    except BadInput:
        return None
    return changed if changed != experiment else None


def _place(experiment: Experiment, kind: type[Regularizer]) -> int | None:
    """Where a kind of regularizer stands in the experiment's list."""
    return next((place for place, item in enumerate(experiment.regularizers) if isinstance(item, kind)), None)


def _new_regularizer(experiment: Experiment, value: dict[str, Any]) -> tuple[Change, ...]:
    return ((f"regularizers.{len(experiment.regularizers)}", value),)


# -- against overfitting ----------------------------------------------------------------------------------------------


def _penalty(experiment: Experiment) -> Iterator[Suggestion]:
    """L2 0.01, or three times as much of the L2 that is there."""
    place = _place(experiment, L2)
    old = experiment.regularizers[place].strength if place is not None else 0.0  # type: ignore[attr-defined]
    strength = float(f"{3 * old:.1g}") if old >= 0.01 else 0.01
    changes = (
        _new_regularizer(experiment, {"key": L2.key, "strength": strength})
        if place is None
        else ((f"regularizers.{place}.strength", strength),)
    )
    yield Suggestion(
        "l2",
        Text("L2 {strength:g}", strength=strength),
        Text("A penalty on large weights makes a smoother function. Too much of it underfits."),
        changes,
    )


def _weaker_penalty(experiment: Experiment) -> Iterator[Suggestion]:
    """A tenth of each penalty on the weights."""
    for place, item in enumerate(experiment.regularizers):
        if item.kind in ("penalty", "decay"):  # type: ignore[attr-defined]
            name = item.parameters()[0].name
            value = float(f"{0.1 * getattr(item, name):.2g}")
            yield Suggestion(
                f"weaker_{item.key}",
                Text("{title} {value:g}", title=Text(item.title), value=value),
                Text("A tenth of the penalty: it may be what keeps the weights at almost nothing."),
                ((f"regularizers.{place}.{name}", value),),
            )


def _dropout(experiment: Experiment) -> Iterator[Suggestion]:
    if not experiment.architecture.dropout_places() or any(item.kind == "dropout" for item in experiment.regularizers):
        return
    where = "dense" if "dense" in experiment.architecture.dropout_places() else "convolution"
    yield Suggestion(
        "dropout",
        Text("dropout {p:g}", p=0.5),
        Text("Half of the units are switched off at each update, so that none can rely on another."),
        _new_regularizer(experiment, {"key": "dropout", "p": 0.5, "where": where}),
    )


def _stop_early(experiment: Experiment) -> Iterator[Suggestion]:
    if _place(experiment, EarlyStopping) is None:
        yield Suggestion(
            "stop_early",
            Text("stop at the lowest"),
            Text("Early stopping ends the run and brings back the weights with the lowest validation error."),
            _new_regularizer(experiment, {"key": EarlyStopping.key}),
        )


def _more_points(experiment: Experiment) -> Iterator[Suggestion]:
    """Five times the points of generated data, or all of the training samples."""
    n = getattr(experiment.dataset, "n", None)
    if experiment.train_size is not None:
        yield Suggestion(
            "more_samples",
            Text("all training samples"),
            Text("What holds for more samples is less likely to be an accident of a few."),
            (("train_size", None),),
        )
    elif n is not None:
        more = min(5 * n, 100_000)
        yield Suggestion(
            "more_samples",
            Text("{num} points", num=more),
            Text("What holds for more points is less likely to be an accident of a few."),
            (("dataset.n", more),),
        )


def _smaller_network(experiment: Experiment) -> Iterator[Suggestion]:
    width = getattr(experiment.architecture, "width", None)
    if width is not None and width >= 4 and getattr(experiment.architecture, "widths", None) is None:
        yield Suggestion(
            "smaller_network",
            Text("width {width}", width=width // 4),
            Text("Fewer weights can remember less."),
            (("architecture.width", width // 4),),
        )


# -- against standing still -------------------------------------------------------------------------------------------


def _rate(experiment: Experiment, factor: float) -> Change | None:
    lr = getattr(experiment.optimizer, "lr", None)
    return None if lr is None else ("optimizer.lr", float(f"{lr * factor:.3g}"))


def _lower_rate(experiment: Experiment) -> Iterator[Suggestion]:
    change = _rate(experiment, 0.1)
    if change is not None:
        yield Suggestion(
            "lower_rate",
            Text("learning rate {lr:g}", lr=change[1]),
            Text("A tenth of the learning rate: smaller updates do not jump over what they look for."),
            (change,),
        )


def _higher_rate(experiment: Experiment) -> Iterator[Suggestion]:
    """Ten times as high, where that is still usual for the optimizer."""
    change = _rate(experiment, 10)
    usual = {parameter.name: parameter.usual for parameter in experiment.optimizer.parameters()}.get("lr")
    if change is not None and usual is not None and change[1] <= usual.high:
        yield Suggestion(
            "higher_rate",
            Text("learning rate {lr:g}", lr=change[1]),
            Text("Ten times the learning rate: perhaps the updates were too small to get anywhere."),
            (change,),
        )


def _adam(experiment: Experiment) -> Iterator[Suggestion]:
    yield Suggestion(
        "adam",
        Text("Adam {lr:g}", lr=0.001),
        Text("Adam finds a learning rate for each weight by itself."),
        (("optimizer", {"key": "adam", "lr": 0.001}),),
    )


def _falling_rate(experiment: Experiment) -> Iterator[Suggestion]:
    if not cast(Schedule, experiment.schedule).lowers_rate:
        yield Suggestion(
            "falling_rate",
            Text("falling learning rate"),
            Text("A learning rate that falls along a cosine settles where a constant one keeps jittering."),
            (("schedule", {"key": "cosine"}),),
        )


def _normalize(experiment: Experiment) -> Iterator[Suggestion]:
    if getattr(experiment.architecture, "normalization", None) == "none":
        yield Suggestion(
            "batch_norm",
            Text("batch normalization"),
            Text("It keeps the inputs of every layer in range, so that gradients reach the first layers."),
            (("architecture.normalization", "batch"),),
        )


def _relu(experiment: Experiment) -> Iterator[Suggestion]:
    yield Suggestion(
        "relu",
        Text("ReLU with He initialization"),
        Text("Its derivative is 1 for half of all inputs, so gradients do not shrink from layer to layer."),
        (("architecture.activation", "relu"), ("initializer", None)),
    )


def _scaled_inputs(experiment: Experiment) -> Iterator[Suggestion]:
    if getattr(experiment.dataset, "scaling", "standardized") != "standardized":
        yield Suggestion(
            "scaled_inputs",
            Text("standardized inputs"),
            Text("Inputs on one scale: no column drowns the others."),
            (("dataset.scaling", "standardized"),),
        )


def _clip(experiment: Experiment) -> Iterator[Suggestion]:
    yield Suggestion(
        "clip",
        Text("gradient clipping"),
        Text("A gradient longer than 1 is shortened to 1, so that one batch cannot throw the weights away."),
        _new_regularizer(experiment, {"key": "clip_norm"}),
    )


# -- when it goes well ------------------------------------------------------------------------------------------------


def _more_epochs(experiment: Experiment) -> Iterator[Suggestion]:
    yield Suggestion(
        "more_epochs",
        Text("{epochs} epochs", epochs=3 * experiment.epochs),
        Text("It was still improving: let it go on."),
        (("epochs", 3 * experiment.epochs),),
    )


def _larger_network(experiment: Experiment) -> Iterator[Suggestion]:
    width = getattr(experiment.architecture, "width", None)
    if not hasattr(experiment.architecture, "activation"):
        yield Suggestion(
            "larger_network",
            Text("MLP"),
            Text("Layers with an activation between them can draw curved boundaries."),
            (("architecture", {"key": "mlp"}),),
        )
    elif width is not None and getattr(experiment.architecture, "widths", None) is None:
        yield Suggestion(
            "larger_network",
            Text("width {width}", width=4 * width),
            Text("More weights can draw finer boundaries."),
            (("architecture.width", 4 * width),),
        )


def _another_seed(experiment: Experiment) -> Iterator[Suggestion]:
    yield Suggestion(
        "another_seed",
        Text("seed {seed}", seed=experiment.seed + 1),
        Text("The same with other first weights and another order: how much of the result is luck?"),
        (("seed", experiment.seed + 1),),
    )


_BY_VERDICT = {
    "overfitting": (_penalty, _dropout, _stop_early, _more_points, _smaller_network),
    "gap_grows": (_more_epochs, _penalty, _more_points, _stop_early),
    "thrown": (_weaker_penalty, _scaled_inputs, _lower_rate, _clip, _adam, _normalize),
    "not_learning": (_weaker_penalty, _scaled_inputs, _normalize, _relu, _higher_rate, _lower_rate, _adam),
    "plateau": (_falling_rate, _larger_network, _lower_rate, _another_seed),
    "diverged": (_lower_rate, _scaled_inputs, _clip, _adam, _normalize),
    "finished": (_more_epochs, _larger_network, _another_seed),
}
