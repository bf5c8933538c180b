"""Nothing on a page without its explanation one click away: a popover for an entry, and one for a rule."""

from __future__ import annotations

import streamlit as st

from core.catalog.entry import Entry
from core.catalog.faults import Fault
from core.catalog.formula import with_words
from core.language import translator
from pages.components.language import language, prose, t


def explain_entry(cls: type[Entry]) -> None:
    """A button with the entry's name that opens its formula, why, how to choose and source."""
    with st.popover(t(cls.title), type="tertiary", help=t("Formula, why and how to choose")):
        entry_text(cls)


def entry_text(cls: type[Entry]) -> None:
    """What an entry is: formula, why it helps, how to choose it, where it comes from."""
    st.latex(with_words(cls.formula, translator(language())))
    st.markdown(f"**{t('Why')}** · {prose(cls.why)}")
    label = t("How it shows") if issubclass(cls, Fault) else t("How to choose")
    st.markdown(f"**{label}** · {prose(cls.choose)}")
    if issubclass(cls, Fault):
        st.markdown(f"**{t('What to do')}** · {prose(cls.fix)}")
    st.caption(t("Source: {source}", source=cls.source))
