"""Before a data set is downloaded, the person is asked: looking at a choice must not fetch 170 MB."""

from __future__ import annotations

from typing import cast

import streamlit as st

from core.catalog.datasets.dataset import DataSet
from pages.components import state
from pages.components.error_box import plain
from pages.components.language import show, t
from pages.components.services import services

_AGREED = "data sets that may be downloaded"


def is_to_be_asked() -> bool:
    """Whether the chosen data set is not on this computer and nobody here has asked for it yet."""
    dataset = _chosen()
    agreed = st.session_state.get(_AGREED, ())
    return dataset.key not in agreed and dataset.available(services().folder.path) is not None


def ask() -> None:
    """What would be fetched, and the button that fetches it."""
    dataset = _chosen()
    why = dataset.available(services().folder.path)
    with st.container(border=True, key="ask-to-download"):
        st.markdown(t("**{title} is not on this computer yet.**", title=plain(t(dataset.title))))
        if why is not None:
            st.markdown(show(why))
        st.button(
            t("Download {title}", title=t(dataset.title)),
            type="primary",
            icon=":material/download:",
            on_click=_agree,
            args=(dataset.key,),
        )


def _agree(key: str) -> None:
    st.session_state[_AGREED] = {*st.session_state.get(_AGREED, ()), key}


def _chosen() -> DataSet:
    return cast(DataSet, state.experiment().dataset)
