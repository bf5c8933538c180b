"""The seal in one line: whether the test set was looked at with what is shown, and what that is worth."""

from __future__ import annotations

import streamlit as st

from core.store.records import RunRecord
from core.studies.seals import seal_words
from pages.components.language import show, t


def seal_line(*runs: RunRecord) -> None:
    """The seal of a run, or of several together."""
    st.caption(t("Test set: {state}", state=show(seal_words(*runs))), width="content")
