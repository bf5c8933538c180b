"""What an address of a page stands for: an experiment, a comparison, a race on a practice surface, or another view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit

from core.compatibility import check
from core.errors import BadInput
from core.experiment import Experiment
from core.landscape.practice import Practice
from core.studies.comparison import Comparison
from core.text import Text

ViewPage = Literal["generalization", "data", "gradients", "building_blocks"]
VIEW_PAGES: tuple[ViewPage, ...] = get_args(ViewPage)
MOST_PARAMETERS = 500
OF_THE_TAB = {"lang", "present", "lesson", "answers", "run", "study", "of"}
"""Parameters that say who looks and at what is stored here: they mean nothing elsewhere."""


class View(NamedTuple):
    """A page that shows something by itself: `query` is what its own part of the address says.

    `experiment` is what it is shown of; None where that is left as it is.
    """

    page: ViewPage
    query: Mapping[str, str]
    experiment: Experiment | None


Linked = Experiment | Comparison | Practice | View


def link_to(chosen: Linked) -> str:
    """The address, without the server, under which a page rebuilds what is chosen."""
    if isinstance(chosen, View):
        own = {name: value for name, value in chosen.query.items() if name not in OF_THE_TAB}
        page, parameters = chosen.page, own | (chosen.experiment.to_url() if chosen.experiment else {})
    else:
        page = "compare" if isinstance(chosen, Comparison) else "landscapes" if isinstance(chosen, Practice) else ""
        parameters = chosen.to_url()
    query = urlencode(parameters)
    return f"/{page}?{query}" if query else f"/{page}"


def linked(address: str) -> Linked:
    """What an address chooses, with or without its server. BadInput where a part of it cannot be used."""
    try:
        parts = urlsplit(address)
        query = dict(parse_qsl(parts.query, max_num_fields=MOST_PARAMETERS))
    except ValueError as error:
        raise _unusable(Text("It is no address.")) from error
    page = parts.path.rstrip("/").rpartition("/")[2]
    if page == "compare":
        chosen, problems = Comparison.from_url(query)
    elif page == "landscapes":
        chosen, problems = Practice.from_url(query)
    elif page == "":
        chosen, problems = Experiment.from_url(query)
    elif page in VIEW_PAGES:
        chosen, problems = _view(page, query)
    else:
        raise _unusable(
            Text(
                "Only Train, Compare, the practice surfaces of Landscapes, Gradients, Building blocks, Data and "
                "Generalization can be a step."
            )
        )
    if problems:
        raise _unusable(problems[0])
    if chosen is None:
        raise _unusable(Text("It chooses nothing."))
    trained = chosen.experiment if isinstance(chosen, View) else chosen
    if isinstance(trained, Experiment):
        check(trained)
    elif isinstance(chosen, Comparison):
        chosen.check()
    return chosen


def _view(page: ViewPage, query: Mapping[str, str]) -> tuple[View, list[Text]]:
    """A page with its own parameters and, where some are named, those of an experiment."""
    named = {"preset", *Experiment.model_fields}
    settings = {name: value for name, value in query.items() if name.split(".")[0] in named}
    own = {name: value for name, value in query.items() if name not in settings.keys() | OF_THE_TAB}
    experiment, problems = Experiment.from_url(settings) if settings else (None, [])
    return View(page, own, experiment), problems


def _unusable(why: Text) -> BadInput:
    return BadInput(
        Text("This address cannot be used."), why, Text("Copy the address that the button “link” of a page shows.")
    )
