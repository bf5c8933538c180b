"""What a person is told on a page when something cannot be done: what, why, fix, at the place of the mistake."""

from __future__ import annotations

import streamlit as st

from core.errors import CoreError
from core.text import Text
from pages.components.language import show

_ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>#|~$:"})


def plain(sentence: str) -> str:
    """Text that Markdown shows letter by letter; what a person typed may hold Markdown's signs."""
    return sentence.translate(_ESCAPES)


def error_box(error: CoreError) -> None:
    """The three sentences of an error: what happened in bold, then why and what to do."""
    what, why, fix = (plain(show(part)) for part in (error.what, error.why, error.fix))
    st.error(f"**{what}** {why} {fix}")


def notes_box(notes: list[Text]) -> None:
    """Sentences about what was changed or has no effect."""
    for note in notes:
        st.info(plain(show(note)))
