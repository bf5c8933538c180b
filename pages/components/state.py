"""What one tab has chosen: a draft as typed, the experiment it makes, the run it looks at, and the address bar.

The draft is a JSON document that may hold a value that cannot be used; it is kept as typed until it is mended.
`experiment()` is the last draft that was valid.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import streamlit as st

from core.catalog.registry import canonical_key, parse
from core.compatibility import check
from core.errors import BadInput
from core.experiment import Experiment
from core.set_path import set_path
from core.text import Text

if TYPE_CHECKING:
    from core.catalog.architectures.architecture import Architecture
    from core.catalog.datasets.dataset import DataSet

_DRAFT = "draft"
_EXPERIMENT = "experiment"
_NOTES = "notes about the last change"
_ADDRESS = "experiment in the address bar"
_RUN = "run looked at"
_VIEW = "view of the pages"
_ARRIVAL = "start on arrival"
PAGE_PARAMETERS = (
    "lang", "present", "run", "study", "family", "measure", "lesson", "answers", "topic", "show", "ask", "expect",
    "replay", "at", "look", "against", "of", "folds", "fit", "inputs", "penalty",
)  # fmt: skip
"""First words of the query parameters of the frame and the pages; every other one belongs to the experiment."""

takers: dict[str, Callable[[str, str, Any], None]] = {}
"""Who takes a value whose path begins with a word of its own: `first 2:optimizer.lr` is the second variant's rate."""


# -- the choices -----------------------------------------------------------------------------------------------------


UNSEEN_S = 1.0
"""A page run that follows the end of another so soon may have replaced it before the browser drew it."""


def begin_run() -> None:
    """Note how this run of the page follows the one before; called once by the frame, not by fragments.

    A run that was interrupted, however long it took, never comes to `end_run`: what it had drawn is thrown away.
    """
    _let_go_of_gone_data()
    ended = st.session_state.pop("ended", None)
    st.session_state["follows_soon"] = ended is None or time.monotonic() - ended < UNSEEN_S


def _let_go_of_gone_data() -> None:
    """Choose the usual data where somebody has removed those that were chosen here."""
    try:
        canonical_key("datasets", draft()["dataset"]["key"])
    except BadInput:
        choose(
            Experiment(), [Text("The data that were chosen here have been removed: the usual ones took their place.")]
        )


def end_run() -> None:
    """Note when this run of the page came to its end."""
    st.session_state["ended"] = time.monotonic()


def follows_soon() -> bool:
    """Whether the browser may not have seen what the run before set: then it must be set again."""
    return st.session_state.get("follows_soon", False)


def experiment() -> Experiment:
    """The last valid choice."""
    if _EXPERIMENT not in st.session_state:
        st.session_state[_EXPERIMENT] = Experiment()
    return st.session_state[_EXPERIMENT]


def draft() -> dict[str, Any]:
    """The choices as typed, a JSON document with every field."""
    if _DRAFT not in st.session_state:
        st.session_state[_DRAFT] = experiment().to_json()
    return st.session_state[_DRAFT]


def notes() -> list[Text]:
    """What the last change did beside what was asked."""
    return st.session_state.get(_NOTES, [])


def remark(text: Text) -> None:
    """Add a sentence about the last change."""
    st.session_state[_NOTES] = [*notes(), text]


def choose(chosen: Experiment, remarks: list[Text] | None = None) -> None:
    """Replace everything chosen so far."""
    st.session_state[_EXPERIMENT] = chosen
    st.session_state[_DRAFT] = chosen.to_json()
    st.session_state[_NOTES] = remarks or []


def put(path: str, value: Any) -> None:
    """Change one value of the draft by its dotted path; the experiment follows when the draft is valid.

    Beside the paths of `set_path`, a path may lead into a list of records: `architecture.blocks.0.kernel`. A path that
    begins with a place (`first 2:optimizer.lr`) belongs to another page's draft.
    """
    place, colon, rest = path.partition(":")
    if colon:
        takers[place.split()[0]](place, rest, value)
        return
    for list_path, records in _records(draft()):
        if path.startswith(f"{list_path}."):
            place, name = path.removeprefix(f"{list_path}.").split(".", 1)
            changed = [dict(record) for record in records]
            _put_in(changed[int(place)], name.split("."), as_json(value))
            path, value = list_path, changed
    try:
        changed, remarks = set_path(draft(), path, value)
    except BadInput as error:
        st.session_state[_NOTES] = [Text("{what} {why} {fix}", what=error.what, why=error.why, fix=error.fix)]
        return
    put_draft(changed)
    st.session_state[_NOTES] = remarks


def _records(document: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Lists of records within the parts of a draft, by their dotted path."""
    for part, entry in document.items():
        if isinstance(entry, dict):
            for name, value in entry.items():
                if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
                    yield f"{part}.{name}", value


def _put_in(record: dict[str, Any], path: list[str], value: Any) -> None:
    """Set a field of a record, or a field of the entry that it holds."""
    name, *deeper = path
    if deeper:
        inner = record.get(name)
        record[name] = dict(inner) if isinstance(inner, dict) else {"key": inner}
        _put_in(record[name], deeper, value)
    else:
        record[name] = value


def as_json(value: Any) -> Any:
    """Typed text as the JSON value it spells, else as text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def put_draft(changed: dict[str, Any]) -> None:
    """Replace the draft; the experiment follows when it can be trained."""
    st.session_state[_DRAFT] = changed
    try:
        made = Experiment.from_json(changed)
        check(made)
    except BadInput:
        return
    st.session_state[_EXPERIMENT] = made


def problem_of_draft() -> BadInput | None:
    """Why a value of the draft cannot be used, or None."""
    try:
        Experiment.from_json(draft())
    except BadInput as error:
        return error
    return None


def problem_of_combination() -> BadInput | None:
    """Why values that can be used alone do not fit together, or None."""
    try:
        check(Experiment.from_json(draft()))
    except BadInput as error:
        return None if problem_of_draft() else error
    return None


def without_effect() -> list[Text]:
    """Settings of the experiment that change nothing, each as a sentence."""
    return check(experiment())


def problem_of_field(family: str, entry: dict[str, Any], name: str) -> BadInput | None:
    """Why one field of an entry cannot be used, judged alone, or None."""
    try:
        parse(family, {"key": entry["key"], name: entry[name]})
    except BadInput as error:
        return error
    return None


def problem_of_number(name: str, value: Any) -> BadInput | None:
    """Why one of the experiment's own fields cannot hold a value, or None."""
    try:
        Experiment.from_json({name: value})
    except BadInput as error:
        return error
    return None


# -- the run looked at ------------------------------------------------------------------------------------------------


def shown_run() -> tuple[str, Experiment] | None:
    """The run on the Train page, and the experiment it computes by now, or None."""
    return st.session_state.get(_RUN)


def show_run(run: str, computed: Experiment) -> None:
    """Look at a run."""
    st.session_state[_RUN] = (run, computed)


def forget_run() -> None:
    """Look at no run any more."""
    st.session_state.pop(_RUN, None)


def run_of_choices() -> str | None:
    """The run looked at while it computes what is chosen, for the address bar."""
    shown = shown_run()
    if shown is None or not trains_the_same(shown[1], experiment()):  # pyright: ignore[reportArgumentType]  # frozen
        return None
    return shown[0]


@lru_cache(maxsize=256)
def trains_the_same(one: Experiment, other: Experiment) -> bool:
    """Whether two experiments give the same bits; a run of the page asks several times."""
    return one.fingerprint() == other.fingerprint()


def start_on_arrival() -> None:
    """Let the Train page start what is chosen as soon as it is shown."""
    st.session_state[_ARRIVAL] = True


def starts_on_arrival() -> bool:
    """Whether to start now; true once."""
    return st.session_state.pop(_ARRIVAL, False)


# -- the address bar --------------------------------------------------------------------------------------------------


def view(name: str, default: str) -> str:
    """What a page was set to show (`family` of the formulas), kept for the session."""
    return st.session_state.setdefault(_VIEW, {}).setdefault(name, default)


def set_view(name: str, value: str) -> None:
    """Keep what a page shows, for the address bar and for coming back."""
    st.session_state.setdefault(_VIEW, {})[name] = value


def read_address() -> None:
    """Take over the experiment of the address bar when it is new; unreadable parts are named in the notes."""
    query = {
        name: value for name, value in st.query_params.to_dict().items() if name.split(".")[0] not in PAGE_PARAMETERS
    }
    if not query or query == st.session_state.get(_ADDRESS):
        return
    chosen, problems = Experiment.from_url(query)
    problems += [
        Text("“{part}” in the link is nothing that can be chosen here.", part=f"{name}={value}"[:200])
        for name, value in query.items()
        if name.split(".")[0] not in {*Experiment.model_fields, "preset"}
    ]
    st.session_state[_ADDRESS] = query
    try:
        chosen = _begun(chosen)
        check(chosen)
    except BadInput:  # the page says why, as of every combination that does not fit
        st.session_state[_DRAFT], st.session_state[_NOTES] = chosen.to_json(), problems
        return
    choose(chosen, problems)


def _begun(chosen: Experiment) -> Experiment:
    """With sizes for which the data are large enough, where a link names a network and not its sizes."""
    network = cast("Architecture", chosen.architecture)
    usual = type(network)()
    fitted = usual.fitted(cast("DataSet", chosen.dataset).facts().input_shape)
    unnamed = [name for name in type(network).model_fields if getattr(network, name) == getattr(usual, name)]
    sizes = {name: getattr(fitted, name) for name in unnamed}
    return chosen.model_copy(update={"architecture": network.model_copy(update=sizes)})


def write_address(*, with_experiment: bool, **page: str | None) -> None:
    """Make the address bar say what the page shows; nothing is sent when it already does."""
    query = {name: value for name, value in page.items() if value}
    if with_experiment:
        chosen = experiment().to_url()
        st.session_state[_ADDRESS] = chosen
        query |= chosen
    if st.query_params.to_dict() != query:
        st.query_params.from_dict(query)
