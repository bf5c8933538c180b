"""What one tab is about to compare: base, variants, rates and seeds; and the stored comparison that it looks at."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import streamlit as st

from core.compatibility import check
from core.errors import BadInput, CoreError
from core.experiment import Experiment
from core.language import translator
from core.set_path import set_path
from core.studies.comparison import MOST_LANES, MOST_VARIANTS, Comparison, Rates, Variant, usual_rates
from core.studies.comparison_presets import ComparisonPreset, comparison_presets
from core.text import Text
from pages.components import state
from pages.components.compare_dimensions import DIMENSIONS, Dimension, dimension, dimension_of, short_value, spread
from pages.components.language import language
from pages.components.services import actor, services

_DRAFT = "comparison draft"
_SHOWN = "comparison looked at"
_ADDRESS = "comparison in the address bar"
_BEFORE = "comparisons before the last changes"
MOST_TAKEN_BACK = 30
Level = dict[str, Any]
"""{"name": as typed or "", "changes": values by dotted path}"""


class Draft:
    """A comparison being put together. `levels` are the variants, or the rows of a grid whose columns are `columns`."""

    def __init__(self, comparison: Comparison, caption: Text | None = None) -> None:
        self.base = comparison.base
        self.levels = [_level(variant) for variant in comparison.variants]
        self.first = dimension_of([level["changes"] for level in self.levels], self.base)
        self.second = ""
        self.columns: list[Level] = []
        if not self.first:
            self._as_grid()
        self.rates = comparison.rates
        self.seeds = comparison.seeds
        self.name = comparison.name
        self.caption = caption
        self.note: CoreError | None = None

    def _as_grid(self) -> None:
        """Take the variants apart when they are all combinations of two things that one can choose here."""
        paths = list(dict.fromkeys(path for level in self.levels for path in level["changes"]))
        changes = [level["changes"] for level in self.levels]
        if len(paths) != 2 or any(set(change) != set(paths) for change in changes):
            return
        if any(level["name"] for level in self.levels):
            return
        # What varies slowest is the first thing.
        paths.sort(key=lambda path: sum(a[path] != b[path] for a, b in itertools.pairwise(changes)))
        values = [
            [value for place, value in enumerate(column) if value not in column[:place]]
            for column in ([change[path] for change in changes] for path in paths)
        ]
        keys = [dimension_of([{path: None}], self.base) for path in paths]
        product = [dict(zip(paths, pair, strict=True)) for pair in itertools.product(*values)]
        if (
            not all(keys)
            or keys[0] == keys[1]
            or product != [{path: change[path] for path in paths} for change in changes]
        ):
            return
        self.first, self.second = keys
        self.levels, self.columns = (
            [{"name": "", "changes": {path: value}} for value in column]
            for path, column in zip(paths, values, strict=True)
        )

    def comparison(self) -> Comparison:
        """What would be run; BadInput when these choices do not make a comparison."""
        return Comparison.from_json(
            {
                "base": self.base,
                "variants": self.variants(),
                "rates": self.rates,
                "seeds": self.seeds,
                "name": self.name,
                "notes": "",
            }
        )

    def variants(self) -> list[dict[str, Any]]:
        """The variants: the levels themselves, or each with each column of the grid."""
        if not self.columns:
            return [dict(level) for level in self.levels]
        return [
            {
                "name": ", ".join(filter(None, (row["name"], column["name"]))) if row["name"] or column["name"] else "",
                "changes": {**row["changes"], **column["changes"]},
            }
            for row, column in itertools.product(self.levels, self.columns)
        ]

    def list_of(self, which: str) -> list[Level]:
        """The levels of the first or of the second thing."""
        return self.columns if which == "second" else self.levels

    def dimension_of(self, which: str) -> Dimension | None:
        """What the first or the second list is about."""
        return dimension(self.second if which == "second" else self.first, self.base)

    def document(self, level: Level) -> dict[str, Any]:
        """The experiment of one level, with every field."""
        document = self.base.to_json()
        for path, value in sorted(level["changes"].items(), key=lambda item: item[0].count(".")):
            document, _ = set_path(document, path, value)
        return Experiment.from_json(document).to_json()

    def copied(self) -> Draft:
        """Another one that holds the same."""
        made = copy.copy(self)
        made.levels, made.columns = ([dict(level) for level in levels] for levels in (self.levels, self.columns))
        return made


def _level(variant: Variant) -> Level:
    automatic = Variant.from_json({"changes": variant.changes}).name
    return {"name": "" if variant.name == automatic else variant.name, "changes": dict(variant.changes)}


# -- the draft -------------------------------------------------------------------------------------------------------


def draft() -> Draft:
    """The comparison being put together."""
    if not chosen():
        take_preset(next(iter(comparison_presets().values())))
    return st.session_state[_DRAFT]


def chosen() -> bool:
    """Whether something has been chosen in this tab."""
    return _DRAFT in st.session_state


def take_preset(preset: ComparisonPreset) -> None:
    """Choose a prepared comparison; it is not started by itself."""
    take(preset.comparison(translator(language())), preset.text)
    show_study(None)


def take(comparison: Comparison, caption: Text | None = None) -> None:
    """Replace everything chosen so far."""
    if chosen():
        _remember()
    st.session_state[_DRAFT] = Draft(comparison, caption)


def changing(*, keeps_caption: bool = False) -> Draft:
    """The draft, to be changed: as it is now it can be had back. It has no longer a preset's name and caption."""
    made = draft()
    _remember()
    made.note = None
    if not keeps_caption:
        made.name, made.caption = "", None
    return made


def _remember() -> None:
    before = st.session_state.setdefault(_BEFORE, [])
    before.append((draft().copied(), shown_study()))
    del before[:-MOST_TAKEN_BACK]


def can_take_back() -> bool:
    """Whether there is a change to take back."""
    return bool(st.session_state.get(_BEFORE))


def take_back() -> None:
    """Undo the last change."""
    if can_take_back():
        st.session_state[_DRAFT], study = st.session_state[_BEFORE].pop()
        show_study(study)


def problem() -> BadInput | None:
    """Why what is chosen cannot be run, or None."""
    try:
        draft().comparison().check()
    except BadInput as error:
        return error
    return None


def set_base(base: Experiment) -> None:
    """Take another experiment as the one that is the same for all."""
    made = changing()
    made.base = base
    items = [made.dimension_of(which) for which, key in (("first", made.first), ("second", made.second)) if key]
    if not all(item is not None and item.suits(base) for item in items):
        _differ_in(made, DIMENSIONS[0])


def set_rates(rates: Rates) -> None:
    """Say where the learning rates come from."""
    changing().rates = rates


def set_seeds(seeds: int) -> None:
    """Say how many paired seeds every variant has."""
    changing(keeps_caption=True).seeds = seeds


def set_first(key: str) -> None:
    """Let another thing differ, with the values one begins with."""
    item = dimension(key, draft().base)
    if item is None:
        return
    _differ_in(changing(), item)


def _differ_in(made: Draft, item: Dimension) -> None:
    made.first, made.second, made.columns = item.key, "", []
    made.levels = _levels_of(item, made.base)
    made.rates = usual_rates([Variant.from_json(level) for level in made.levels])
    made.seeds = min(made.seeds, MOST_LANES // len(made.levels))


def set_second(key: str) -> None:
    """Let a second thing differ too, so that the variants are a grid; "" takes it away."""
    made = changing()
    item = dimension(key, made.base)
    made.second, made.columns = "", []
    if item is not None:
        made.second = key
        made.columns = _levels_of(item, made.base)[: max(2, MOST_VARIANTS // max(1, len(made.levels)))]
        made.levels = made.levels[: max(2, MOST_VARIANTS // len(made.columns))]


def set_range(which: str, scale: str, low: str, high: str, count: int) -> None:
    """Let a number have so many values from one end to the other, which are as they were typed."""
    item = draft().dimension_of(which)
    assert item is not None, "a range belongs to a number"
    try:
        values = spread(draft().base, item.path, scale, _number(low), _number(high), count)
    except BadInput as error:
        draft().note = error
        return
    made = changing()
    made.list_of(which)[:] = [{"name": "", "changes": {item.path: value}} for value in values]
    made.seeds = max(1, min(made.seeds, MOST_LANES // len(made.variants())))


def _number(typed: str) -> float:
    """A number as people write it, with a point or a comma; BadInput where it is none."""
    try:
        return float("".join(typed.split()).replace(",", "."))
    except ValueError:
        raise BadInput(
            Text("“{typed}” is no number.", typed=typed[:80]),
            Text("A range goes from one number to another."),
            Text("Write for example 0.001 and 1."),
        ) from None


def _levels_of(item: Dimension, base: Experiment) -> list[Level]:
    """The values one begins with; those that the base cannot be trained with are left out."""
    levels = [{"name": "", "changes": {item.path: value}} for value in item.levels(base)][:MOST_VARIANTS]
    usable = [level for level in levels if _can_train(base, level["changes"])]
    return usable if len(usable) > 1 else levels[:2]


def _can_train(base: Experiment, changes: dict[str, Any]) -> bool:
    document = base.to_json()
    try:
        for path, value in changes.items():
            document, _ = set_path(document, path, value)
        check(Experiment.from_json(document))
    except BadInput:
        return False
    return True


def add_level(which: str) -> None:
    """One more variant, like the last one until it is changed."""
    item = draft().dimension_of(which)
    if item is None:
        return
    made = changing()
    levels = made.list_of(which)
    taken = [item.value(made.document(level)) for level in levels]
    offered = [{"name": "", "changes": {item.path: value}} for value in item.levels(made.base)]
    fresh = next((level for level in offered if not _is_among(item.value(made.document(level)), taken)), None)
    levels.append(fresh or {"name": "", "changes": {item.path: taken[-1]}})


def _is_among(value: Any, taken: list[Any]) -> bool:
    """Whether a value, or an entry of the same key, is there already."""
    if isinstance(value, dict):
        return value.get("key") in [other.get("key") for other in taken if isinstance(other, dict)]
    return value in taken


def remove_level(which: str, place: int) -> None:
    """Take a variant out."""
    del changing().list_of(which)[place]


def rename_level(which: str, place: int, name: str) -> None:
    """Give a variant a name; without one it is called after what it changes."""
    changing(keeps_caption=True).list_of(which)[place]["name"] = name.strip()


def put(place: str, path: str, value: Any) -> None:
    """Change one value of a variant by its dotted path; the form of a variant writes here.

    `place` is "first 2" or "second 0", or "base" for what is the same for all.
    """
    now = draft()
    which, _, number = place.partition(" ")
    try:
        document = now.document(now.list_of(which)[int(number)]) if number else now.base.to_json()
        after = Experiment.from_json(set_path(document, path, state.as_json(value))[0])
    except BadInput as error:
        now.note = error
        return
    item = now.dimension_of(which) if number else None
    if item is not None:
        changing().list_of(which)[int(number)]["changes"] = {item.path: short_value(item, item.value(after.to_json()))}
    elif not number:
        changing().base = after


# -- the comparison looked at ----------------------------------------------------------------------------------------


def shown_study() -> str | None:
    """The stored comparison that the page looks at."""
    return st.session_state.get(_SHOWN)


def show_study(study: str | None) -> None:
    """Look at a stored comparison."""
    st.session_state[_SHOWN] = study


def study_of(comparison: Comparison) -> str | None:
    """The comparison looked at, while it is the one that is chosen; None when that has to be started first."""
    study = shown_study()
    if study is None:
        return None
    try:
        stored = Comparison.from_json(dict(services().study(study, actor=actor()).document))
    except CoreError:
        return None
    return study if stored.fingerprint() == comparison.fingerprint() else None


def open_study(study: str) -> bool:
    """Look at a stored comparison, and make it what is chosen; False when it cannot be read."""
    try:
        record = services().study(study, actor=actor())
        take(Comparison.from_json(dict(record.document)))
    except CoreError as error:
        st.session_state["refused"] = error
        return False
    show_study(study)
    return True


def read_address() -> str | None:
    """Take over the comparison of the address bar when it is new; returns the id of a stored one that it names."""
    query = st.query_params.to_dict()
    asked = query.pop("study", "")
    own = {name: value for name, value in query.items() if name not in state.PAGE_PARAMETERS}
    if (own or asked) and [asked, own] != st.session_state.get(_ADDRESS):
        st.session_state[_ADDRESS] = [asked, own]
        if any(name.split(".")[0] == "vary" for name in own):
            comparison, problems = Comparison.from_url(own)
            for problem_ in problems:
                state.remark(problem_)
            if comparison is not None:
                take(comparison)
                show_study(None)
        return asked or None
    return None


def address() -> dict[str, str]:
    """The parameters that rebuild the comparison, and the stored one that is looked at."""
    try:
        query = draft().comparison().to_url()
    except BadInput:
        query = {}
    study = shown_study()
    st.session_state[_ADDRESS] = [study or "", query]
    return {**({"study": study} if study else {}), **query}


state.takers["first"] = state.takers["second"] = state.takers["base"] = put
