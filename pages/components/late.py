"""What of a page was asked for before the page changed, and comes late."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def asked_for() -> str:
    """By which page the browser asked for this run of the script; once the page is known, that page."""
    context = get_script_run_ctx()
    return context.page_script_hash if context is not None else ""


def return_to(page: str, drawn: str) -> None:
    """Draw a page again where a part of the page before it, asked for before the change, has come after it.

    The part looks at itself every few seconds. A browser takes the answer to what it asked on the old page for a change
    back to that page, and removes all of the new one (Streamlit 1.67). `drawn` is `asked_for` when the page was drawn.
    """
    if asked_for() != drawn:
        st.switch_page(f"{page}.py")
