"""Gradients: before training, through batch normalization, through time, clipped, and layer by layer."""

from __future__ import annotations

import streamlit as st

from pages.components import lesson_state
from pages.components.gradients_before import CHART, before_tab
from pages.components.gradients_pictures import CHARTS, clipping_tab, felt_tab, time_tab
from pages.components.gradients_pretraining import LIVE, pretraining_tab
from pages.components.gradients_state import TABS

if any((st.session_state.get(chart) or {}).get("leave") for chart in (CHART, *CHARTS.values(), LIVE)):
    st.session_state["present"] = False
TABS.above(TABS.read_address())
drawn = {
    "before": before_tab,
    "felt": felt_tab,
    "time": time_tab,
    "clipping": clipping_tab,
    "pretraining": pretraining_tab,
}
lesson_state.after_answer("gradients", drawn[TABS.shown()])
