"""Figures that stand still, as every page shows them."""

from __future__ import annotations

from typing import Any

import streamlit as st

LETTERS, TICKS = 19, 17
"""Sizes of letters in a presentation, in pixels: those of the live charts, legible from the back row."""
TALLER = 1.2


def still(figure: Any, key: str, alt: str) -> None:
    """A figure without tool bar, and what it shows in words; in a presentation its letters are large."""
    if st.session_state.get("present", False):
        figure.update_layout(font_size=TICKS, legend_font_size=TICKS)
        figure.for_each_xaxis(_enlarge)
        figure.for_each_yaxis(_enlarge)
        figure.update_annotations(font_size=TICKS)
        if figure.layout.height:
            figure.update_layout(height=TALLER * figure.layout.height)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)


def _enlarge(axis: Any) -> None:
    axis.update(tickfont_size=TICKS, title_font_size=LETTERS, automargin=True)
