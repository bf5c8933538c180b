"""What an address of a page stands for: an experiment, a comparison, or a race on a practice surface."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from core.compatibility import check
from core.errors import BadInput
from core.experiment import Experiment
from core.landscape.practice import Practice
from core.studies.comparison import Comparison
from core.text import Text

Linked = Experiment | Comparison | Practice
MOST_PARAMETERS = 500


def link_to(chosen: Linked) -> str:
    """The address, without the server, under which a page rebuilds what is chosen."""
    page = "compare" if isinstance(chosen, Comparison) else "landscapes" if isinstance(chosen, Practice) else ""
    query = urlencode(chosen.to_url())
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
    else:
        raise _unusable(Text("Only Train, Compare and the practice surfaces of Landscapes can be a step."))
    if problems:
        raise _unusable(problems[0])
    if chosen is None:
        raise _unusable(Text("It chooses nothing."))
    if isinstance(chosen, Experiment):
        check(chosen)
    elif isinstance(chosen, Comparison):
        chosen.check()
    return chosen


def _unusable(why: Text) -> BadInput:
    return BadInput(
        Text("This address cannot be used."), why, Text("Copy the address that the button “link” of a page shows.")
    )
