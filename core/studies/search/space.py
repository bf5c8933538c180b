"""Space: what a search may choose for one setting, from a typed SPEC or from the catalogue's usual range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.catalog.entry import Entry, Parameter
from core.catalog.registry import entries
from core.errors import BadInput
from core.experiment import LIST_FAMILIES, PART_FAMILIES, Experiment
from core.set_path import set_path
from core.studies.vary import Axis, Scale, parse_axis, written
from core.text import Text

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

USUAL_VALUES = 8
"""So many values of a grid lie over a usual range."""


@dataclass(frozen=True)
class Setting:
    """A number or choice of an experiment: its dotted path, the title of the entry that has it, its declaration."""

    path: str
    owner: str
    parameter: Parameter


@dataclass(frozen=True)
class Space:
    """One setting and what may be chosen for it.

    `values` are those of a grid, in their order. With a `scale` any number between the first and the last may be drawn,
    a whole one where it `is_whole`.
    """

    path: str
    values: tuple[Any, ...]
    scale: Scale | None = None
    is_whole: bool = False

    @property
    def names(self) -> tuple[Any, ...]:
        """The values as Optuna stores them: numbers, words, true, false and nothing as they are, all else as typed."""
        return tuple(
            value if value is None or isinstance(value, bool | int | float | str) else written(value)
            for value in self.values
        )

    @property
    def is_number(self) -> bool:
        """Whether all its values are numbers."""
        return all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values)

    def distribution(self) -> BaseDistribution:
        """The same for Optuna."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        if self.scale is None:
            return CategoricalDistribution(self.names)
        low, high = sorted((self.values[0], self.values[-1]))
        if self.is_whole:
            return IntDistribution(low, high, log=self.scale == "log")
        return FloatDistribution(low, high, log=self.scale == "log")

    def value(self, name: Any) -> Any:
        """The value that Optuna names."""
        return self.values[self.names.index(name)] if self.scale is None else name


def settings_of(experiment: Experiment) -> list[Setting]:
    """Every number and choice of an experiment: its own, and those of the entries that it is made of."""
    parts = [(name, getattr(experiment, name)) for name in PART_FAMILIES]
    for name in LIST_FAMILIES:
        parts += [(f"{name}.{place}", entry) for place, entry in enumerate(getattr(experiment, name))]
    found = [Setting(name, "", parameter) for name, parameter in Experiment.parameters().items()]
    for path, entry in parts:
        if entry is not None:
            found += _of_entry(path, entry)
    return found


def _of_entry(path: str, entry: Entry) -> Iterator[Setting]:
    """Those of an entry and of what is chosen within it, such as the selection of a table's inputs."""
    for parameter in entry.parameters():
        yield Setting(f"{path}.{parameter.name}", entry.title, parameter)
        within = getattr(entry, parameter.name)
        if isinstance(within, Entry):
            yield from _of_entry(f"{path}.{parameter.name}", within)


def usual_spec(setting: Setting) -> str:
    """The SPEC of all that is usual for a setting, "" where nothing is."""
    parameter, usual = setting.parameter, setting.parameter.usual
    if parameter.choices:
        return ",".join(written(choice) for choice in parameter.choices)
    kind = parameter.annotation
    if kind is bool:
        return "true,false"
    if isinstance(kind, type) and issubclass(kind, Entry):
        return ",".join(key for key, cls in entries(kind.family).items() if not cls.more)
    if usual is None:
        return ""
    is_whole = kind not in (float, float | None)
    if is_whole and usual.high - usual.low < USUAL_VALUES:
        return ",".join(str(value) for value in range(int(usual.low), int(usual.high) + 1))
    scale = "log" if usual.scale == "log" and usual.low > 0 else "lin"
    return f"{scale}({usual.low:.12g},{usual.high:.12g})x{USUAL_VALUES}"


def space_of(text: str, base: Experiment) -> Space:
    """The space of `PATH=SPEC`, or of `PATH` alone: its usual range. BadInput says what is wrong.

    SPEC is as in `core.studies.vary`.
    """
    path = text.strip()
    if "=" not in text:
        spec = next((usual_spec(setting) for setting in settings_of(base) if setting.path == path), "")
        if not spec:
            raise BadInput(
                Text("What to try for “{path}” is not known.", path=path[:200]),
                Text("The experiment has no such number, or there is no usual range for it."),
                Text("Write the values, for example optimizer.lr=log(0.001,1)x4 or optimizer=sgd,adam."),
            )
        text = f"{path}={spec}"
    document = base.to_json()
    axis = parse_axis(text).fitted(document)
    return Space(axis.path, axis.values, axis.scale, _is_whole(axis, document))


def _is_whole(axis: Axis, document: Mapping[str, Any]) -> bool:
    """Whether the setting of a range takes whole numbers only."""
    if axis.scale is None or not all(isinstance(value, int) for value in axis.values):
        return False
    between = min(axis.values) + 0.5
    try:
        Experiment.from_json(set_path(document, axis.path, between)[0])
    except BadInput:
        return True
    return False
