"""Whether runs can stand on one surface: they need the same parameters, and a loss on the same samples. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from core.catalog.architectures.architecture import Architecture
from core.errors import Refused
from core.experiment import DATA_FIELDS, Experiment
from core.exports.tables import flat_settings
from core.studies.setting_words import setting_title, value_words
from core.text import Text

SHARED = (*DATA_FIELDS, "architecture")
"""What decides about samples and network; dropout, which is off while a loss is measured, does not."""


def unlike(one: Experiment, other: Experiment) -> list[str]:
    """The settings, by dotted path, that keep two runs from standing on one surface; none: they can."""
    shared, others = _shared(one), _shared(other)
    return [path for path in shared | others if shared.get(path) != others.get(path)]


def check_alike(named: Sequence[tuple[str | Text, Experiment]]) -> None:
    """Refused, naming run and setting, where not all of these runs can stand on the surface of the first."""
    (first, experiment), *others = named
    for name, other in others:
        paths = unlike(experiment, other)
        if paths:
            path = paths[0]
            here, there = (value_words(path, _shared(each).get(path, "")) for each in (experiment, other))
            raise Refused(
                Text("“{run}” cannot be shown together with “{first}”.", run=name, first=first),
                Text(
                    "They differ in “{setting}”: {there} and {here}.",
                    setting=setting_title(path),
                    there=there,
                    here=here,
                ),
                Text("Choose runs of the same network on the same samples."),
            )


def _shared(experiment: Experiment) -> dict[str, str]:
    network = cast(Architecture, experiment.architecture).without_dropout
    settings = flat_settings(experiment.model_copy(update={"architecture": network}))
    return {path: value for path, value in settings.items() if path.split(".")[0] in SHARED}
