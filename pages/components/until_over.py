"""A part of the page that waits until something has ended, and then has the whole page drawn anew."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

LOOK_AGAIN_S = 0.5


def until_over(goes_on: Callable[[], bool], words: str = "") -> None:
    """Look again and again whether it still goes on, and say `words` meanwhile."""

    def part() -> None:
        if not goes_on():
            st.rerun()
        if words:
            st.caption(words)

    st.fragment(part, run_every=LOOK_AGAIN_S)()
