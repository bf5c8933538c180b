"""Gradients: before training, through batch normalization, through time, clipped, and layer by layer."""

from __future__ import annotations

import streamlit as st

from pages.components import gradients_state as chosen
from pages.components.error_box import notes_box
from pages.components.gradients_before import CHART, before_tab
from pages.components.gradients_pictures import CHARTS, clipping_tab, felt_tab, time_tab
from pages.components.gradients_pretraining import LIVE, pretraining_tab
from pages.components.language import language, t

TABS = {
    "before": before_tab,
    "felt": felt_tab,
    "time": time_tab,
    "clipping": clipping_tab,
    "pretraining": pretraining_tab,
}


def choice() -> None:
    """The row of pictures to choose from."""
    names = {
        "before": t("Before training"),
        "felt": t("What layer 10 feels"),
        "time": t("RNN or LSTM"),
        "clipping": t("Clipping"),
        "pretraining": t("Layer by layer"),
    }
    key = f"gradients tabs|{language()}"
    st.session_state[key] = chosen.tab()
    with st.container(key="landscape-tabs"):
        st.segmented_control(
            t("What is looked at"),
            list(names),
            format_func=names.__getitem__,
            key=key,
            label_visibility="collapsed",
            on_change=lambda: chosen.show_tab(st.session_state[key] or chosen.tab()),
        )


def page() -> None:
    """The choice of the picture, and the picture."""
    if any((st.session_state.get(chart) or {}).get("leave") for chart in (CHART, *CHARTS.values(), LIVE)):
        st.session_state["present"] = False
    remarks = chosen.read_address()
    present = st.session_state.get("present", False)
    if not present:
        choice()
    notes_box(remarks)
    TABS[chosen.tab()](present=present)


page()
