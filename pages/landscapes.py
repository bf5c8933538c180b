"""Landscapes: practice surfaces, the surface of a real network, and whether a network stands at a saddle."""

from __future__ import annotations

import streamlit as st

from pages.components import landscape_tabs
from pages.components.error_box import notes_box
from pages.components.language import t
from pages.components.network_tab import network_tab
from pages.components.practice_tab import practice_tab
from pages.components.saddle_tab import saddle_tab

TABS = {"practice": practice_tab, "network": network_tab, "saddle": saddle_tab}


def page() -> None:
    """The choice of the tab, and the tab."""
    names = {"practice": t("Practice surfaces"), "network": t("A real network"), "saddle": t("Are we at a saddle?")}
    remarks = landscape_tabs.read_address()
    if not st.session_state.get("present", False):
        landscape_tabs.choice(names)
    notes_box(remarks)
    TABS[landscape_tabs.chosen()]()


page()
