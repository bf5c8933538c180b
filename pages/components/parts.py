"""Pages that show one part of their subject at a time: which one, what the address says of it, and what is drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import CoreError
from core.text import Text
from pages.components import state
from pages.components.error_box import error_box, notes_box, plain
from pages.components.language import language, show, t
from pages.components.param_form import keep
from pages.components.services import actor, services

Draw = Callable[[], None]
Address = tuple[Callable[[Mapping[str, str]], list[Text]], Callable[[], dict[str, str]]]
"""Takes over query parameters and says what cannot be; writes them."""


def nothing_to_choose(name: str, value: str) -> Text:
    """What is said of a query parameter that says nothing."""
    return Text("“{part}” in the link is nothing that can be chosen here.", part=f"{name}={value}"[:200])


def runs_of_link(ids: Iterable[str]) -> tuple[list[str], list[Text]]:
    """Those of these runs that are here, and a sentence for each that is not."""
    found, remarks = [], []
    for run in filter(None, ids):
        if services().find(run, actor=actor()) is not None:
            found.append(run)
        else:
            remarks.append(Text("There is no run “{run}” here: it may have been deleted.", run=run[:80]))
    return found, remarks


@dataclass(frozen=True)
class Parts:
    """The parts of a page by name, as they stand in a row; the first is shown until another is chosen.

    The query parameter `word` names the part; a part's own begin with one of `words` and are those of its `addresses`.
    """

    page: str
    titles: Mapping[str, Text]
    words: Collection[str] = ()
    addresses: Mapping[str, Address] = field(default_factory=dict)
    word: str = "look"

    def shown(self) -> str:
        """The part that is shown."""
        return st.session_state.get(f"part of {self.page}", next(iter(self.titles)))

    def show(self, name: str) -> None:
        """Show another part."""
        st.session_state[f"part of {self.page}"] = name

    def choice(self, without: Collection[str] = ()) -> None:
        """The row of parts; what is shown is one that stands in it."""
        offered = [name for name in self.titles if name not in without]
        if self.shown() in without:
            self.show(offered[0])
        key = f"parts of {self.page}|{language()}"
        st.segmented_control(
            t("What is looked at"),
            offered,
            default=keep(key, self.shown()),
            format_func=lambda name: show(self.titles[name]),
            key=key,
            required=True,
            label_visibility="collapsed",
            on_change=lambda: self.show(st.session_state[key]),
        )

    def above(self, remarks: list[Text]) -> None:
        """The row of parts, which a presentation has not, and sentences about what could not be done."""
        # What comes and goes stands in a container that stays: what is drawn in its own time keeps its place below.
        with st.container(key="above-parts", gap="small"):
            if not st.session_state.get("present", False):
                self.choice()
            notes_box(remarks)

    def read_address(self) -> list[Text]:
        """Take over what the address says, where it is new; sentences about what cannot be."""
        query = self._of_page(st.query_params.to_dict())
        # Who comes back by the navigation finds what they left: there the address is empty.
        if not query or query == st.session_state.get(f"address of {self.page}"):
            return []
        st.session_state[f"address of {self.page}"] = query
        remarks = []
        if query.get(self.word) in self.titles:
            self.show(query[self.word])
        elif query.get(self.word):
            remarks.append(nothing_to_choose(self.word, query[self.word]))
        read, _ = self.addresses.get(self.shown(), (None, None))
        return remarks + (read(query) if read is not None else [])

    def address(self) -> dict[str, str | None]:
        """What stands in the address of the part that is shown."""
        query = {self.word: self.shown()} if self.shown() != next(iter(self.titles)) else {}
        _, written = self.addresses.get(self.shown(), (None, None))
        query |= written() if written is not None else {}
        st.session_state[f"address of {self.page}"] = self._of_page(query)
        return dict(query)

    def _of_page(self, query: Mapping[str, str]) -> dict[str, str]:
        return {name: said for name, said in query.items() if name.split(".")[0] in (self.word, *self.words)}


# -- what is drawn ---------------------------------------------------------------------------------------------------


def panes(width: int = 300) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Where is chosen, on the left, and where is seen; on a phone what is seen comes first."""
    with st.container(horizontal=True, gap="medium", key="panes"):
        left = st.container(border=True, key="choose", gap="xsmall", width=width)
        return left, st.container(key="seen", gap="small")


def in_panes(choose: Draw, look: Draw, width: int = 300) -> None:
    """What is chosen beside what is seen, which a presentation shows alone."""
    if st.session_state.get("present", False):
        right = st.container(key="presentation", gap="small")
    else:
        left, right = panes(width)
        with left:
            choose()
    with right:
        try:
            look()
        except CoreError as error:
            error_box(error)


def page_of_parts(parts: Parts, drawn: Mapping[str, tuple[Draw, Draw]], where_possible: Callable[[Draw], None]) -> None:
    """A page about the experiment that is chosen: of each part what is chosen, and what is seen where that can be."""
    state.read_address()
    remarks = parts.read_address()
    parts.above([*remarks, *state.notes()])
    choose, look = drawn[parts.shown()]

    def chosen() -> None:
        choose()
        for note in state.without_effect():
            st.caption(plain(show(note)))

    in_panes(chosen, lambda: where_possible(look), width=340)
