"""Landscapes: practice surfaces, the surface of a real network, and whether a network stands at a saddle."""

from __future__ import annotations

from pages.components.landscape_tabs import TABS
from pages.components.network_tab import network_tab
from pages.components.practice_tab import practice_tab
from pages.components.saddle_tab import saddle_tab

TABS.above(TABS.read_address())
{"practice": practice_tab, "network": network_tab, "saddle": saddle_tab}[TABS.shown()]()
